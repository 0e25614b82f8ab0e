"""Contexts of others that documents name: carried, the same every day, and never fetched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vocab import jsonld

BASE = "https://host.example/anna/note"
SCHEMA = "http://schema.org/"
SPELLINGS = [
    f"{scheme}://schema.org{path}"
    for scheme in ("http", "https")
    for path in ("", "/", "/docs/jsonldcontext.jsonld", "/docs/jsonldcontext.json")
]


def expanded(context: Any, **members: Any) -> dict[str, Any]:
    (node,) = jsonld.expand({"@context": context, **members}, BASE)
    return dict(node)


@pytest.mark.parametrize("context", SPELLINGS)
def test_schema_org_is_known_by_each_of_its_names(context: str) -> None:
    person = expanded(
        context,
        type="Person",
        id="https://anna.example/#me",
        name="Anna",
        url="https://anna.example/",
        birthDate="1980-05-01",
        worksFor={"type": "Organization", "sameAs": "https://coop.example/"},
    )
    assert person == {
        "@id": "https://anna.example/#me",
        "@type": [f"{SCHEMA}Person"],
        f"{SCHEMA}name": [{"@value": "Anna"}],
        f"{SCHEMA}url": [{"@id": "https://anna.example/"}],
        f"{SCHEMA}birthDate": [{"@value": "1980-05-01", "@type": f"{SCHEMA}Date"}],
        f"{SCHEMA}worksFor": [
            {"@type": [f"{SCHEMA}Organization"], f"{SCHEMA}sameAs": [{"@id": "https://coop.example/"}]}
        ],
    }


def test_a_term_of_a_later_release_is_still_a_term_of_schema_org() -> None:
    assert expanded("https://schema.org", madeUpLater="x") == {f"{SCHEMA}madeUpLater": [{"@value": "x"}]}


def test_prefixes_of_other_vocabularies_are_those_that_schema_org_states() -> None:
    assert expanded("https://schema.org", **{"dcterms:title": "x"}) == {
        "http://purl.org/dc/terms/title": [{"@value": "x"}]
    }


def test_every_coerced_property_of_schema_org_is_its_own_term() -> None:
    terms = json.loads(jsonld.context_source("schema"))["@context"]
    coerced = {name: value for name, value in terms.items() if isinstance(value, dict) and "@type" in value}
    assert len(coerced) == 126
    assert all(value["@id"] == f"schema:{name}" for name, value in coerced.items())
    assert {value["@type"] for value in coerced.values()} == {"@id", "Date"}


@pytest.mark.parametrize(
    ("context", "member", "iri"),
    [
        ("https://w3id.org/security/v1", "owner", "https://w3id.org/security#owner"),
        ("https://w3id.org/security/v2", "controller", "https://w3id.org/security#controller"),
        ("https://www.w3.org/ns/did/v1", "alsoKnownAs", "https://www.w3.org/ns/activitystreams#alsoKnownAs"),
    ],
)
def test_contexts_that_the_library_carries_are_known(context: str, member: str, iri: str) -> None:
    assert expanded(context, **{member: "https://anna.example/"}) == {iri: [{"@id": "https://anna.example/"}]}


def test_credentials_of_version_1_are_understood() -> None:
    credential = expanded(
        "https://www.w3.org/2018/credentials/v1",
        type="VerifiableCredential",
        issuer="https://coop.example/",
        issuanceDate="2026-03-01T12:00:00Z",
    )
    credentials = "https://www.w3.org/2018/credentials#"
    assert credential["@type"] == [f"{credentials}VerifiableCredential"]
    assert credential[f"{credentials}issuer"] == [{"@id": "https://coop.example/"}]


@pytest.mark.parametrize(
    "context", ["https://schema.org/evil", "https://schema.org.evil.example/", "file:///etc/passwd"]
)
def test_what_only_looks_like_a_known_one_is_refused(context: str) -> None:
    with pytest.raises(jsonld.BadJsonLd, match="not carried here"):
        expanded(context, name="x")
