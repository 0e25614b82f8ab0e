"""The values of the ledger and the reasons for which it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

AccountId = NewType("AccountId", str)
"""An opaque name of an account; who stands behind it is written nowhere in the ledger."""

TxnId = NewType("TxnId", int)
"""Number of a transaction, one up from the one before: its place in the hash chain."""

HoldId = NewType("HoldId", int)

KINDS = ("asset", "liability", "equity", "income", "expense")
"""What an account is in the books of the organisation that keeps the ledger."""


class LedgerError(Exception):
    """The ledger refuses; nothing was written. The message says what, where and what to do."""

    code = "ledger"


class BadPosting(LedgerError):
    """The request can never be booked: unbalanced, empty, an amount of zero, an unknown account."""

    code = "bad-posting"


class InsufficientFunds(LedgerError):
    """An account would fall below its floor, counting what is held."""

    code = "insufficient-funds"


class KeyConflict(LedgerError):
    """The idempotency key was used for a different request."""

    code = "key-conflict"


class HoldClosed(LedgerError):
    """The hold is settled, released or expired already."""

    code = "hold-closed"


class AlreadyReversed(LedgerError):
    """A transaction can be reversed once, and a reversal not at all."""

    code = "already-reversed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a transaction: a positive amount raises what the account has, a negative one lowers it."""

    account: AccountId
    amount: int


@dataclass(frozen=True, slots=True)
class Txn:
    """A balanced transaction as it stands in the chain. `at` is milliseconds since the epoch."""

    id: TxnId
    key: str
    at: int
    about: str
    entries: tuple[Entry, ...]
    reverses: TxnId | None
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has, and what of it is held for open holds."""

    asset: str
    kind: str
    posted: int
    held: int
    floor: int | None

    @property
    def available(self) -> int:
        return self.posted - self.held


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount put aside on one account for another, until it is settled, released or expires."""

    id: HoldId
    source: AccountId
    target: AccountId
    amount: int
    expires_at: int
    outcome: str | None
    """None while open, then `settled`, `released` or `expired`."""
