"""Nonces of receipts, and the nullifiers that stop a receipt from counting twice in one programme."""

from __future__ import annotations

import hashlib
import hmac
import secrets

NONCE_BYTES = 16  # 128 bits: a nullifier cannot be guessed back to a receipt


def fresh_nonce() -> str:
    """Return a random nonce, for a receipt made at a till or at a check-in."""
    return secrets.token_hex(NONCE_BYTES)


def imported_nonce(secret: bytes, issuer: str, receipt_id: str) -> str:
    """Return the nonce of an imported receipt: the same each time, and unguessable without the secret."""
    message = f"{issuer}\n{receipt_id}".encode()
    return hmac.digest(secret, message, "sha256")[:NONCE_BYTES].hex()


def nullifier(programme: str, nonce: str) -> str:
    """Return H(programme, nonce) in hexadecimal, unique per receipt in a programme.

    Two programmes cannot link their nullifiers unless the issuer, who knows the nonces, helps them.
    """
    return hashlib.sha256(f"portico-nullifier\n{programme}\n{nonce}".encode()).hexdigest()
