"""Renewing a consent that ends soon: one step instead of a new dialogue, and never longer than it was given for."""

from __future__ import annotations

from consent.client import ENDING_DAYS
from consent.model import GrantState, OwnGrant
from consent.model import handling as handling_of

DAY = 86_400.0
SOON = ENDING_DAYS * DAY
SHORTEST = DAY  # a renewal for hours would only bring the next reminder


def ends_soon(grant: OwnGrant, now: float) -> bool:
    """Say whether a consent in force ends within a month; one that was given for less has no reminder at the start."""
    lasted = grant.expires_at - grant.given_at
    return grant.state is GrantState.GIVEN and now < grant.expires_at < now + min(SOON, lasted / 2)


def renewed_until(grant: OwnGrant, now: float) -> float | None:
    """Return until when one step would renew a consent; None where there is nothing to renew.

    It lasts as long again as it was given for, and never longer than the purpose: what is asked, who asks and why
    stay as they were, for another version of the purpose is a new question.
    """
    if not ends_soon(grant, now) or handling_of(grant.purpose.legal_basis).value == "information":
        return None
    end = min(grant.purpose.valid_until, now + (grant.expires_at - grant.given_at))
    return float(int(end)) if end > grant.expires_at + SHORTEST else None
