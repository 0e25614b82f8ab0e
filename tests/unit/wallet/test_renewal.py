"""Renewing a consent: when the reminder comes, how long it lasts then, and what is never renewed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.model import (
    Controller,
    ControllerState,
    DataItem,
    GrantId,
    GrantState,
    OutputMode,
    OwnGrant,
    PurposeDeclaration,
    PurposeIri,
)
from pods.model import WebId
from wallet.renewal import ends_soon, renewed_until

DAY = 86_400.0
GIVEN_AT = 1_790_000_000.0
COOP = WebId("https://pods.example/coop#me")


def grant(days: float = 180, *, valid_days: float = 1000, basis: str = "gdpr:A6-1-a") -> OwnGrant:
    """Return a consent that was given for so many days, to a purpose that is valid for so many."""
    items = (DataItem("Purchase", ("total",), OutputMode.ROWS),)
    purpose = PurposeDeclaration(
        iri=PurposeIri("https://pods.example/p/1"),
        identifier="p",
        controller=COOP,
        version=1,
        title={},
        text={},
        consequence_of_refusal={},
        legal_basis=basis,
        items=items,
        recipients=(),
        retention_days=30,
        valid_until=GIVEN_AT + valid_days * DAY,
        notice_digest="",
        digest="",
    )
    controller = Controller(COOP, "Coop", "cooperative", "", "", {}, ControllerState.APPROVED, GIVEN_AT)
    return OwnGrant(
        id=GrantId("g"),
        purpose=purpose,
        controller=controller,
        items=items,
        state=GrantState.GIVEN,
        given_at=GIVEN_AT,
        expires_at=GIVEN_AT + days * DAY,
        changed_at=GIVEN_AT,
        record="",
    )


@pytest.mark.parametrize(
    ("days", "passed", "soon"),
    [
        (180, 0, False),
        (180, 149, False),
        (180, 151, True),
        (180, 179, True),
        (180, 180, False),  # it has ended: that is no reminder any more
        (20, 0, False),  # given for less than a month: no reminder on the first day
        (20, 9, False),
        (20, 11, True),
    ],
)
def test_the_reminder_comes_in_the_last_month_or_the_last_half(
    days: float, passed: float, soon: bool
) -> None:
    assert ends_soon(grant(days), GIVEN_AT + passed * DAY) is soon


def test_a_renewal_lasts_as_long_again_and_no_longer() -> None:
    assert renewed_until(grant(180), GIVEN_AT + 170 * DAY) == GIVEN_AT + 350 * DAY


def test_a_renewal_never_outlasts_the_purpose() -> None:
    assert renewed_until(grant(180, valid_days=200), GIVEN_AT + 170 * DAY) == GIVEN_AT + 200 * DAY


@pytest.mark.parametrize(
    "one",
    [
        grant(180, valid_days=180),  # the purpose ends with it
        grant(180, basis="gdpr:A6-1-b"),  # there was nothing to consent to
        replace(grant(180), state=GrantState.SUSPENDED),
        replace(grant(180), state=GrantState.WITHDRAWN),
    ],
)
def test_what_cannot_be_renewed_is_not_offered(one: OwnGrant) -> None:
    assert renewed_until(one, GIVEN_AT + 170 * DAY) is None


def test_nothing_is_renewed_before_it_ends_soon() -> None:
    assert renewed_until(grant(180), GIVEN_AT + 100 * DAY) is None
