"""Rows of pods that are being removed, and of names that nobody may have again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pods.activity import keys_sql, retention
from pods.protocol import target
from pods.storage.base import Pod, Transaction
from pods.storage.transaction import tombstone

ANYWHERE = "/"
"""The path of the one line that the outbox keeps of a removed pod: followers forget all that they know of it."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A pod that is closed already, and whose rows go step by step."""

    pod: int
    name: str


def close(tx: Transaction, pod: Pod, at: float) -> None:
    """Take the pod's name, owner and access rules away; from this commit on nothing of it can be reached."""
    tx.execute("INSERT INTO removal (pod, name, begun) VALUES (?, ?, ?)", (pod.key, pod.name, at))
    tx.execute("INSERT INTO gone_pod (name, at) VALUES (?, ?)", (tombstone(pod.name), at))
    # No pod can be asked for by this name, since it has a dot. The row itself stays until its resources are gone.
    tx.execute("UPDATE pod SET name = ?, owner = '' WHERE key = ?", (f".gone-{pod.key}", pod.key))
    # Web Access Control: without a rule there is no right, whatever token, role or cached row somebody holds.
    tx.execute(
        "DELETE FROM resource WHERE name >= ? AND name < ? AND name LIKE ?",
        (*_range(pod.name), f"%{target.ACL}"),
    )
    tx.execute("INSERT INTO change (pod, path, kind, at) VALUES (?, ?, 'Delete', ?)", (pod.key, ANYWHERE, at))
    keys_sql.destroy(tx, pod.key)  # what the log said is unreadable from this commit on


def is_gone(tx: Transaction, name: str) -> bool:
    """Say whether a pod of this name was removed; the name itself is not kept."""
    return bool(tx.execute("SELECT 1 FROM gone_pod WHERE name = ?", (tombstone(name),)))


def oldest(tx: Transaction) -> Closing | None:
    """Return the removal that began first and is not finished."""
    rows = tx.execute("SELECT pod, name FROM removal ORDER BY begun, pod LIMIT 1")
    return Closing(*rows[0]) if rows else None


def is_closing(tx: Transaction, pod: int) -> bool:
    """Say whether rows of a closed pod are still there."""
    return bool(tx.execute("SELECT 1 FROM removal WHERE pod = ?", (pod,)))


def take_resources(tx: Transaction, closing: Closing, at: float, limit: int) -> int:
    """Remove some resources and let their blobs be removed; return how many went."""
    names = "SELECT name FROM resource WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"
    rows = tx.execute(
        f"DELETE FROM resource WHERE name IN ({names}) RETURNING blob",  # noqa: S608  # no value is in it
        (*_range(closing.name), limit),
    )
    if not rows:
        rows = tx.execute(
            "DELETE FROM resource WHERE name = ? AND pod = ? RETURNING blob",
            (f"/{closing.name}", closing.pod),
        )
    blobs = [(blob, at) for (blob,) in rows if blob is not None]
    if blobs:
        tx.execute_many("INSERT INTO dropped_blob (key, due) VALUES (?, ?)", blobs)
    return len(rows)


def take_changes(tx: Transaction, closing: Closing, limit: int) -> int:
    """Remove some lines of the outbox, which name resources; return how many went."""
    # By path, since a line has its number only once it is settled (PostgreSQL).
    paths = "SELECT path FROM change WHERE pod = ? AND path <> ? LIMIT ?"
    tx.execute(
        f"DELETE FROM change WHERE pod = ? AND path IN ({paths})",  # noqa: S608  # no value is in it
        (closing.pod, closing.pod, ANYWHERE, limit),
    )
    return tx.row_count


def take_log(tx: Transaction, closing: Closing, limit: int) -> int:
    """Empty some lines of the access log, whose key is gone; return how many. Digests without a time stay.

    The host signed them: without them it could not show that it changed nothing while the pod was there.
    """
    lines = retention.of_pod(tx, closing.pod, limit)
    retention.empty(tx, lines)
    return len(lines)


def finish(tx: Transaction, closing: Closing) -> None:
    """Remove the last rows of a pod; what stays is the digest of its name."""
    tx.execute("DELETE FROM pod WHERE key = ?", (closing.pod,))
    tx.execute("DELETE FROM removal WHERE pod = ?", (closing.pod,))


def _range(name: str) -> Sequence[str]:
    # "0" follows "/" in ASCII, so the range is exactly what lies below the pod's container.
    return f"/{name}/", f"/{name}0"
