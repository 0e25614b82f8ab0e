"""Tables of check-in: numbers given out, and nothing about who came."""

from __future__ import annotations

import sqlite3

SCHEMA = (
    "checkin-1",
    (
        """
        CREATE TABLE issued (
            organisation TEXT NOT NULL,
            number TEXT NOT NULL,
            PRIMARY KEY (organisation, number)
        ) STRICT, WITHOUT ROWID
        """,
    ),
)


def number_is_new(tx: sqlite3.Connection, organisation: str, number: str) -> bool:
    """Take a number; False if it was given out before."""
    added = tx.execute(
        "INSERT INTO issued (organisation, number) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (organisation, number),
    )
    return added.rowcount == 1
