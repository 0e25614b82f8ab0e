"""What stops attacks on totals: bounds, noise, budget, one answer to one question, and people who leave meanwhile."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

UNIT = "tests/unit/consent/aggregation/"
ENGINE = UNIT + "test_engine.py::"
ASKING = UNIT + "test_asking.py::"
RELEASE = UNIT + "test_release.py::"
BUDGET = UNIT + "test_budget.py::"
OTHER_ORDER = (
    UNIT
    + "test_query.py::test_p7_the_other_order_of_dimensions_of_conditions_and_of_codes_is_the_same_question"
)
PROJECTION = UNIT + "test_projection.py::"
RUNNING = "tests/http/consent/test_running_question.py::"
SUMS = "tests/property/test_budget_sums.py::test_p4_the_ledger_is_the_sum_of_the_releases_and_never_above_the_total"
CLAIMED = (
    "tests/http/consent/test_question_claims.py::test_a_question_with_a_wrong_statement_of_purpose_is_refused"
)
MODULE = "consent/aggregation/"

AGGREGATES: tuple[Mechanism, ...] = (
    Mechanism(
        "22",
        "noise",
        MODULE + "release.py",
        "    return np.array(_gaussian(by.scale)([int(value) for value in exact]), np.int64)",
        "    return np.array([int(value) for value in exact], np.int64)",
        RELEASE + "test_noise_has_the_promised_spread_and_no_drift",
    ),
    Mechanism(
        "22, 26",
        "what a person adds is clamped",
        MODULE + "plan_sql.py",
        'value = f"least(greatest({adds}, {least}), {most})"',
        'value = f"{adds} + 0 * ({least} + {most})"',
        ENGINE + "test_what_a_person_adds_is_at_most_the_bound",
    ),
    Mechanism(
        "22",
        "a person touches a few cells",
        MODULE + "plan_sql.py",
        "    return min(l0, query.row_cells())",
        "    return query.row_cells()",
        ENGINE + "test_which_cells_survive_does_not_depend_on_the_order_of_the_list",
    ),
    Mechanism(
        "26",
        "a bound that does not hold stops the release",
        MODULE + "engine.py",
        "        _check(plan, least, largest, most_cells)",
        "        pass",
        ENGINE + "test_a_bound_that_does_not_hold_stops_the_release",
    ),
    Mechanism(
        "22",
        "who leaves while a question runs is out",
        MODULE + "asking.py",
        "        if not people.unchanged(tx, at):",
        "        if False:",
        RUNNING + "test_whoever_leaves_while_a_question_runs_is_in_no_released_cell",
    ),
    Mechanism(
        "22",
        "who joins while a question runs is not in it",
        MODULE + "asking.py",
        "            kept = people.kept(now)",
        "            kept = now",
        RUNNING + "test_a_grant_given_while_a_question_runs_does_not_enter_it",
    ),
    Mechanism(
        "5, 22",
        "who left and came back while a question runs is not in it",
        MODULE + "eligible_sql.py",
        "        same = set(zip(self.pods, self.grants, self.epochs, strict=True))",
        "        same = set(zip(now.pods, now.grants, now.epochs, strict=True))",
        RUNNING + "test_withdrawn_and_given_again_while_a_question_runs_is_not_in_it",
    ),
    Mechanism(
        "22",
        "a pod that is removed does not hide a withdrawal",
        MODULE + "eligible_sql.py",
        " + (SELECT coalesce(sum(epochs), 0) FROM departed WHERE controller = ?)",
        " + 0 * (SELECT coalesce(sum(epochs), 0) FROM departed WHERE controller = ?)",
        RUNNING + "test_a_pod_that_is_removed_does_not_hide_a_withdrawal",
    ),
    Mechanism(
        "23",
        "the same question has one answer",
        MODULE + "asking.py",
        "        if known is not None:",
        "        if False:",
        ASKING + "test_the_same_question_again_costs_nothing_and_has_the_same_bytes",
    ),
    Mechanism(
        "23",
        "the order of dimensions makes no other question",
        MODULE + "query.py",
        "        group_by=tuple(sorted(group_by, key=lambda field: field.name)),",
        "        group_by=group_by,",
        OTHER_ORDER,
    ),
    Mechanism(
        "23",
        "the order of conditions makes no other question",
        MODULE + "query.py",
        "    return tuple(found[name] for name in sorted(found))",
        "    return tuple(found.values())",
        OTHER_ORDER,
    ),
    Mechanism(
        "23",
        "the order of codes makes no other question",
        MODULE + "query.py",
        "tuple(code for code in field.codes if code in chosen)",
        'tuple(entry["in"])',
        OTHER_ORDER,
    ),
    Mechanism(
        "24",
        "the minimum counts on the noisy number",
        MODULE + "release.py",
        "        shown = people >= k_min",
        "        shown = int(cells.people[len(released)]) >= k_min",
        RELEASE + "test_a_group_at_the_minimum_is_withheld_about_half_the_time",
    ),
    Mechanism(
        "24",
        "small groups are withheld",
        MODULE + "release.py",
        "        shown = people >= k_min",
        "        shown = True",
        RELEASE + "test_groups_are_withheld_by_their_noisy_size",
    ),
    Mechanism(
        "25",
        "the budget is taken only where it is there",
        MODULE + "budget_sql.py",
        "WHERE programme = ? AND rho_spent + ? <= rho_total",
        "WHERE programme = ? AND ? >= 0",
        SUMS,
    ),
    Mechanism(
        "25",
        "what was reserved is never given back",
        MODULE + "budget_sql.py",
        '        _add_line(tx, rows[0][0], "burn", release, rows[0][1], "", at)',
        '        _add_line(tx, rows[0][0], "burn", release, rows[0][1], "", at)\n'
        '        tx.execute("UPDATE budget SET rho_spent = rho_spent - ?", (rows[0][1],))',
        BUDGET + "test_a_crash_between_reserve_and_commit_burns_the_cost",
    ),
    Mechanism(
        "25",
        "what a crash left is burned",
        MODULE + "asking.py",
        "                await self._commits.submit(partial(self._recover, projection))",
        "                pass",
        ASKING + "test_after_a_crash_the_cost_is_spent_and_the_question_can_be_asked_again",
    ),
    Mechanism(
        "26",
        "a receipt stored twice counts once",
        MODULE + "projection.py",
        "            fresh = (unit, receipt.nonce) not in seen",
        "            fresh = True",
        PROJECTION + "test_a_receipt_stored_twice_in_a_pod_counts_once_until_both_are_gone",
    ),
    Mechanism(
        "27",
        "a receipt that nobody signed counts for nothing",
        MODULE + "projection.py",
        "                failed[path] = unit",
        "                raise",
        PROJECTION + "test_a_receipt_that_nobody_signed_counts_for_nothing",
    ),
    Mechanism(
        "28",
        "too few people are asked nothing",
        MODULE + "asking.py",
        '        if counted["people"] < terms.min_participants:',
        "        if False:",
        ASKING + "test_too_few_participants_are_refused_before_any_data_are_read",
    ),
    Mechanism(
        "28",
        "a head count is noisy",
        MODULE + "release.py",
        "    return HeadCount(int(add_noise(np.array([people], np.int64), by)[0]), by)",
        "    return HeadCount(people, by)",
        RELEASE + "test_a_head_count_is_noisy",
    ),
    Mechanism(
        "29",
        "the day and not the data makes a new price",
        MODULE + "asking.py",
        "        known = budget_sql.stored(tx, terms.iri, digest, question.snapshot)",
        "        people = contributors(tx, purpose.iri, purpose.controller, asked.needs(), question.asked_at)\n"
        "        question = replace(question, snapshot=f'{question.snapshot}-{people.version}')\n"
        "        known = budget_sql.stored(tx, terms.iri, digest, question.snapshot)",
        ASKING + "test_consent_changes_within_a_day_do_not_show_in_the_price",
    ),
    Mechanism(
        "30",
        "the noise has no seed",
        MODULE + "release.py",
        "    return np.array(_gaussian(by.scale)([int(value) for value in exact]), np.int64)",
        "    drawn = np.random.default_rng(7).normal(0, by.scale, len(exact))\n"
        "    return np.array([int(value) for value in exact], np.int64) + drawn.round().astype(np.int64)",
        RELEASE + "test_two_answers_to_the_same_cells_differ",
    ),
    Mechanism(
        "10",
        "a question states its purpose for itself alone",
        MODULE + "routes.py",
        '                bound=("request_hash", bound),',
        '                bound=("sub", webid),',
        CLAIMED,
    ),
    Mechanism(
        "10",
        "a statement of purpose is good for one question",
        MODULE + "routes.py",
        "        if not spent_sql.spend_claim(tx, controller.iri, checked.jti, checked.expires_at, now):",
        "        if False:",
        CLAIMED,
    ),
    Mechanism(
        "10",
        "a question is asked for a purpose of one's own",
        MODULE + "routes.py",
        "        if purpose is None or purpose.controller != controller.iri:",
        "        if purpose is None:",
        CLAIMED,
    ),
)
