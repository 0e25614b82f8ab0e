"""What somebody looks for among their decisions: by state, organisation, programme, words, time and number; and how many."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from consent import decided_sql
from consent.client import GrantFilter
from consent.grant_filter import MOST_IDS
from consent.model import GrantState, OwnGrant
from tests.consent_host import Organisation, Town, declaration, item

COUNTED = item("Purchase", ("seller",), "claim")
DAY = 86_400


async def decided(host: Town, coop: Organisation, name: str, title: str = "", days: float = 300) -> OwnGrant:
    """Let anna give consent to a purpose of this name; a moment passes."""
    titles = {"it": title or name, "en": f"About {name}"}
    purpose = await coop.service.publish(declaration([COUNTED], identifier=name, title=titles))
    given = await host.give("anna", purpose, days=days)
    host.clock.advance(60)
    return given


async def found(host: Town, wanted: GrantFilter) -> list[str]:
    page = await host.owner("anna").grants_page(wanted)
    return [grant.purpose.identifier for grant in page.grants]


async def test_decisions_are_found_by_their_state_at_the_moment(host: Town) -> None:
    coop = await host.organisation("coop")
    await decided(host, coop, "short", days=1)
    withdrawn = await decided(host, coop, "back")
    await decided(host, coop, "long")
    anna = host.owner("anna")
    await anna.withdraw(withdrawn.id)
    refused = await coop.service.publish(declaration([COUNTED], identifier="no"))
    await anna.refuse(refused.iri)
    host.clock.advance(DAY)
    for state, names in (
        (GrantState.GIVEN, ["long"]),
        (GrantState.EXPIRED, ["short"]),
        (GrantState.WITHDRAWN, ["back"]),
        (GrantState.REFUSED, ["no"]),
        (GrantState.SUSPENDED, []),
        (GrantState.ASKED, []),
    ):
        assert await found(host, GrantFilter(state=state)) == names, state
        shown = (await anna.grants_page(GrantFilter(state=state))).grants
        assert {grant.state for grant in shown} <= {state}
    totals = await anna.totals()
    assert totals.states == dict.fromkeys(
        (GrantState.GIVEN, GrantState.EXPIRED, GrantState.WITHDRAWN, GrantState.REFUSED), 1
    )
    assert [(name, count) for _iri, name, count in totals.organisations] == [("Coop", 4)]


async def test_decisions_are_found_by_organisation_programme_words_time_and_number(host: Town) -> None:
    coop, shop = await host.organisation("coop"), await host.organisation("shop")
    bread = await decided(host, coop, "bread", "Pane e dolci del quartiere")
    await decided(host, coop, "milk", "Latte È buono")
    since = host.clock()
    await decided(host, shop, "wood", "Legna")
    for wanted, names in (
        (GrantFilter(controller=shop.webid), ["wood"]),
        (GrantFilter(programme="milk"), ["milk"]),
        (GrantFilter(words="QUARTIERE pane"), ["bread"]),
        (GrantFilter(words="è"), ["milk"]),
        (GrantFilter(words="about"), ["wood", "milk", "bread"]),
        (GrantFilter(words="coop"), ["milk", "bread"]),
        (GrantFilter(words="pane latte"), []),
        (GrantFilter(since=since), ["wood"]),
        (GrantFilter(ids=(bread.id, "none")), ["bread"]),
        (GrantFilter(ids=()), []),
        (GrantFilter(words="about", controller=coop.webid, state=GrantState.GIVEN), ["milk", "bread"]),
    ):
        assert await found(host, wanted) == names, wanted
    assert set(await host.owner("anna").grants_by_number([bread.id, bread.id, "", "none"])) == {bread.id}


async def test_what_ends_within_a_month_is_found_once_half_of_its_time_is_over(host: Town) -> None:
    coop = await host.organisation("coop")
    await decided(host, coop, "week", days=7)
    await decided(host, coop, "forty", days=40)
    await decided(host, coop, "year")
    ending = GrantFilter(ending=True)
    assert await found(host, ending) == []
    host.clock.advance(5 * DAY)
    assert await found(host, ending) == ["week"]
    host.clock.advance(16 * DAY)
    assert await found(host, ending) == ["forty"]
    host.clock.advance(20 * DAY)
    assert await found(host, ending) == []


async def test_a_page_of_words_looks_through_a_part_and_says_where_to_go_on(
    host: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decided_sql, "LOOKED_THROUGH", 2)
    coop = await host.organisation("coop")
    for name in ("first", "second", "third", "fourth", "fifth"):
        await decided(host, coop, name)
    anna, wanted = host.owner("anna"), GrantFilter(words="first")
    pages, further = [], ""
    while True:
        page = await anna.grants_page(wanted, after=further)
        pages.append([grant.purpose.identifier for grant in page.grants])
        if page.further is None:
            break
        further = page.further
    assert pages == [[], [], ["first"]]


async def test_nobody_finds_or_counts_what_somebody_else_decided(host: Town) -> None:
    coop = await host.organisation("coop")
    given = await decided(host, coop, "bread")
    bob = host.owner("bob")
    for wanted in (GrantFilter(ids=(given.id,)), GrantFilter(words="bread"), GrantFilter(programme="bread")):
        assert (await bob.grants_page(wanted)).grants == []
    totals = await bob.totals()
    assert (totals.states, totals.organisations) == ({}, [])
    assert (await host.owner("coop").grants_page(GrantFilter(ids=(given.id,)))).grants == []


@pytest.mark.parametrize(
    "query",
    [
        {"state": "gone"},
        {"since": "yesterday"},
        {"ending": "no"},
        {"words": "x" * 201},
        {"ids": ",".join("a" * (MOST_IDS + 1))},
    ],
)
async def test_what_cannot_be_looked_for_is_refused_by_name(host: Town, query: dict[str, str]) -> None:
    answer = await host.person("anna").get(f"/.consent/grants?{urlencode(query)}")
    assert answer.status_code == 400
    assert f"?{next(iter(query))}=" in answer.json()["detail"]
