"""The table of a request's steps, row by row, and what is not in it."""

import pytest

from consent.rights.model import (
    ARTICLES,
    STEPS,
    TAKEN_BY,
    WAITING,
    Party,
    RequestEvent,
    RequestState,
    RightKind,
)

ROWS = """
received     acknowledge  acknowledged  controller
received     extend       extended      controller
received     answer       answered      controller
received     refuse       refused       controller
received     close        closed        person
acknowledged extend       extended      controller
acknowledged answer       answered      controller
acknowledged refuse       refused       controller
acknowledged close        closed        person
extended     answer       answered      controller
extended     refuse       refused       controller
extended     close        closed        person
answered     close        closed        person
refused      close        closed        person
"""
EXPECTED = [tuple(line.split()) for line in ROWS.strip().splitlines()]


@pytest.mark.parametrize(("before", "event", "after", "party"), EXPECTED)
def test_each_step_leads_where_the_table_says(before: str, event: str, after: str, party: str) -> None:
    assert STEPS[RequestState(before), RequestEvent(event)] is RequestState(after)
    assert TAKEN_BY[RequestEvent(event)] is Party(party)


def test_there_is_no_other_step() -> None:
    assert {(state.value, event.value) for state, event in STEPS} == {row[:2] for row in EXPECTED}


def test_a_request_waits_for_an_answer_exactly_where_an_answer_is_possible() -> None:
    assert {state for state, event in STEPS if event is RequestEvent.ANSWER} == WAITING


def test_every_right_has_its_article() -> None:
    assert [ARTICLES[kind] for kind in RightKind] == [15, 16, 17, 18, 20, 21, 22]
