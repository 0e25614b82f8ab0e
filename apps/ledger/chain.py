"""The hash chain of transactions: how a link is computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from apps.ledger.model import Entry, TxnId

GENESIS = ""
"""What the first transaction names as the one before it."""


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value that has only strings, integers, lists, objects and nulls."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def digest(
    txn: TxnId,
    key: str,
    at: int,
    about: str,
    entries: Iterable[Entry],
    reverses: TxnId | None,
    previous: str,
) -> str:
    """Return the SHA-256 over everything that a transaction says, and over the link before it."""
    lines = sorted((entry.account, entry.amount) for entry in entries)
    said = {"about": about, "at": at, "entries": lines, "id": txn, "key": key, "prev": previous}
    return hashlib.sha256(canonical(said | {"reverses": reverses})).hexdigest()


def body_digest(*parts: Any) -> str:
    """Return the digest by which a repeated request is recognised as the same one."""
    return hashlib.sha256(canonical(list(parts))).hexdigest()
