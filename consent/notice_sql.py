"""Rows of notices: in which language a purpose was read before a decision about it."""

from __future__ import annotations

from collections.abc import Mapping

from pods.storage.base import Transaction


def shown(tx: Transaction, grant_id: str, language: str) -> None:
    """Note the language in which the notice was shown before what happened last to a grant."""
    tx.execute(
        "INSERT INTO notice_shown (grant_id, number, language)"
        " SELECT grant_id, number, ? FROM consent_event WHERE grant_id = ? ORDER BY number DESC LIMIT 1",
        (language, grant_id),
    )


def last(tx: Transaction, grant_id: str) -> str:
    """Return the language in which the notice was shown last; an empty text where nobody said it.

    A grant is about one version of a purpose, and so about one notice.
    """
    rows = tx.execute(
        "SELECT language FROM notice_shown WHERE grant_id = ? ORDER BY number DESC LIMIT 1", (grant_id,)
    )
    return str(rows[0][0]) if rows else ""


def languages(tx: Transaction, grant_id: str, *, after: int = 0) -> Mapping[int, str]:
    """Return the language for each event of a grant after that of a number, where it is known."""
    rows = tx.execute(
        "SELECT number, language FROM notice_shown WHERE grant_id = ? AND number > ?", (grant_id, after)
    )
    return {int(number): language for number, language in rows}
