"""Standing preferences: the decision table, row by row."""

from __future__ import annotations

from itertools import permutations

import pytest

from consent.bases import HANDLING
from consent.model import DataItem, OutputMode, PurposeDeclaration, PurposeIri
from consent.preferences.classes import can_be_meant
from consent.preferences.model import Choice, Rule
from consent.preferences.verdict import verdict
from pods.model import WebId

NEVER, ASK, ALLOW = Choice.NEVER, Choice.ASK, Choice.ALLOW
CONSENT, EXPLICIT, INTEREST = "gdpr:A6-1-a", "gdpr:A9-2-a", "gdpr:A6-1-f"
SUMS = DataItem("Purchase", ("seller",), OutputMode.AGGREGATE_ONLY)
CLAIM = DataItem("Profile", ("district",), OutputMode.CLAIM)
ROWS = DataItem("Purchase", ("orderedAt",), OutputMode.ROWS)
APPEND = DataItem("Participation", ("at",), OutputMode.APPEND)


def purpose(*items: DataItem, basis: str = CONSENT) -> PurposeDeclaration:
    """Return a purpose that asks for the items."""
    return PurposeDeclaration(
        iri=PurposeIri("https://pods.example/p/1"),
        identifier="p",
        controller=WebId("https://pods.example/coop#me"),
        version=1,
        title={},
        text={},
        consequence_of_refusal={},
        legal_basis=basis,
        items=items,
        recipients=(),
        retention_days=30,
        valid_until=2e9,
        notice_digest="",
        digest="",
    )


TABLE = [
    # no rule, and rules about something else: the person is asked
    ([], purpose(SUMS), ASK),
    ([Rule(NEVER, shape="Profile")], purpose(SUMS), ASK),
    ([Rule(NEVER, controller_kind="administration")], purpose(SUMS), ASK),
    # each class, alone
    ([Rule(NEVER)], purpose(SUMS), NEVER),
    ([Rule(NEVER, basis=CONSENT)], purpose(SUMS), NEVER),
    ([Rule(NEVER, mode="aggregateOnly")], purpose(SUMS), NEVER),
    ([Rule(NEVER, controller_kind="shop")], purpose(SUMS), NEVER),
    ([Rule(NEVER, shape="Purchase")], purpose(SUMS), NEVER),
    # the most specific rule wins, whichever way it goes
    ([Rule(NEVER), Rule(ASK, shape="Purchase")], purpose(SUMS), ASK),
    ([Rule(ALLOW), Rule(NEVER, shape="Purchase")], purpose(SUMS), NEVER),
    (
        [Rule(NEVER, controller_kind="shop"), Rule(ALLOW, controller_kind="shop", shape="Purchase")],
        purpose(SUMS),
        ALLOW,
    ),
    # equally specific: never before ask before allow
    ([Rule(ALLOW, shape="Purchase"), Rule(NEVER, controller_kind="shop")], purpose(SUMS), NEVER),
    ([Rule(ALLOW, shape="Purchase"), Rule(ASK, controller_kind="shop")], purpose(SUMS), ASK),
    ([Rule(ASK, mode="aggregateOnly"), Rule(NEVER, basis=CONSENT)], purpose(SUMS), NEVER),
    # allow reaches the narrowest modes only, and nothing but consent
    ([Rule(ALLOW)], purpose(SUMS), ALLOW),
    ([Rule(ALLOW)], purpose(CLAIM), ALLOW),
    ([Rule(ALLOW, mode="rows")], purpose(ROWS), ASK),
    ([Rule(ALLOW)], purpose(APPEND), ASK),
    ([Rule(ALLOW)], purpose(SUMS, basis=INTEREST), ASK),
    # art. 9(2)(a): what the law wants explicit consent for is never prepared, however the rule is written
    ([Rule(ALLOW)], purpose(SUMS, basis=EXPLICIT), ASK),
    ([Rule(ALLOW, basis=EXPLICIT)], purpose(SUMS, basis=EXPLICIT), ASK),
    ([Rule(NEVER)], purpose(SUMS, basis=EXPLICIT), NEVER),
    ([Rule(NEVER)], purpose(SUMS, basis=INTEREST), NEVER),
    # several items: the strictest counts for the whole question
    ([Rule(ALLOW)], purpose(SUMS, CLAIM), ALLOW),
    ([Rule(ALLOW)], purpose(SUMS, ROWS), ASK),
    ([Rule(ALLOW), Rule(NEVER, shape="Profile")], purpose(SUMS, CLAIM), NEVER),
]


@pytest.mark.parametrize(("rules", "asked", "said"), TABLE)
def test_what_the_rules_of_a_person_say_to_a_shop(
    rules: list[Rule], asked: PurposeDeclaration, said: Choice
) -> None:
    assert {verdict(order, asked, "shop") for order in permutations(rules)} == {said}


@pytest.mark.parametrize("basis", ["", *HANDLING])
@pytest.mark.parametrize("mode", ["", *(mode.value for mode in OutputMode)])
def test_allow_can_be_said_of_totals_and_results_under_plain_consent_only(basis: str, mode: str) -> None:
    lawful = basis in ("", CONSENT) and mode in ("", "aggregateOnly", "claim")
    assert can_be_meant(Rule(ALLOW, basis=basis, mode=mode)) is lawful
    assert can_be_meant(Rule(NEVER, basis=basis, mode=mode))
    assert can_be_meant(Rule(ASK, basis=basis, mode=mode))
