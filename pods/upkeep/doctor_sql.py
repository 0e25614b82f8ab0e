"""What the doctor asks the database, in the words that both databases know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pods.storage.base import Transaction
from pods.storage.transaction import ENTRY_BYTES

PAGE = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A resource as the database holds it."""

    name: str
    container: bool
    parent: str | None
    pod: int
    media_type: str
    etag: str
    size: int
    content: bytes
    blob: str | None


def rows(tx: Transaction) -> Iterator[Row]:
    """Return every resource of the host in the order of its name."""
    after = ""
    while page := tx.execute(
        "SELECT name, container, parent, pod, media_type, etag, size, content, blob FROM resource"
        " WHERE name > ? ORDER BY name LIMIT ?",
        (after, PAGE),
    ):
        for name, container, parent, pod, media_type, etag, size, content, blob in page:
            yield Row(name, bool(container), parent, pod, media_type, etag, size, bytes(content), blob)
        after = page[-1][0]


def pods(tx: Transaction) -> list[tuple[int, str, str, int]]:
    """Return key, name, owner and the bytes that each pod is said to hold."""
    return [
        (int(key), str(name), str(owner), int(used))
        for key, name, owner, used in tx.execute("SELECT key, name, owner, used FROM pod ORDER BY key")
    ]


def held(tx: Transaction) -> dict[int, int]:
    """Return the bytes that each pod holds, counted anew."""
    counted = tx.execute("SELECT pod, sum(size) + ? * count(*) FROM resource GROUP BY pod", (ENTRY_BYTES,))
    return {int(pod): int(size) for pod, size in counted}


def homeless(tx: Transaction) -> list[tuple[str, str]]:
    """Return resources whose container is missing, no container, or in another pod."""
    found = tx.execute(
        "SELECT r.name, r.parent FROM resource r LEFT JOIN resource p"
        " ON p.name = substr(r.parent, 1, length(r.parent) - 1) AND p.container = 1 AND p.pod = r.pod"
        " WHERE r.parent IS NOT NULL AND p.name IS NULL AND r.pod NOT IN (SELECT pod FROM removal) ORDER BY r.name"
    )
    return [(str(name), str(parent)) for name, parent in found]


def migrations(tx: Transaction) -> set[str]:
    """Return the steps that were applied."""
    return {str(name) for (name,) in tx.execute("SELECT name FROM migration")}


def known_blobs(tx: Transaction) -> set[str]:
    """Return every blob that a row names, or that waits for its removal."""
    named = tx.execute("SELECT blob FROM resource WHERE blob IS NOT NULL")
    return {str(key) for (key,) in [*named, *tx.execute("SELECT key FROM dropped_blob")]}


def set_used(tx: Transaction, pod: int, used: int) -> None:
    """Correct what a pod is said to hold."""
    tx.execute("UPDATE pod SET used = ? WHERE key = ?", (used, pod))


def leaving(tx: Transaction) -> set[int]:
    """Return pods that are being removed; what is left of them need not be whole."""
    return {int(pod) for (pod,) in tx.execute("SELECT pod FROM removal")}
