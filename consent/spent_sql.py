"""What may be used once: tickets and the ids of signed claims and proofs, kept until they would expire anyway."""

from __future__ import annotations

import hashlib

from pods.storage.base import Transaction


def spend_ticket(tx: Transaction, ticket_id: str, expires_at: float, at: float) -> bool:
    """Spend a ticket; False if it was spent before. Forgets tickets whose time is over."""
    tx.execute("DELETE FROM spent_ticket WHERE expires_at <= ?", (at,))
    tx.execute(
        "INSERT INTO spent_ticket (id, expires_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
        (ticket_id, expires_at),
    )
    return tx.row_count == 1


def spend_claim(tx: Transaction, signer: str, jti: str, expires_at: float, at: float) -> bool:
    """Spend the id of something that `signer` signed; False if it was spent before."""
    tx.execute("DELETE FROM spent_claim WHERE expires_at <= ?", (at,))
    digest = hashlib.sha256(f"{signer}\0{jti}".encode()).hexdigest()
    tx.execute(
        "INSERT INTO spent_claim (id, expires_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
        (digest, expires_at),
    )
    return tx.row_count == 1
