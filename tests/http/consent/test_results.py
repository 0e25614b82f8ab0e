"""Results of claims as the person sees them: what would leave, what left, also after the consent has ended."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from joserfc import jws
from joserfc.jwk import KeySet

from consent.claims import CLAIM_RULES
from consent.client import BadResult, verified_result
from consent.declarations import digest
from consent.receipts import signing
from consent.receipts.keys import IssuerKey, jwks
from consent.receipts.model import Instant, Notation, PurchaseLine, PurchaseReceipt
from pods.client import SolidError
from pods.model import Agent
from pods.protocol.target import canonical
from pods.removal import Removal
from tests.conftest import SettableClock
from tests.consent_host import Organisation, Town, declaration, item, town
from tests.pod_host import ORIGIN
from vocab.claim_rules import ELIGIBLE_PURCHASES, RULE_TEXTS

FORNO = IssuerKey.generate("http://localhost:8082/valueback/shops/forno")
OCTOBER = {"from": "2017-10", "to": "2017-10"}
TERMS = {
    "id": "http://localhost:8082/valueback/programmes/ristorno/1",
    "rule": ELIGIBLE_PURCHASES.iri,
    "issuers": [{"iri": FORNO.issuer, "jwks": jwks([FORNO.public()])}],
    "minimum_trust": 3,
    "period": {"from": "2017-01", "to": "2017-12"},
}
CLAIM = {"rule": ELIGIBLE_PURCHASES.iri, "period": OCTOBER, "programme": TERMS}


def store_receipts(host: Town, *numbers: int) -> None:
    at = Instant("2017-10-03T09:15:00Z")
    for number in numbers:
        line = PurchaseLine(Notation("bakery"), 1, 1240)
        receipt = PurchaseReceipt(
            f"r{number}", FORNO.issuer, f"{number:032x}", at, at, FORNO.issuer, (line,), 1240
        )
        host.write(f"/anna/purchases/2017-10/x{number}.jws", signing.sign(receipt, FORNO), "application/jose")


@dataclass(frozen=True, slots=True)
class Programme:
    """A cooperative with a programme that anna consented to."""

    coop: Organisation
    purpose: str
    grant: str

    async def claim(self) -> dict[str, Any]:
        return await self.coop.service.claim(self.grant, CLAIM, self.purpose)


async def agreed(host: Town) -> Programme:
    coop = await host.organisation("coop")
    shown = {"it": f"Regolamento {digest(TERMS)}", "en": f"Rules {digest(TERMS)}"}
    asked = item("Purchase", ELIGIBLE_PURCHASES.reads, "claim")
    purpose = await coop.service.publish(declaration([asked], text=shown))
    given = await host.give("anna", purpose)
    store_receipts(host, 1, 2)
    return Programme(coop, purpose.iri, given.id)


async def test_what_left_is_shown_with_its_signed_bytes_and_stays_after_withdrawal(host: Town) -> None:
    programme = await agreed(host)
    answer = await programme.claim()
    await host.owner("anna").withdraw(programme.grant)
    (left,) = await host.owner("anna").results()
    assert (left.controller_name, left.purpose) == ("Coop", programme.purpose)
    assert left.result == answer["result"]
    assert left.signed == answer["jws"]
    raw = await host.person("anna").get(f"/.consent/results/{left.number}")
    assert (raw.status_code, raw.headers["content-type"]) == (200, "application/jose")
    assert raw.text == left.signed


async def test_the_results_of_others_are_not_shown(host: Town) -> None:
    programme = await agreed(host)
    await programme.claim()
    (left,) = await host.owner("anna").results()
    assert await host.owner("bruno").results() == []
    other = await host.person("bruno").get(f"/.consent/results/{left.number}")
    assert other.status_code == 404
    assert (await host.http.get(f"{ORIGIN}/.consent/results")).status_code == 401


async def test_results_are_paged(host: Town) -> None:
    programme = await agreed(host)
    await programme.claim()
    november = {**CLAIM, "period": {"from": "2017-11", "to": "2017-11"}}
    await programme.coop.service.claim(programme.grant, november, programme.purpose)
    (newest,) = await host.owner("anna").results(limit=1)
    (older,) = await host.owner("anna").results(limit=1, after=newest.number)
    assert newest.result["period"]["from"] == "2017-11"
    assert older.result["period"] == OCTOBER
    assert (await host.person("anna").get("/.consent/results?limit=x")).status_code == 400


async def test_results_leave_with_the_pod(host: Town) -> None:
    programme = await agreed(host)
    await programme.claim()
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        Removal(host.core.store, host.core.commits, host.added.leaving, clock=host.clock).close(tx, pod)
        assert tx.execute("SELECT count(*) FROM claim_result")[0][0] == 0
        # The marks stay, or the same receipts could be counted again by whoever holds copies.
        assert tx.execute("SELECT count(*) FROM claim_nullifier")[0][0] == 2


async def test_what_would_leave_is_what_then_leaves(host: Town) -> None:
    coop = await host.organisation("coop")
    shown = {"it": f"Regolamento {digest(TERMS)}", "en": f"Rules {digest(TERMS)}"}
    purpose = await coop.service.publish(
        declaration([item("Purchase", ELIGIBLE_PURCHASES.reads, "claim")], text=shown)
    )
    store_receipts(host, 1, 2)
    seen = await host.owner("anna").preview(purpose.iri, CLAIM)
    assert (seen["amount"], seen["count"], seen["counted_before"]) == (2480, 2, 0)
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM claim_nullifier")[0][0] == 0
    assert await host.owner("anna").results() == []
    given = await host.give("anna", purpose)
    answer = await coop.service.claim(given.id, CLAIM, purpose.iri)
    assert {name: answer["result"][name] for name in seen if name != "counted_before"} == {
        name: value for name, value in seen.items() if name != "counted_before"
    }
    again = await host.owner("anna").preview(purpose.iri, CLAIM)
    assert (again["amount"], again["count"], again["counted_before"]) == (0, 0, 2)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"purpose": "http://localhost:8080/.consent/purposes/none/1"}, 404),
        ({"purpose": 5}, 400),
        ({"period": {"from": "2018-01", "to": "2018-01"}}, 422),
        ({"programme": {**TERMS, "issuers": []}}, 400),
        ({"programme": {**TERMS, "series": "https://other.example/"}}, 403),
    ],
)
async def test_a_preview_of_something_else_is_refused(
    host: Town, change: dict[str, Any], status: int
) -> None:
    programme = await agreed(host)
    body = {**CLAIM, "purpose": programme.purpose, **change}
    answer = await host.person("anna").post(
        "/.consent/results/preview", orjson.dumps(body), "application/json"
    )
    assert answer.status_code == status


async def test_a_result_verifies_with_another_library_and_the_published_keys(host: Town) -> None:
    programme = await agreed(host)
    token = (await programme.claim())["jws"]
    published = (await host.http.get(f"{ORIGIN}/.oidc/jwks")).json()
    keys = KeySet.import_key_set(published)
    found = jws.deserialize_compact(token, keys, algorithms=["ES256"])
    said = orjson.loads(found.payload)
    assert found.headers()["typ"] == "claim-result+jwt"
    with host.core.store.reading() as tx:
        epoch = tx.execute("SELECT value FROM consent_epoch")[0][0]
    expected = {
        "iss": ORIGIN + "/",
        "aud": programme.coop.webid,
        "grant": programme.grant,
        "purpose": programme.purpose,
        "rule": ELIGIBLE_PURCHASES.iri,
        "rule_digest": digest(ELIGIBLE_PURCHASES.document()),
        "terms": digest(TERMS),
        "period": OCTOBER,
        "epoch": epoch,
        "amount": 2480,
        "count": 2,
    }
    assert {name: said[name] for name in expected} == expected
    assert len(said["nullifiers"]) == 2


async def test_the_client_refuses_a_result_that_is_not_the_hosts_or_not_this(host: Town) -> None:
    programme = await agreed(host)
    token = (await programme.claim())["jws"]
    keys = host.core.keys.jwks()
    good = {"grant": programme.grant, "aud": str(programme.coop.webid)}
    assert verified_result(token, keys, issuer=ORIGIN + "/", expected=good)["count"] == 2
    head, body, signature = token.split(".")
    forged = f"{head}.{body}.{signature[:-4]}AAAA"
    other_use = host.core.keys.sign({"grant": programme.grant, "iss": ORIGIN + "/"}, "at+jwt")
    wrong_count = host.core.keys.sign(
        {**good, "iss": ORIGIN + "/", "count": 3, "nullifiers": ["a", "a", "b"]}, "claim-result+jwt"
    )
    for bad, issuer, expected in (
        (forged, ORIGIN + "/", good),
        ("x.y", ORIGIN + "/", good),
        (token, "https://other.example/", good),
        (token, ORIGIN + "/", {"grant": "another"}),
        (other_use, ORIGIN + "/", good),
        (wrong_count, ORIGIN + "/", good),
    ):
        with pytest.raises(BadResult):
            verified_result(bad, keys, issuer=issuer, expected=expected)
    with pytest.raises(BadResult):
        verified_result(token, {"keys": []}, issuer=ORIGIN + "/", expected=good)


async def test_the_rules_are_published_with_their_digests(host: Town) -> None:
    published = (await host.http.get(f"{ORIGIN}/.consent/rules")).json()
    assert {rule["id"]: rule["digest"] for rule in published} == {
        iri: rule.digest for iri, rule in CLAIM_RULES.items()
    }
    for rule in published:
        assert rule["digest"] == digest({name: value for name, value in rule.items() if name != "digest"})
        assert rule["text"]["it"]
        assert rule["text"]["en"]
        place = "/".join(rule["id"].rsplit("/", 2)[1:])
        assert (await host.http.get(f"{ORIGIN}/.consent/rules/{place}")).json() == rule
    assert len(published) == len(RULE_TEXTS)
    assert (await host.http.get(f"{ORIGIN}/.consent/rules/eligible-purchases/9")).status_code == 404


class Stopwatch:
    """The host's own stopwatch, with something that happens in town while a rule runs: after its first look."""

    def __init__(self) -> None:
        self.happens: list[Callable[[], None]] = []
        self.looks = 0
        self.passes = 0.0

    def __call__(self) -> float:
        self.looks += 1
        if self.looks % 2 == 0 and self.happens:
            self.happens.pop(0)()
        return self.looks * self.passes


@pytest_asyncio.fixture
async def timed(tmp_path: Path, clock: SettableClock) -> AsyncIterator[tuple[Town, Stopwatch]]:
    """A host of whose rules we can hold the time."""
    stopwatch = Stopwatch()
    async with town(tmp_path, clock, stopwatch=stopwatch) as found:
        yield found, stopwatch


def withdraw(host: Town, grant: str) -> None:
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        host.added.consents.withdraw(tx, pod, Agent(pod.owner), grant, host.clock())


async def test_a_withdrawal_while_the_rule_runs_lets_nothing_leave(timed: tuple[Town, Stopwatch]) -> None:
    host, stopwatch = timed
    programme = await agreed(host)
    stopwatch.happens.append(lambda: withdraw(host, programme.grant))
    with pytest.raises(SolidError) as refused:
        await programme.claim()
    assert refused.value.status == 401
    assert stopwatch.happens == []
    assert await host.owner("anna").results() == []
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM claim_nullifier")[0][0] == 0
    assert not any(line.permitted for line in await host.owner("anna").log() if line.action == "claim")


async def test_a_pod_removed_while_the_rule_runs_lets_nothing_leave(timed: tuple[Town, Stopwatch]) -> None:
    host, stopwatch = timed
    programme = await agreed(host)

    def remove() -> None:
        removal = Removal(host.core.store, host.core.commits, host.added.leaving, clock=host.clock)
        with host.core.store.writing() as tx:
            pod = tx.pod("anna")
            assert pod is not None
            removal.close(tx, pod)

    stopwatch.happens.append(remove)
    with pytest.raises(SolidError) as refused:
        await programme.claim()
    assert refused.value.status == 401
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM claim_result")[0][0] == 0


async def test_a_receipt_deleted_while_the_rule_runs_is_not_counted(timed: tuple[Town, Stopwatch]) -> None:
    host, stopwatch = timed
    programme = await agreed(host)

    def one_is_deleted() -> None:
        with host.core.store.writing() as tx:
            tx.delete(canonical(b"/anna/purchases/2017-10/x1.jws"), host.clock())

    stopwatch.happens.append(one_is_deleted)
    answer = await programme.claim()
    assert (answer["result"]["count"], answer["result"]["amount"]) == (1, 1240)
    claims = [line for line in await host.owner("anna").log() if line.action == "claim"]
    assert len(claims) == 1


async def test_receipts_that_keep_changing_end_the_claim(timed: tuple[Town, Stopwatch]) -> None:
    host, stopwatch = timed
    programme = await agreed(host)
    number = iter(range(10, 90))
    stopwatch.happens += [lambda: store_receipts(host, next(number))] * 40
    with pytest.raises(SolidError) as refused:
        await programme.claim()
    assert refused.value.status == 409
    assert await host.owner("anna").results() == []


async def test_a_rule_that_runs_too_long_is_stopped_and_the_person_sees_the_attempt(
    timed: tuple[Town, Stopwatch],
) -> None:
    host, stopwatch = timed
    programme = await agreed(host)
    stopwatch.passes = 7.0
    with pytest.raises(SolidError, match="10 seconds") as refused:
        await programme.claim()
    assert refused.value.status == 422
    line = (await host.owner("anna").log())[0]
    assert (line.action, line.permitted) == ("claim", False)
    stopwatch.passes = 0.0
    assert (await programme.claim())["result"]["count"] == 2


async def test_other_requests_are_answered_while_a_rule_runs(timed: tuple[Town, Stopwatch]) -> None:
    host, stopwatch = timed
    programme = await agreed(host)
    holding, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        holding.set()
        assert go_on.wait(20)

    stopwatch.happens.append(hold)
    claim = asyncio.create_task(programme.claim())
    assert await asyncio.to_thread(holding.wait, 20)
    assert await host.owner("anna").results() == []
    store_receipts(host, 3)
    assert not claim.done()
    go_on.set()
    assert (await claim)["result"]["count"] == 3
