"""A question from the service's side: who is counted, what it costs, what is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from consent.aggregation import budget_sql, register_sql
from consent.aggregation.engine import Cells, exact_cells
from consent.aggregation.errors import (
    BudgetSpent,
    ConsentChanging,
    QueryRefused,
    TooFewParticipants,
)
from consent.aggregation.fields import Fields
from consent.aggregation.plan_sql import Plan
from consent.aggregation.programme import PARTICIPANTS_RHO, programme
from consent.aggregation.query import query
from pods import activity
from tests.conftest import SettableClock
from tests.unit.consent.aggregation.town import (
    TERMS,
    Town,
    add_person,
    give,
    item,
    line,
    open_town,
    purchase,
    purpose,
    question,
    store_receipt,
    withdraw,
)

FIRST_SHOP = "forno"
MANY = 120  # enough that no noise hides whether they were counted, nor refuses a question for want of people


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Town]:
    async with open_town(tmp_path, clock) as opened:
        yield opened


def spent(town: Town) -> int:
    with town.store.reading() as tx:
        return budget_sql.budget_of(tx, str(town.purpose.programme)).rho_spent


def asked(town: Town) -> list[tuple[str, int]]:
    with town.store.reading() as tx:
        found = register_sql.questions(tx, str(town.purpose.programme), before=9e9, limit=99)
    return sorted((one.outcome, one.rho) for one in found)


def people_in(answer: Any, *key: str) -> int:
    return next(cell["value"] or 0 for cell in answer.document["cells"] if cell["key"] == list(key))


async def test_the_answer_is_about_those_who_opted_in(town: Town) -> None:
    town.settle(MANY, "a")
    with town.store.writing() as tx:
        for number in range(MANY):
            add_person(tx, f"silent{number}", "b")
    answer = await town.ask()
    assert abs(people_in(answer, "a") - MANY) < 25
    assert people_in(answer, "b") < 25
    assert not answer.cached


async def test_everyone_who_was_counted_has_a_line_before_the_answer(town: Town) -> None:
    grants = town.settle(MANY)
    with town.store.writing() as tx:
        silent = add_person(tx, "silent", "b")
    answer = await town.ask()
    with town.store.reading() as tx:
        for grant in grants:
            (line_,) = activity.lines(tx, grant.pod, limit=9)
            assert (line_.action, line_.decision, line_.purpose) == ("aggregate", "permit", town.purpose.iri)
            assert line_.path.endswith(answer.question)
            assert str(line_.grant).endswith(grant.id)
        assert activity.lines(tx, silent, limit=9) == []


async def test_the_same_question_again_costs_nothing_and_has_the_same_bytes(town: Town) -> None:
    town.settle(MANY)
    first = await town.ask(group_by=["Profile.district", "Profile.ageClass"])
    cost = spent(town)
    second = await town.ask(group_by=["Profile.ageClass", "Profile.district"])
    assert second.cached
    assert second.document == first.document
    assert spent(town) == cost == 50_000 + PARTICIPANTS_RHO
    assert asked(town) == [("answered", 50_000), ("stored", 0)]


async def test_on_another_day_the_same_question_is_a_new_one(town: Town, clock: SettableClock) -> None:
    town.settle(MANY)
    first = await town.ask()
    clock.advance(24 * 3600)
    second = await town.ask()
    assert second.document["id"] != first.document["id"]
    assert spent(town) == 2 * (50_000 + PARTICIPANTS_RHO)


async def test_consent_changes_within_a_day_do_not_show_in_the_price(town: Town) -> None:
    """Were the answer made anew, its price would tell that somebody had just left."""
    grants = town.settle(MANY)
    first = await town.ask()
    with town.store.writing() as tx:
        withdraw(tx, grants[0])
    again = await town.ask()
    assert again.cached
    assert again.document == first.document


async def test_whoever_withdrew_is_not_counted_and_not_logged(town: Town) -> None:
    grants = town.settle(MANY, "a")
    town.settle(MANY, "b")
    with town.store.writing() as tx:
        for grant in grants:
            withdraw(tx, grant)
    answer = await town.ask()
    assert people_in(answer, "a") < 25
    assert people_in(answer, "b") > 35
    with town.store.reading() as tx:
        assert activity.lines(tx, grants[0].pod, limit=9) == []


async def test_whoever_did_not_grant_a_needed_property_does_not_contribute(town: Town) -> None:
    with town.store.writing() as tx:
        for number in range(MANY):
            narrow = [item("Profile", "ageClass")]
            give(tx, add_person(tx, f"narrow{number}", "a"), town.purpose, narrow)
            give(tx, add_person(tx, f"wide{number}", "b"), town.purpose)
    by_district = await town.ask()
    assert people_in(by_district, "a") < 25
    assert people_in(by_district, "b") > 35
    by_age = await town.ask(group_by=["Profile.ageClass"])
    assert people_in(by_age, "35-44") > 2 * MANY - 25


async def test_a_grant_past_its_end_does_not_count(town: Town) -> None:
    grants = town.settle(MANY, "a")
    town.settle(MANY, "b")
    with town.store.writing() as tx:
        for grant in grants:
            tx.execute("UPDATE grant_ SET expires_at = 5 WHERE id = ?", (grant.id,))
    assert people_in(await town.ask(), "a") < 25


async def test_too_few_participants_are_refused_before_any_data_are_read(
    tmp_path: Path, clock: SettableClock
) -> None:
    terms = {**TERMS, "min_participants": 10_000}
    async with open_town(tmp_path, clock, purpose(terms=terms)) as town:
        grants = town.settle(5)
        with pytest.raises(TooFewParticipants, match="fewer than the 10000"):
            await town.ask()
        assert spent(town) == PARTICIPANTS_RHO
        assert asked(town) == [("refused", 0)]
        with pytest.raises(TooFewParticipants):
            await town.ask(group_by=[])
        assert spent(town) == PARTICIPANTS_RHO
        with town.store.reading() as tx:
            assert activity.lines(tx, grants[0].pod, limit=9) == []


async def test_a_refused_question_stands_in_the_register_with_its_reason(town: Town) -> None:
    town.settle(3)
    with pytest.raises(QueryRefused):
        await town.ask(group_by=["Profile.income"])
    assert spent(town) == 0
    with town.store.reading() as tx:
        (entry,) = register_sql.questions(tx, str(town.purpose.programme), before=9e9, limit=9)
    assert entry.outcome == "refused"
    assert entry.reason.startswith("/group_by/0: ")
    assert entry.body["group_by"] == ["Profile.income"]


async def test_a_question_over_budget_is_refused(town: Town) -> None:
    town.settle(MANY)
    with pytest.raises(BudgetSpent, match=r"has 0\.998 left"):
        await town.ask(rho=1)
    assert asked(town) == [("refused", 0)]


async def test_identical_questions_at_once_are_computed_once(town: Town) -> None:
    town.settle(MANY)
    answers = await asyncio.gather(*(town.ask() for _ in range(8)), return_exceptions=True)
    made = {answer.document["id"] for answer in answers if not isinstance(answer, BaseException)}
    assert len(made) == 1
    assert spent(town) == 50_000 + PARTICIPANTS_RHO


class Interrupted:
    """The real engine, with something that happens in town just before it computes."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.happens: Callable[[int], None] = lambda run: None

    def __call__(self, connection: Any, plan: Plan, units: Sequence[int]) -> Cells:
        self.seen.append(len(units))
        self.happens(len(self.seen))
        return exact_cells(connection, plan, units)


async def test_whoever_withdraws_while_a_question_runs_is_not_counted(
    tmp_path: Path, clock: SettableClock
) -> None:
    engine = Interrupted()
    async with open_town(tmp_path, clock, engine=engine) as town:
        grants = town.settle(MANY, "a")
        town.settle(MANY, "b")

        def all_of_a_leave(run: int) -> None:
            if run == 1:
                with town.store.writing() as tx:
                    for grant in grants:
                        withdraw(tx, grant)

        engine.happens = all_of_a_leave
        answer = await town.ask()
    assert engine.seen == [2 * MANY, MANY]
    assert people_in(answer, "a") < 25
    assert people_in(answer, "b") > 35


async def test_a_grant_withdrawn_and_given_again_meanwhile_does_not_slip_through(
    tmp_path: Path, clock: SettableClock
) -> None:
    engine = Interrupted()
    async with open_town(tmp_path, clock, engine=engine) as town:
        grants = town.settle(MANY)

        def away_and_back(run: int) -> None:
            if run == 1:
                with town.store.writing() as tx:
                    withdraw(tx, grants[0])
                    tx.execute("UPDATE grant_ SET state = 'given' WHERE id = ?", (grants[0].id,))

        engine.happens = away_and_back
        await town.ask()
    assert engine.seen == [MANY, MANY - 1]


async def test_consent_that_keeps_changing_burns_the_cost_and_gives_nothing(
    tmp_path: Path, clock: SettableClock
) -> None:
    engine = Interrupted()
    async with open_town(tmp_path, clock, engine=engine) as town:
        grants = town.settle(MANY)

        def one_leaves(run: int) -> None:
            with town.store.writing() as tx:
                withdraw(tx, grants[run])

        engine.happens = one_leaves
        with pytest.raises(ConsentChanging):
            await town.ask()
        assert asked(town) == [("failed", 50_000)]
        assert spent(town) == 50_000 + PARTICIPANTS_RHO


async def test_after_a_crash_the_cost_is_spent_and_the_question_can_be_asked_again(
    tmp_path: Path, clock: SettableClock
) -> None:
    async with open_town(tmp_path / "t", clock) as town:
        town.settle(MANY)

        terms = programme(str(town.purpose.programme), TERMS, Fields())
        digest = query(question(terms.iri), terms, Fields()).digest(town.purpose.iri)
        with town.store.writing() as tx:
            budget_sql.reserve(tx, terms.iri, "crashed", digest, "2026-03-01", 50_000, clock())
    async with open_town(tmp_path / "t", clock) as again:
        answer = await again.ask()
        assert not answer.cached
        assert spent(again) == 2 * 50_000 + PARTICIPANTS_RHO
        with again.store.reading() as tx:
            assert budget_sql.whole(tx, str(again.purpose.programme))


async def test_sums_are_of_verified_receipts(town: Town) -> None:
    town.settle(MANY)
    with town.store.writing() as tx:
        for number in range(MANY):
            store_receipt(tx, f"a{number}", purchase(number, "2017-03-01", line("meat", 2000)))
    answer = await town.ask(
        measure={"function": "sum", "property": "Purchase.total"}, group_by=["Purchase.seller"], rho=0.5
    )
    total = people_in(answer, FIRST_SHOP)
    scale = answer.document["mechanism"]["scale"]
    assert abs(total - MANY * 2000) < 6 * scale
    assert answer.document["unit"] == "cents"
