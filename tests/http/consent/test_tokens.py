"""Tokens that the host itself signed, wrong in one place: each check holds alone, behind the authorization server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from consent import shaped_sql
from consent.client import AccessRefused
from consent.declarations import canonical_json, digest
from consent.enforcement import never_granted
from pods.model import Path
from tests.consent_host import ROWS, Organisation, Town, declaration, item
from tests.pod_host import ORIGIN

BASKET = "/anna/purchases/2017-10/b77.ttl"


class Forger:
    """Signs tokens with the host's key, right unless changed."""

    def __init__(self, host: Town, by: Organisation, grant: str, purpose: str, epoch: int = 1) -> None:
        self.host = host
        self.by = by
        self.right: Mapping[str, Any] = {
            "iss": ORIGIN + "/",
            "sub": by.webid,
            "webid": by.webid,
            "client_id": "service",
            "aud": ["solid", ORIGIN],
            "cnf": {"jkt": by.credentials.key.thumbprint()},
            "grant": f"{ORIGIN}/.consent/grants/{grant}",
            "purpose": purpose,
            "output_mode": "rows",
            "epoch": epoch,
        }

    async def get(self, path: str = BASKET, **changes: Any) -> httpx.Response:
        """Read with a token that says what is right, but for the changes."""
        now, url = int(self.host.clock()), ORIGIN + path
        allowed = [{"resource_id": url, "resource_scopes": ["read"]}]
        claims = {**self.right, "permissions": allowed, "iat": now, "exp": now + 60, "jti": "j", **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.host.core.keys.sign(claims, "at+jwt")
        proof = self.by.credentials.key.proof("GET", url, at=now, access_token=token)
        return await self.host.http.get(url, headers={"authorization": f"DPoP {token}", "dpop": proof})


async def forger(host: Town) -> Forger:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    return Forger(host, coop, given.id, purpose.iri)


async def test_each_claim_of_a_token_must_be_right(host: Town) -> None:
    forged = await forger(host)
    other = await forged.by.service.publish(declaration([ROWS], identifier="other"))
    await host.give("anna", other)  # a live grant for another purpose does not help
    forged.right = {**forged.right, "epoch": 2}
    assert (await forged.get()).status_code == 200
    url = ORIGIN + BASKET
    wrong: list[Mapping[str, Any]] = [
        {"epoch": 1},
        {"epoch": 3},
        {"epoch": "2"},
        {"epoch": 2.0},
        {"epoch": True},
        {"epoch": None},
        {"purpose": other.iri},
        {"purpose": None},
        {"purpose": [forged.right["purpose"]]},
        {"grant": "urn:none"},
        {"grant": f"{ORIGIN}/.consent/grants/none"},
        {"output_mode": "append"},
        {"output_mode": "everything"},
        {"output_mode": None},
        {"permissions": []},
        {"permissions": {}},
        {"permissions": [{"resource_id": url}]},
        {"permissions": [{"resource_id": url, "resource_scopes": "read"}]},
        {"permissions": [{"resource_id": url, "resource_scopes": ["append"]}]},
        {"permissions": [{"resource_id": ORIGIN + "/anna/purchases/", "resource_scopes": ["read"]}]},
        {"permissions": [{"resource_id": url + "#it", "resource_scopes": ["read"]}]},
        {"webid": f"{ORIGIN}/rival/profile/card#me"},
    ]
    for changes in wrong:
        answer = await forged.get(**changes)
        assert answer.status_code in (401, 403), changes
        assert b"2017-10-03" not in answer.content


async def test_a_token_never_reaches_beyond_its_shape_even_if_its_permission_does(host: Town) -> None:
    forged = await forger(host)
    host.person("bob")
    host.write("/bob/purchases/2017-10/b77.ttl", "<#it> a <http://schema.org/Order> .")
    host.write("/anna/purchases/note.ttl", "<#it> <http://schema.org/name> 'secret' .")
    for path in (
        "/anna/profile/private.ttl",
        "/anna/purchases/note.ttl",
        "/anna/purchases/2017-10/b77.jws",
        "/anna/purchases/.acl",
        "/anna/participation/",
        "/anna/",
        "/bob/purchases/2017-10/b77.ttl",
        "/bob/purchases/",
    ):
        assert (await forged.get(path)).status_code in (401, 403), path


async def test_what_the_host_keeps_for_itself_stays_closed_whatever_the_index_says(host: Town) -> None:
    forged = await forger(host)
    paths = ["/anna/inbox/x.ttl", "/anna/settings/x.ttl", "/anna/consents/x.ttl", "/anna/activity/x.ttl"]
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        for path in paths:
            tx.write(Path(path), "text/turtle", b"<#it> a <http://schema.org/Order> .", host.clock())
            shaped_sql.put(tx, Path(path), pod.key, "Purchase")
    for path in paths:
        assert never_granted(Path(path))
        assert (await forged.get(path)).status_code in (401, 403), path


async def test_what_is_public_is_read_with_a_token_of_a_grant_too_and_leaves_no_line(host: Town) -> None:
    forged = await forger(host)
    before = await host.owner("anna").log()
    assert (await forged.get("/anna/.well-known/solid")).status_code == 200
    assert await host.owner("anna").log() == before
    assert (await forged.get()).status_code == 200
    assert [line.action for line in (await host.owner("anna").log())[: -len(before)]] == ["read"]


async def test_attack_11_text_and_digest_rewritten_together_do_not_deceive_the_grant(host: Town) -> None:
    """Attack 11: the grant remembers the digest of what the person was shown."""
    forged = await forger(host)
    changed = declaration([ROWS], retention_days=3650)
    with host.core.store.writing() as tx:
        tx.execute(
            "UPDATE purpose SET document = ?, digest = ? WHERE iri = ?",
            (canonical_json(changed).decode(), digest(changed), forged.right["purpose"]),
        )
    assert (await forged.get()).status_code == 401


async def test_attack_10_a_grant_for_one_purpose_is_not_used_for_another_of_the_same_controller(
    host: Town,
) -> None:
    """Attack 10: the inbox of one grant with the purpose of the other."""
    coop = await host.organisation("coop")
    asked = item("ValueShare", ("programme", "period", "share", "issuedAt"), "append")
    first, second = [
        await coop.service.publish(declaration([asked], identifier=name)) for name in ("first", "second")
    ]
    given = await host.give("anna", first)
    await host.give("anna", second)
    with pytest.raises(AccessRefused) as refused:
        await coop.service.append(given.id, b"", "text/turtle", second.iri)
    assert refused.value.error == "request_denied"


async def test_attack_16_a_token_of_one_organisation_is_of_no_use_to_another(host: Town) -> None:
    """Attack 16, confused deputy: a grant names its grantee, and a token is bound to the grantee's key."""
    forged = await forger(host)
    rival = await host.organisation("rival")
    stolen = Forger(host, rival, forged.right["grant"].rpartition("/")[2], forged.right["purpose"])
    assert (await stolen.get()).status_code in (401, 403)


async def test_a_party_token_opens_no_management_route(host: Town) -> None:
    forged = await forger(host)
    for path in ("/.consent/grants", "/.consent/log", "/.consent/export", "/.consent/requests"):
        assert (await forged.get(path)).status_code == 403
