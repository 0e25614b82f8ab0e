"""The life of a grant: its states, what can happen to it, and the one table of steps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class GrantState(StrEnum):
    """Where a purpose stands with one person (DPV `ConsentStatus`). Only `given` permits anything."""

    UNKNOWN = "unknown"
    ASKED = "asked"
    DEFERRED = "deferred"
    GIVEN = "given"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"


class GrantEvent(StrEnum):
    """What can happen to a grant."""

    ASK = "ask"
    DEFER = "defer"
    LAPSE = "lapse"
    GIVE = "give"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    REVOKE = "revoke"
    SUPERSEDE = "supersede"
    SUSPEND = "suspend"
    RESUME = "resume"
    CARRY_OVER = "carry over"


TRANSITIONS: Mapping[tuple[GrantState, GrantEvent], GrantState] = {
    (GrantState.UNKNOWN, GrantEvent.ASK): GrantState.ASKED,
    (GrantState.UNKNOWN, GrantEvent.GIVE): GrantState.GIVEN,
    (GrantState.UNKNOWN, GrantEvent.REFUSE): GrantState.REFUSED,
    (GrantState.UNKNOWN, GrantEvent.CARRY_OVER): GrantState.GIVEN,
    (GrantState.ASKED, GrantEvent.GIVE): GrantState.GIVEN,
    (GrantState.ASKED, GrantEvent.REFUSE): GrantState.REFUSED,
    (GrantState.ASKED, GrantEvent.DEFER): GrantState.DEFERRED,
    (GrantState.ASKED, GrantEvent.LAPSE): GrantState.UNKNOWN,
    (GrantState.ASKED, GrantEvent.SUPERSEDE): GrantState.SUPERSEDED,
    (GrantState.DEFERRED, GrantEvent.ASK): GrantState.ASKED,
    (GrantState.DEFERRED, GrantEvent.GIVE): GrantState.GIVEN,
    (GrantState.DEFERRED, GrantEvent.REFUSE): GrantState.REFUSED,
    (GrantState.DEFERRED, GrantEvent.LAPSE): GrantState.UNKNOWN,
    (GrantState.DEFERRED, GrantEvent.SUPERSEDE): GrantState.SUPERSEDED,
    # Each who decides says no for themself: a second no is kept beside the first, and both must be taken back.
    (GrantState.REFUSED, GrantEvent.REFUSE): GrantState.REFUSED,
    (GrantState.REFUSED, GrantEvent.ASK): GrantState.ASKED,
    (GrantState.REFUSED, GrantEvent.GIVE): GrantState.GIVEN,
    (GrantState.GIVEN, GrantEvent.GIVE): GrantState.GIVEN,
    (GrantState.GIVEN, GrantEvent.WITHDRAW): GrantState.WITHDRAWN,
    (GrantState.GIVEN, GrantEvent.EXPIRE): GrantState.EXPIRED,
    (GrantState.GIVEN, GrantEvent.REVOKE): GrantState.REVOKED,
    (GrantState.GIVEN, GrantEvent.SUPERSEDE): GrantState.SUPERSEDED,
    (GrantState.GIVEN, GrantEvent.SUSPEND): GrantState.SUSPENDED,
    # A second reason to suspend is kept beside the first: the grant goes on when the last one is gone.
    (GrantState.SUSPENDED, GrantEvent.SUSPEND): GrantState.SUSPENDED,
    (GrantState.SUSPENDED, GrantEvent.RESUME): GrantState.GIVEN,
    (GrantState.SUSPENDED, GrantEvent.WITHDRAW): GrantState.WITHDRAWN,
    (GrantState.SUSPENDED, GrantEvent.EXPIRE): GrantState.EXPIRED,
    (GrantState.SUSPENDED, GrantEvent.REVOKE): GrantState.REVOKED,
    (GrantState.SUSPENDED, GrantEvent.SUPERSEDE): GrantState.SUPERSEDED,
    (GrantState.WITHDRAWN, GrantEvent.GIVE): GrantState.GIVEN,
    (GrantState.REVOKED, GrantEvent.GIVE): GrantState.GIVEN,
    (GrantState.EXPIRED, GrantEvent.ASK): GrantState.ASKED,
    (GrantState.EXPIRED, GrantEvent.GIVE): GrantState.GIVEN,
}
"""Everything that is not in this table is refused. A superseded grant stays so: its successor is another purpose."""

KEEPS_EPOCH = frozenset({GrantEvent.ASK, GrantEvent.DEFER, GrantEvent.LAPSE})
"""Events about a question change no right; every other event ends the tokens in flight."""


class Suspension(StrEnum):
    """Why a grant rests for a time. It goes on when no reason is left."""

    MATERIAL_CHANGE = "material change"
    RESTRICTION = "restriction"
    GUARDIAN_CONFLICT = "guardian conflict"


class Revoker(StrEnum):
    """Who other than the person may end a grant."""

    OPERATOR = "operator"
    COURT = "court"
    GUARDIAN = "guardian"
    CONTROLLER = "controller"


FINAL_REVOKERS = frozenset({Revoker.OPERATOR, Revoker.COURT})
"""Whose revocation nobody undoes by consenting again; only a new version of the purpose can be given."""
