"""The store of one-time links: what waits for its wallet, unreadable to whoever holds the database."""

from __future__ import annotations

import hashlib
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from apps.handover import links_sql as sql

LIFE_SECONDS = 15 * 60
"""From the till to the wallet: long enough to unlock a phone, short enough that a lost link is worthless."""

TOKEN_BYTES = 32

_ZERO_NONCE = bytes(12)


class LinkUnknown(Exception):
    """No such link, or its time is over."""


class LinkUsed(Exception):
    """The link was fetched already."""


class Links:
    """Offers and takes. The token is the only key to the content, and it is stored nowhere.

    The row's name is one digest of the token, the cipher key another, so that a copy of the database, or
    a page that SQLite has not yet overwritten, gives away neither the link nor the receipt (design, rule 1).
    """

    def __init__(self, new_bytes: Callable[[int], bytes], *, life: float = LIFE_SECONDS) -> None:
        self._new_bytes = new_bytes
        self._life = life

    def offer(self, tx: sqlite3.Connection, content: bytes, *, at: float) -> str:
        """Store the content and return the token of its link, 256 random bits."""
        tx.execute(sql.SWEEP, (int(at),))
        token = urlsafe_b64encode(self._new_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
        # The key belongs to this one message, so a fixed nonce is never used twice under it.
        sealed = AESGCM(_digest(b"key", token)).encrypt(_ZERO_NONCE, content, None)
        tx.execute(sql.ADD, (_digest(b"name", token).hex(), sealed, int(at + self._life)))
        return token

    def waiting(self, tx: sqlite3.Connection, unverified_token: str, *, at: float) -> None:
        """Return if the content still waits; raise LinkUnknown or LinkUsed. Takes nothing."""
        self._found(tx, unverified_token, at)

    def take(self, tx: sqlite3.Connection, unverified_token: str, *, at: float) -> bytes:
        """Return the content and forget it; of two takers at once the second gets LinkUsed.

        `tx` must be a write transaction. Raises LinkUnknown for a link that never was, or has expired.
        """
        name, sealed = self._found(tx, unverified_token, at)
        if tx.execute(sql.EMPTY, (name,)).rowcount != 1:
            raise LinkUsed
        try:
            return AESGCM(_digest(b"key", unverified_token)).decrypt(_ZERO_NONCE, sealed, None)
        except InvalidTag as error:
            raise LinkUnknown from error

    @staticmethod
    def _found(tx: sqlite3.Connection, token: str, at: float) -> tuple[str, bytes]:
        name = _digest(b"name", token).hex()
        row = tx.execute(sql.FIND, (name,)).fetchone()
        if row is None or row[1] <= int(at):
            raise LinkUnknown
        if row[0] is None:
            raise LinkUsed
        return name, bytes(row[0])


def _digest(use: bytes, token: str) -> bytes:
    return hashlib.sha256(b"portico handover " + use + b"\x00" + token.encode()).digest()
