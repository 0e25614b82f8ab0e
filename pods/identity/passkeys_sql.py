"""Rows of passkeys and of the challenges that authenticators sign."""

from __future__ import annotations

from dataclasses import dataclass

from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential of an authenticator; the public half of its key."""

    id: str
    account: int
    public_key: bytes
    uses: int
    """The authenticator's counter; one that goes back betrays a copy."""
    label: str
    created: float
    last_used: float | None


_PASSKEY = "SELECT id, account, public_key, uses, label, created, last_used FROM passkey WHERE "


def passkey(tx: Transaction, credential_id: str) -> Passkey | None:
    """Return a passkey."""
    rows = tx.execute(_PASSKEY + "id = ?", (credential_id,))
    return Passkey(*rows[0]) if rows else None


def passkeys_of(tx: Transaction, account: int) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    return [Passkey(*row) for row in tx.execute(_PASSKEY + "account = ? ORDER BY created, id", (account,))]


def add_passkey(tx: Transaction, new: Passkey) -> bool:
    """Add a passkey; False if it is known already."""
    tx.execute(
        "INSERT INTO passkey (id, account, public_key, uses, label, created) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (new.id, new.account, new.public_key, new.uses, new.label, new.created),
    )
    return tx.row_count == 1


def rename(tx: Transaction, account: int, credential_id: str, label: str) -> bool:
    """Call a passkey of an account otherwise; False if there is none such."""
    tx.execute("UPDATE passkey SET label = ? WHERE id = ? AND account = ?", (label, credential_id, account))
    return tx.row_count == 1


def remove(tx: Transaction, account: int, credential_id: str) -> bool:
    """Remove a passkey of an account; False if there is none such."""
    tx.execute("DELETE FROM passkey WHERE id = ? AND account = ?", (credential_id, account))
    return tx.row_count == 1


def mark_used(tx: Transaction, credential_id: str, uses: int, at: float) -> None:
    """Note the counter and the time of a log-in."""
    tx.execute("UPDATE passkey SET uses = ?, last_used = ? WHERE id = ?", (uses, at, credential_id))


def add_challenge(tx: Transaction, digest: bytes, purpose: str, expires: float, now: float) -> None:
    """Add a challenge, and forget the expired ones."""
    tx.execute("DELETE FROM passkey_challenge WHERE expires < ?", (now,))
    tx.execute("INSERT INTO passkey_challenge VALUES (?, ?, ?)", (digest, purpose, expires))


def spend_challenge(tx: Transaction, digest: bytes, purpose: str, now: float) -> bool:
    """Take a challenge away; False if it was not given for this purpose, or used, or is too old."""
    tx.execute(
        "DELETE FROM passkey_challenge WHERE digest = ? AND purpose = ? AND expires >= ?",
        (digest, purpose, now),
    )
    return tx.row_count == 1
