"""What a batch of writes knows without asking: rows of `resource` and counts of pods that it saw, and changed since.

Its transaction is serializable: what it has seen changes by its own statements alone. Each of these goes by here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from pods.storage.transaction import COUNT, INSERT, REMOVE, REPLACE, TOUCH

Row = tuple[Any, ...]  # name, container, pod, media_type, content, etag, modified, blob, size

_RESOURCE = re.compile(
    r"\b(?:INTO|UPDATE|FROM)\s+(?:resource|pod)\b", re.IGNORECASE
)  # a pod takes its resources along
_POD = re.compile(r"\b(?:INTO|UPDATE|FROM)\s+pod\b", re.IGNORECASE)


class SeenRows:
    """Rows by name, None where there is none; and what pods use."""

    def __init__(self) -> None:
        self._rows: dict[str, Row | None] = {}
        self._used: dict[int, tuple[int, int | None]] = {}

    def learn(self, names: Iterable[str], rows: Iterable[Row]) -> None:
        """Remember what was found under these names, and what was not."""
        self._rows.update(dict.fromkeys(names))
        self._rows.update({row[0]: row for row in rows})

    def of(self, names: Sequence[str]) -> list[Row] | None:
        """Return the rows of these names; None if one of them was never asked for."""
        if not all(name in self._rows for name in names):
            return None
        return [row for name in names if (row := self._rows[name]) is not None]

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return those of these names that were never asked for, each once."""
        return [name for name in dict.fromkeys(names) if name not in self._rows]

    def uncounted(self) -> set[int]:
        """Return the pods of rows that were seen, of which it is not known what they use."""
        return {row[2] for row in self._rows.values() if row is not None} - self._used.keys()

    def learn_use(self, pod: int, used: int, quota: int | None) -> None:
        """Remember what a pod uses, as it was answered."""
        self._used[pod] = (used, quota)

    def counted(self, more: int, pod: int) -> list[Row] | None:
        """Count what a pod uses more; return what the statement will answer, None if that is not known."""
        known = self._used.get(pod)
        if known is None:
            return None
        self._used[pod] = (known[0] + more, known[1])
        return [self._used[pod]]

    def change(self, sql: str, parameters: Sequence[Any]) -> None:
        """Take note of a statement that changes something."""
        note = _NOTES.get(sql)
        if note is not None:
            note(self._rows, parameters)
            return
        rows, used = _touches(sql)
        if rows:
            self._rows.clear()
        if used:
            self._used.clear()


@lru_cache(maxsize=1024)
def _touches(sql: str) -> tuple[bool, bool]:
    """Say whether a change may be one of resources, and whether it may be one of pods."""
    return _RESOURCE.search(sql) is not None, _POD.search(sql) is not None


def _inserted(rows: dict[str, Row | None], parameters: Sequence[Any]) -> None:
    name, container, _, pod, media_type, etag, modified, size, content, blob = parameters
    rows[name] = (name, int(container), pod, media_type, content, etag, modified, blob, size)


def _replaced(rows: dict[str, Row | None], parameters: Sequence[Any]) -> None:
    media_type, content, size, etag, modified, blob, name = parameters
    row = rows.pop(name, None)
    if row is not None:
        rows[name] = (name, row[1], row[2], media_type, content, etag, modified, blob, size)


def _touched(rows: dict[str, Row | None], parameters: Sequence[Any]) -> None:
    etag, modified, name = parameters
    row = rows.pop(name, None)
    if row is not None:
        rows[name] = (*row[:5], etag, modified, *row[7:])


def _removed(rows: dict[str, Row | None], parameters: Sequence[Any]) -> None:
    rows[parameters[0]] = None


_NOTES: dict[str, Callable[[dict[str, Row | None], Sequence[Any]], None]] = {
    INSERT: _inserted,
    REPLACE: _replaced,
    TOUCH: _touched,
    REMOVE: _removed,
    COUNT: lambda _rows, _parameters: None,  # see `counted`
}
