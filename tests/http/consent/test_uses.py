"""Using a grant without seeing the pod: claims and deliveries; and aggregates, which open nothing."""

from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from consent import issuers
from consent.client import AccessRefused, ServiceClient
from consent.declarations import digest
from consent.receipts import signing
from consent.receipts.keys import IssuerKey, jwks
from consent.receipts.model import Instant, Notation, PurchaseLine, PurchaseReceipt
from pods.client import SolidError
from pods.model import Path
from tests.consent_host import PROGRAMME, Organisation, Town, declaration, item
from tests.pod_host import ORIGIN
from vocab.claim_rules import ELIGIBLE_PURCHASES

FORNO = IssuerKey.generate("http://localhost:8082/valueback/shops/forno")
AT = Instant("2017-10-03T09:15:00Z")
SHARE = b"""@prefix po: <https://w3id.org/portico/ns#> . @prefix schema: <http://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<#it> a po:ValueShare ; po:programme <https://coop.example/1> ; po:period "2017-10" ; schema:price 1.20 ;
  schema:dateIssued "2026-03-01T12:00:00Z"^^xsd:dateTime .
"""
APPEND = item("ValueShare", ("programme", "period", "share", "issuedAt"), "append")


async def outcome(service: ServiceClient, url: str, purpose: str) -> str | int:
    """Return the status of a read, or the error of the authorization server."""
    try:
        return (await service.read(url, purpose)).status_code
    except AccessRefused as refused:
        return refused.error


def receipt(number: int = 1, cents: int = 1240) -> bytes:
    line = PurchaseLine(Notation("bakery"), 1, cents)
    made = PurchaseReceipt(f"r{number}", FORNO.issuer, f"{number:032x}", AT, AT, FORNO.issuer, (line,), cents)
    return signing.sign(made, FORNO)


async def appending(host: Town, *items: dict[str, object]) -> tuple[Organisation, str, str]:
    """Return an organisation, its purpose, and the grant that anna gave."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration(items or [APPEND]))
    await host.give("anna", purpose)
    (grant,) = await coop.service.grants(purpose.iri)
    return coop, purpose.iri, grant.id


def members(host: Town, path: str) -> list[str]:
    with host.core.store.reading() as tx:
        return [entry.path for entry in tx.children(Path(path))]


async def test_a_share_is_delivered_once_into_the_container_of_its_shape(host: Town) -> None:
    coop, purpose, grant = await appending(host)
    for _ in range(2):
        await coop.service.append(grant, SHARE, "text/turtle", purpose)
    assert len(members(host, "/anna/value/mobility/")) == 1
    line = (await host.owner("anna").log())[0]
    assert (line.action, line.permitted, line.agent_name) == ("append ValueShare", True, "Coop")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ((b"schema:price 1.20", b'schema:price "much"'), "share"),
        ((b'po:period "2017-10" ; ', b""), "period"),
        ((b"po:period", b'schema:name "ad" ; po:period'), "schema.org/name"),
        ((b"<#it> a po:ValueShare", b"<#it> a schema:Order"), "ValueShare"),
        ((b'"2026-03-01T12:00:00Z"^^xsd:dateTime', b'"soon"'), "issuedAt"),
        (
            (b"a po:ValueShare", b"a po:ValueShare . <#other> a po:ValueShare . <#it> a po:ValueShare"),
            "exactly one",
        ),
    ],
)
async def test_what_does_not_fit_the_grant_is_refused_with_the_reason(
    host: Town, change: tuple[bytes, bytes], part: str
) -> None:
    coop, purpose, grant = await appending(host)
    with pytest.raises(SolidError) as refused:
        await coop.service.append(grant, SHARE.replace(*change), "text/turtle", purpose)
    assert refused.value.status == 422
    assert part in refused.value.detail
    assert members(host, "/anna/value/") == []


async def test_a_signed_receipt_is_delivered_with_its_bytes(host: Town) -> None:
    with host.core.store.writing() as tx:
        issuers.admit(tx, FORNO.issuer, jwks([FORNO.public()]), host.clock())
    coop, purpose, grant = await appending(host, item("Purchase", ("total",), "append"))
    await coop.service.append(grant, receipt(), "application/jose", purpose)
    names = [path for path in members(host, "/anna/purchases/2017-10/") if "r1" in path]
    assert [name.rpartition(".")[2] for name in names] == ["jws", "ttl"]
    with host.core.store.reading() as tx:
        stored = tx.get(Path(names[0]))
    assert stored is not None
    assert stored.content == receipt()


async def test_a_receipt_of_an_issuer_that_nobody_admitted_is_refused(host: Town) -> None:
    coop, purpose, grant = await appending(host, item("Purchase", ("total",), "append"))
    with pytest.raises(SolidError) as refused:
        await coop.service.append(grant, receipt(), "application/jose", purpose)
    assert refused.value.status == 422


async def test_an_append_grant_reads_nothing_and_claims_nothing(host: Town) -> None:
    coop, purpose, grant = await appending(host)
    with pytest.raises(AccessRefused):
        await coop.service.read(f"{ORIGIN}/anna/value/", purpose)
    with pytest.raises(AccessRefused):
        await coop.service.claim(grant, {}, purpose)


async def test_withdrawing_ends_deliveries(host: Town) -> None:
    coop, purpose, grant = await appending(host)
    await coop.service.append(grant, SHARE, "text/turtle", purpose)
    await host.owner("anna").withdraw(grant)
    with pytest.raises(AccessRefused):
        await coop.service.append(grant, SHARE + b" ", "text/turtle", purpose)
    assert len(members(host, "/anna/value/mobility/")) == 1


async def test_a_claim_leaves_as_a_signed_sum_and_the_log_names_it(host: Town) -> None:
    rule = ELIGIBLE_PURCHASES
    terms = {
        "id": "http://localhost:8082/valueback/programmes/ristorno/1",
        "rule": rule.iri,
        "issuers": [{"iri": FORNO.issuer, "jwks": jwks([FORNO.public()])}],
        "minimum_trust": 3,
        "period": {"from": "2017-01", "to": "2017-12"},
    }
    coop = await host.organisation("coop")
    shown = {"it": f"Regolamento {digest(terms)}", "en": f"Rules {digest(terms)}"}
    purpose = await coop.service.publish(declaration([item("Purchase", rule.reads, "claim")], text=shown))
    await host.give("anna", purpose)
    (grant,) = await coop.service.grants(purpose.iri)
    for number in (1, 2):
        host.write(f"/anna/purchases/2017-10/x{number}.jws", receipt(number), "application/jose")
    body = {"rule": rule.iri, "period": {"from": "2017-10", "to": "2017-10"}, "programme": terms}
    answer = await coop.service.claim(grant.id, body, purpose.iri)
    assert (answer["result"]["amount"], answer["result"]["count"]) == (2480, 2)
    signed = jose_claims(answer["jws"], host)
    assert signed["nullifiers"] == answer["result"]["nullifiers"]
    assert "anna" not in str(signed)
    line = (await host.owner("anna").log())[0]
    assert (line.action, line.reason) == ("claim", rule.iri)


def jose_claims(token: str, host: Town) -> dict[str, object]:
    """Return what a signed result says, checked with the host's published keys."""
    published: Any = host.core.keys.jwks()
    found = jws.deserialize_compact(token, KeySet.import_key_set(published), algorithms=["ES256"])
    claims: dict[str, object] = orjson.loads(found.payload)
    return claims


async def test_an_aggregate_only_grantee_gets_403_on_every_resource_of_the_pod(host: Town) -> None:
    comune = await host.organisation("comune")
    asked = item("Purchase", ("seller", "orderedAt"), "aggregateOnly")
    purpose = await comune.service.publish(declaration([asked], programme=PROGRAMME))
    await host.give("anna", purpose)
    with host.core.store.reading() as tx:
        rows = tx.execute("SELECT name, container FROM resource WHERE name LIKE '/anna%'")
    paths = [name + ("/" if container else "") for name, container in rows]
    assert len(paths) > 15
    solid = comune.service._solid
    public = {"/anna/profile/card", "/anna/settings/publicTypeIndex.ttl"}
    for path in paths:
        answer = await solid.request("GET", ORIGIN + path)
        assert answer.status_code == (200 if path in public else 403), path
        if path not in public:
            assert await outcome(comune.service, ORIGIN + path, purpose.iri) in ("request_denied", 401)


async def test_an_aggregate_only_purpose_does_not_tell_who_gave(host: Town) -> None:
    comune = await host.organisation("comune")
    asked = item("Purchase", ("seller", "orderedAt"), "aggregateOnly")
    purpose = await comune.service.publish(declaration([asked], programme=PROGRAMME))
    given = await host.give("anna", purpose)
    with pytest.raises(SolidError) as refused:
        await comune.service.grants(purpose.iri)
    assert refused.value.status == 403
    for place in ("inbox", "claims"):
        with pytest.raises(AccessRefused):
            await comune.service._use(
                "POST", f"{ORIGIN}/.consent/grants/{given.id}/{place}", purpose.iri, headers={}
            )


async def test_a_token_that_says_aggregates_opens_nothing(host: Town) -> None:
    """Even signed by the host itself: the mode is closed where the resource is read."""
    comune = await host.organisation("comune")
    asked = item("Purchase", ("seller", "orderedAt"), "aggregateOnly")
    purpose = await comune.service.publish(declaration([asked], programme=PROGRAMME))
    given = await host.give("anna", purpose)
    url = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"
    now = int(host.clock())
    key = comune.credentials.key
    for mode in ("aggregateOnly", "rows", "everything"):
        token = host.core.keys.sign(
            {
                "iss": ORIGIN + "/",
                "webid": comune.webid,
                "client_id": "x",
                "aud": ["solid"],
                "iat": now,
                "exp": now + 60,
                "jti": mode,
                "cnf": {"jkt": key.thumbprint()},
                "permissions": [{"resource_id": url, "resource_scopes": ["read"]}],
                "grant": f"{ORIGIN}/.consent/grants/{given.id}",
                "purpose": purpose.iri,
                "output_mode": mode,
                "epoch": 1,
            },
            "at+jwt",
        )
        proof = key.proof("GET", url, at=host.clock(), access_token=token)
        answer = await host.http.get(url, headers={"authorization": f"DPoP {token}", "dpop": proof})
        assert answer.status_code in (401, 403)
        assert b"Parmigiano" not in answer.content
