"""What leaves is noisy in the promised measure, and small groups are withheld by their noisy size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from consent.aggregation.engine import Cells
from consent.aggregation.fields import Fields
from consent.aggregation.programme import MICRO
from consent.aggregation.query import Query, query
from consent.aggregation.release import add_noise, epsilon, head_count, mechanism, release
from tests.unit.consent.aggregation.town import question, terms

TRIALS = 20_000


def asked(**members: Any) -> Query:
    return query(question(**members), terms(), Fields())


@pytest.mark.parametrize(("rho", "l0", "linf"), [(20_000, 1, 1), (50_000, 3, 1), (20_000, 4, 50_000)])
def test_sigma_is_the_least_that_keeps_the_promise(rho: int, l0: int, linf: int) -> None:
    # zCDP of the Gaussian mechanism: rho = (l2 sensitivity)^2 / (2 sigma^2), Bun and Steinke 2016, prop. 1.6.
    exact = linf * math.sqrt(l0) / math.sqrt(2 * rho / MICRO)
    assert mechanism(rho, l0, linf).scale == pytest.approx(exact, rel=1e-9)


def test_noise_has_the_promised_spread_and_no_drift() -> None:
    by = mechanism(20_000, 2, 10)
    errors = add_noise(np.full(TRIALS, 1000, np.int64), by) - 1000
    # Five and a half standard errors: a correct mechanism fails here less than once in 10^7 runs.
    assert abs(errors.mean()) < 5.5 * by.scale / math.sqrt(TRIALS)
    assert abs(errors.std() / by.scale - 1) < 5.5 / math.sqrt(2 * TRIALS)


def test_the_interval_holds_the_truth_in_95_of_100_cases() -> None:
    by = mechanism(20_000, 2, 10)
    errors = np.abs(add_noise(np.zeros(TRIALS, np.int64), by))
    inside = float((errors <= by.margin).mean())
    # A discrete interval holds a little more than its nominal share, never less.
    assert (
        0.95 - 5.5 * math.sqrt(0.95 * 0.05 / TRIALS) < inside < 0.96 + 5.5 * math.sqrt(0.96 * 0.04 / TRIALS)
    )


def test_two_answers_to_the_same_cells_differ() -> None:
    cells = Cells((10,), np.full(10, 100, np.int64), np.full(10, 100, np.int64))
    first, second = (release(asked(), cells, l0=1, k_min=3) for _ in range(2))
    # Ten cells with sigma 3.2 all alike by chance: less than once in 10^9.
    assert first.cells != second.cells


def test_groups_are_withheld_by_their_noisy_size() -> None:
    people = np.array([0] * 5 + [1000] * 5, np.int64)
    released = release(asked(), Cells((10,), people, people), l0=1, k_min=100)
    assert [cell.value is None for cell in released.cells] == [True] * 5 + [False] * 5
    assert all(cell.people is None for cell in released.cells[:5])


def test_a_group_at_the_minimum_is_withheld_about_half_the_time() -> None:
    """Were the true count compared, it would always be shown, and being shown would tell the count."""
    people = np.full(10, 50, np.int64)
    shown = sum(
        cell.value is not None
        for _ in range(40)
        for cell in release(asked(), Cells((10,), people, people), l0=1, k_min=50).cells
    )
    # Noise below zero with probability 0.437 at sigma 3.16; 400 draws, six sigma of 9.9.
    assert 0.563 * 400 - 60 < shown < 0.563 * 400 + 60


def test_a_sum_costs_exactly_what_was_asked_for() -> None:
    summed = asked(measure={"function": "sum", "property": "Purchase.lineAmount"}, rho=0.033333)
    zeros = np.zeros(10, np.int64)
    released = release(summed, Cells((10,), zeros, zeros), l0=3, k_min=3)
    assert released.people.rho + released.values.rho == released.rho == 33_333
    assert (released.people.linf, released.values.linf) == (1, 3000)
    assert released.people.l0 == released.values.l0 == 3


def test_a_question_without_dimensions_has_one_cell() -> None:
    people = np.array([500], np.int64)
    released = release(asked(group_by=[]), Cells((), people, people), l0=1, k_min=3)
    assert [cell.key for cell in released.cells] == [()]


def test_epsilon_is_below_the_textbook_bound() -> None:
    rho, delta = 0.05, 1e-7
    assert 1.5 < epsilon(50_000) < rho + 2 * math.sqrt(rho * math.log(1 / delta))


def test_a_head_count_is_noisy() -> None:
    counts = {head_count(300, 2_000).people for _ in range(20)}
    assert len(counts) > 1
    assert all(abs(count - 300) < 7 * 15.9 for count in counts)
