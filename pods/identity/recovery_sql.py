"""Rows of recovery codes and one-time links: random secrets, kept as digests, each good once."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence

from pods.identity.passwords import digest
from pods.storage.base import Transaction

CODES = 8
LINK_SECONDS = 86400.0  # a day to bring the link to the person


def new_codes() -> list[str]:
    """Return fresh codes of 80 bits each, in groups that people can type."""
    return ["-".join(_groups(base64.b32encode(secrets.token_bytes(10)).decode())) for _ in range(CODES)]


def normal(code: str) -> str:
    """Return a code as it is stored, however it was typed; a link's secret stays as it is."""
    plain = code.replace("-", "").replace(" ", "").upper()
    return plain if len(plain) == 16 else code.strip()


def replace_codes(tx: Transaction, account: int, codes: Sequence[str]) -> None:
    """Give an account new codes and void the old ones."""
    tx.execute("DELETE FROM recovery_code WHERE account = ? AND expires IS NULL", (account,))
    tx.execute_many(
        "INSERT INTO recovery_code (digest, account, expires) VALUES (?, ?, NULL)",
        [(digest(normal(code)), account) for code in codes],
    )


def add_link(tx: Transaction, account: int, secret: str, now: float) -> None:
    """Let an account be recovered by a link, in place of any other link."""
    tx.execute("DELETE FROM recovery_code WHERE account = ? AND expires IS NOT NULL", (account,))
    tx.execute(
        "INSERT INTO recovery_code (digest, account, expires) VALUES (?, ?, ?)",
        (digest(secret), account, now + LINK_SECONDS),
    )


def codes_left(tx: Transaction, account: int) -> int:
    """Count the codes that were not used yet."""
    sql = "SELECT count(*) FROM recovery_code WHERE account = ? AND expires IS NULL"
    return int(tx.execute(sql, (account,))[0][0])


def owner(tx: Transaction, code: str, now: float) -> int | None:
    """Return the account that a code or link recovers."""
    sql = "SELECT account FROM recovery_code WHERE digest = ? AND (expires IS NULL OR expires > ?)"
    rows = tx.execute(sql, (digest(normal(code)), now))
    return int(rows[0][0]) if rows else None


def spend(tx: Transaction, code: str) -> None:
    """Void a code or link that was used."""
    tx.execute("DELETE FROM recovery_code WHERE digest = ?", (digest(normal(code)),))


def _groups(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]
