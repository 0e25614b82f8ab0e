"""Inrupt's client of access grants, as it comes from npm: it reads what we write in that shape, and we read what it writes."""

from typing import Any

import pytest

from consent.credentials import access_grants
from consent.credentials.access_grants import AccessDocument, Kind
from tests.interop.stage import told_by

ENDPOINT = "https://vc.example"
ANNA, COOP = "https://pods.example/anna/profile/card#me", "https://coop.example/profile/card#me"
PURPOSE = "https://pods.example/.consent/purposes/mobility/1"
RESOURCES = ("https://pods.example/anna/purchases/1.ttl", "https://pods.example/anna/purchases/2.ttl")
SAID = AccessDocument(Kind.GRANT, ANNA, COOP, PURPOSE, RESOURCES, 1_772_366_400.0, 1_782_366_400.0)


@pytest.mark.parametrize("kind", list(Kind))
def test_it_reads_what_we_write(packages: None, kind: Kind) -> None:
    document = AccessDocument(kind, ANNA, COOP, PURPOSE, RESOURCES, SAID.issued_at, SAID.expires_at)
    written = access_grants.write(document, f"{ENDPOINT}/vc/7", ENDPOINT)
    (read,) = told_by("access_grants.mjs", endpoint=ENDPOINT, documents=[written])["read"]
    assert kind.value in read.pop("types")
    assert read == {
        "id": f"{ENDPOINT}/vc/7",
        "issuer": ENDPOINT,
        "issued": "2026-03-01T12:00:00.000Z",
        "ends": "2026-06-25T05:46:40.000Z",
        "owner": ANNA,
        "requestor": COOP,
        "resources": list(RESOURCES),
        "purposes": [PURPOSE],
        "modes": {"read": True, "write": False, "append": False},
        "inherit": False,
    }


REQUEST: dict[str, Any] = {
    "requestor": COOP,
    "resourceOwner": ANNA,
    "resources": list(RESOURCES),
    "purpose": [PURPOSE],
    "expirationDate": "2026-12-01T00:00:00Z",
}


def test_we_read_what_it_asks_for(packages: None) -> None:
    issued = told_by("access_grants.mjs", endpoint=ENDPOINT, request=REQUEST)["issued"]
    asked = access_grants.read(issued)
    assert (asked.kind, asked.person, asked.grantee) == (Kind.REQUEST, ANNA, COOP)
    assert (asked.purpose, asked.resources) == (PURPOSE, RESOURCES)
    # What it asks and what we would write for the same are one document, but for times and names.
    ours = access_grants.write(asked, issued["id"], issued["issuer"])
    assert ours["credentialSubject"] == issued["credentialSubject"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"purpose": [PURPOSE, "urn:b"]}, "forPurpose"),
        ({"resources": ["https://pods.example/anna/"]}, "container"),
    ],
)
def test_what_it_asks_and_we_cannot_keep_to_is_refused(
    packages: None, change: dict[str, Any], why: str
) -> None:
    issued = told_by("access_grants.mjs", endpoint=ENDPOINT, request={**REQUEST, **change})["issued"]
    with pytest.raises(access_grants.DoesNotFit, match=why):
        access_grants.read(issued)
