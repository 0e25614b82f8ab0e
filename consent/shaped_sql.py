"""Rows that say which resource is an instance of which shape."""

from __future__ import annotations

from collections.abc import Sequence

from pods.model import Path
from pods.storage.base import Transaction

MOST_NAMES = 500  # parameters of one statement; SQLite takes 32,766, and a page of a listing is smaller


def put(tx: Transaction, path: Path, pod: int, shape: str) -> None:
    """Note that a resource is an instance of a shape."""
    tx.execute(
        "INSERT INTO shaped (path, pod, shape) VALUES (?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET pod = excluded.pod, shape = excluded.shape",
        (path, pod, shape),
    )


def drop(tx: Transaction, path: Path) -> None:
    """Forget a resource."""
    tx.execute("DELETE FROM shaped WHERE path = ?", (path,))


def shape_of(tx: Transaction, path: Path) -> str | None:
    """Return the shape that a resource is an instance of."""
    rows = tx.execute("SELECT shape FROM shaped WHERE path = ?", (path,))
    return str(rows[0][0]) if rows else None


def any_of(tx: Transaction, pod: int, shape: str) -> bool:
    """Say whether a pod holds an instance of a shape."""
    return bool(tx.execute("SELECT 1 FROM shaped WHERE pod = ? AND shape = ? LIMIT 1", (pod, shape)))


def instances(tx: Transaction, paths: Sequence[Path], shapes: frozenset[str]) -> frozenset[Path]:
    """Return those of the documents that are instances of one of the shapes."""
    found: set[Path] = set()
    for start in range(0, len(paths), MOST_NAMES):
        part = paths[start : start + MOST_NAMES]
        marks = ", ".join("?" * len(part))
        rows = tx.execute(f"SELECT path, shape FROM shaped WHERE path IN ({marks})", part)  # noqa: S608  # marks only
        found.update(Path(path) for path, shape in rows if shape in shapes)
    return frozenset(found)


def holds(tx: Transaction, container: Path, shapes: frozenset[str]) -> bool:
    """Say whether an instance of one of the shapes lies somewhere below a container."""
    # "0" follows "/" in ASCII, so the range is exactly what begins with the container's path.
    return any(
        tx.execute(
            "SELECT 1 FROM shaped WHERE path > ? AND path < ? AND shape = ? LIMIT 1",
            (container, container[:-1] + "0", shape),
        )
        for shape in shapes
    )
