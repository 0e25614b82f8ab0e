"""A value-back run from the programme to the last cent, against a real pod host."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from apps.organisations import Organisation, Organisations
from consent.issuers import admit
from consent.model import OutputMode
from consent.receipts.keys import IssuerKey, jwks
from tests.conftest import SettableClock
from tests.consent_host import declaration, item
from tests.valueback_stage import FORNO, MEMBERS, Stage, programme, purchase, stage


@pytest.fixture
async def scene(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Stage]:
    async with stage(tmp_path, clock) as found:
        yield found


async def test_members_get_their_share_and_the_pool_the_rest(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    # 10 + 20 + … + 60 € are 210 €, of which 2 % are 4.20 €: 60 % to members, 40 % to the pool.
    assert run["phase"] == "voting"
    assert (run["members"], run["receipts"], run["amount"], run["given"]) == (6, 6, 210_00, 4_20)
    assert (run["share"], run["pool"]) == (2_52, 1_68)
    (first,) = scene.statements("bea")
    assert (first["eligible"], first["share"], first["pool"]) == ("10.00", "0.12", "0.08")
    (last,) = scene.statements("gino")
    assert (last["eligible"], last["share"], last["pool"]) == ("60.00", "0.72", "0.48")
    assert last["programme"] == shown["iri"]


async def test_who_did_not_consent_is_not_in_the_run(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS[:5])
    run = await scene.run(shown)
    assert (run["members"], run["amount"]) == (5, 150_00)
    assert scene.statements("gino") == []


async def test_a_consent_that_was_withdrawn_gives_no_claim(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    owner = scene.town.owner("gino")
    (grant,) = await owner.grants()
    await owner.withdraw(grant.id)
    run = await scene.run(shown)
    assert (run["members"], run["amount"]) == (5, 150_00)
    assert scene.statements("gino") == []


async def test_a_receipt_that_two_members_hold_counts_once(scene: Stage) -> None:
    scene.holds("bea", purchase(77, 500))
    scene.holds("carlo", purchase(77, 500))
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    assert (run["receipts"], run["amount"]) == (7, 215_00)


async def test_a_receipt_counts_once_in_all_versions_of_a_programme(scene: Stage) -> None:
    first = await scene.published()
    await scene.joined(first, *MEMBERS)
    await scene.run(first)
    scene.holds("bea", purchase(77, 500))
    second = await scene.published(member_bp=5000)
    await scene.joined(second, *MEMBERS)
    await scene.run(second)
    (before, after) = sorted(scene.statements("bea"), key=lambda one: one["programme"])
    assert (before["eligible"], after["eligible"]) == ("10.00", "5.00")
    assert len(scene.statements("gino")) == 1


async def test_a_run_that_is_taken_on_again_changes_nothing(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    first = await scene.run(shown)
    assert await scene.run(shown) == first
    assert len(scene.statements("bea")) == 1


async def test_a_month_is_counted_once(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    await scene.run(shown)
    place = shown["iri"].rpartition("/programmes/")[2]
    again = {"first": "2017-10", "last": "2017-11"}
    answer = await scene.http.post(f"/api/programmes/{place}/runs", json=again, auth=scene.coop)
    assert answer.status_code == 409
    assert "counted once" in answer.json()["detail"]


async def test_few_members_are_not_shown(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS[:4])
    run = await scene.run(shown)
    assert [run[name] for name in ("members", "receipts", "amount", "given", "share", "pool")] == [None] * 6
    assert scene.statements("bea")


async def test_the_budget_is_never_exceeded_and_shortens_all_in_proportion(scene: Stage) -> None:
    shown = await scene.published(budget=2_10)
    await scene.joined(shown, *MEMBERS)
    run = await scene.run(shown)
    assert run["given"] == 2_10
    assert [scene.statements(name)[0]["share"] for name in ("bea", "gino")] == ["0.06", "0.36"]


async def test_a_published_version_never_changes(scene: Stage) -> None:
    first = await scene.published()
    assert await scene.published() == first
    second = await scene.published(member_bp=5000)
    assert second["iri"].endswith("/ristorno/2")
    kept = (await scene.http.get("/api/programmes/ristorno/1")).json()
    assert kept["document"] == first["document"]


async def test_the_declaration_carries_the_fingerprint_that_the_host_computes(scene: Stage) -> None:
    shown = await scene.published()
    purpose = await scene.town.owner("bea").purpose(shown["purpose"])
    assert shown["digest"] in purpose.text["it"]
    assert {item.mode.value for item in purpose.items} == {"claim", "append"}


async def test_only_its_cooperative_runs_a_programme(scene: Stage) -> None:
    shown = await scene.published()
    place = shown["iri"].rpartition("/programmes/")[2]
    path = f"/api/programmes/{place}/runs"
    period = {"first": "2017-10", "last": "2017-10"}
    assert (await scene.http.post(path, json=period)).status_code == 401
    assert (await scene.http.post(path, json=period, auth=("coop", "guess"))).status_code == 401
    other = await scene.http.post(path, json=period, auth=("forno-till", "forno-secret"))
    assert other.status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"projects": programme()["projects"][:2]}, "projects"),
        ({"issuers": []}, "issuers"),
        ({"issuers": [f"{FORNO.issuer}-unknown"]}, "issuers"),
        ({"member_bp": 10_001}, "member_bp"),
        ({"budget": 0}, "budget"),
        ({"rule": "https://example.org/score-of-conduct"}, "rule"),
        ({"period": {"from": "2017-12", "to": "2017-01"}}, "period"),
        ({"bonus_for_more_data": 1}, "bonus_for_more_data"),
        ({"title": {"it": ""}}, "title.it"),
    ],
)
async def test_a_programme_that_cannot_be_kept_is_refused_by_field(
    scene: Stage, change: dict[str, Any], field: str
) -> None:
    answer = await scene.http.post("/api/programmes", json=programme(**change), auth=scene.coop)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(field)


async def test_no_personal_value_is_in_the_apps_files(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS)
    await scene.run(shown)
    stored = b"".join(path.read_bytes() for path in scene.data.glob("*.sqlite*"))
    for literal in (b"Pane di segale", b"/bea/", b"profile/card#me>", b"2017-10-03", f"{1:032x}".encode()):
        assert literal not in stored


async def test_a_consent_that_covers_too_little_holds_nobody_up(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS[:5])
    purpose = await scene.town.owner("gino").purpose(shown["purpose"])
    only_delivery = [item for item in purpose.items if item.mode is OutputMode.APPEND]
    await scene.town.give("gino", purpose, only_delivery)
    run = await scene.run(shown)
    assert (run["phase"], run["members"]) == ("voting", 5)


async def test_who_withdraws_between_claim_and_delivery_keeps_the_money(scene: Stage) -> None:
    shown = await scene.published()
    await scene.joined(shown, *MEMBERS[:5])
    purpose = await scene.town.owner("gino").purpose(shown["purpose"])
    only_claim = [item for item in purpose.items if item.mode is OutputMode.CLAIM]
    await scene.town.give("gino", purpose, only_claim)
    run = await scene.run(shown)
    assert (run["phase"], run["members"], run["share"]) == ("voting", 6, 2_52)
    assert scene.statements("gino") == []


async def test_a_shop_may_deliver_receipts_under_a_grant_and_they_count(scene: Stage) -> None:
    service = await scene.town.organisation("bottega")
    key = IssuerKey.generate("http://localhost:8082/valueback/shops/bottega")
    with scene.town.core.store.writing() as tx:
        admit(tx, key.issuer, jwks([key.public()]), scene.town.clock())
    client_id, secret = service.credentials._credentials
    Organisations(scene.data).write(
        Organisation(
            *("bottega", "Bottega", service.webid),
            issuer="http://localhost:8080/",
            client_id=client_id,
            client_secret=secret,
            purpose_jwk=service.key.private_jwk(),
            receipt_issuer=key.issuer,
            receipt_jwk=key.private_jwk(),
        )
    )
    offered = item("Purchase", ("orderedAt", "seller", "total", "currency", "issuer", "receiptId"), "append")
    purpose = await service.service.publish(declaration([offered], identifier="scontrini"))
    await scene.town.give("bea", purpose)
    (grant,) = await service.service.grants(purpose.iri)
    sale = {
        "lines": [{"category": "bakery", "quantity": 1, "amount": 40_00}],
        "deliver": {"grant": grant.id, "purpose": purpose.iri},
    }
    answer = await scene.http.post("/api/receipts", json=sale, auth=(client_id, secret))
    assert answer.status_code == 201, answer.text
    assert answer.json()["link"] is None
    month = "2026-03"
    shown = await scene.published(issuers=[key.issuer], period={"from": month, "to": month})
    await scene.joined(shown, *MEMBERS)
    await scene.run(shown, {"first": month, "last": month})
    (statement,) = scene.statements("bea")
    assert (statement["count"], statement["eligible"]) == ("1", "40.00")
