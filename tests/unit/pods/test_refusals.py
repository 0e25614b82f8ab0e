"""Refusals in a log: the first have a line each, many are told by their number, and nobody fills the log."""

from pods.refusals import FIRST, FIRST_OF_POD, SPAN, Refusals

NOON = 1772366400.0


def lines(refusals: Refusals, count: int, webid: str = "w", at: float = NOON) -> list[str]:
    said = (refusals.count(1, webid, at) for _ in range(count))
    return [each for each in said if each is not None]


def test_the_first_refusals_have_a_line_each() -> None:
    assert lines(Refusals(), FIRST) == [""] * FIRST


def test_further_ones_are_told_when_their_number_has_doubled() -> None:
    refusals = Refusals()
    lines(refusals, FIRST)
    said = lines(refusals, 9 * FIRST)
    assert [each.split()[0] for each in said] == [str(times * FIRST) for times in (2, 4, 8)]
    assert "since 2026-03-01T12:00Z" in said[0]


def test_a_flood_of_an_hour_costs_the_log_a_few_lines() -> None:
    assert len(lines(Refusals(), 100_000)) < FIRST + 15


def test_what_was_not_told_within_the_hour_is_told_in_the_next() -> None:
    refusals = Refusals()
    lines(refusals, 3 * FIRST)
    said = lines(refusals, 2, at=NOON + SPAN)
    assert f"there were {3 * FIRST} refusals to this agent" in said[0]
    assert said[1] == ""


def test_many_agents_together_do_not_fill_a_log_either() -> None:
    refusals = Refusals()
    said = [line for n in range(3_000) for line in lines(refusals, 1, f"w{n}")]
    assert len(said) == FIRST_OF_POD + 2
    assert "refusals in this pod" in said[-1]


def test_one_agent_in_one_pod_says_nothing_of_another() -> None:
    refusals = Refusals()
    lines(refusals, 10 * FIRST)
    assert refusals.count(2, "w", NOON) == ""
    assert refusals.count(1, "other", NOON) == ""
