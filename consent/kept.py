"""Documents as grants show them, kept while there is room: making one costs more than all the rest of a read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from pods.model import Path

ROOM = 16 * 1024 * 1024  # bytes of one worker


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that a filtered document is made of: the same made of the same is the same.

    `etag` is the digest of the whole document (`conditions.content_tag`). That a document is kept gives nobody a
    right to it: the grant, with its epoch and what it covers, is read anew in each transaction.
    """

    path: Path
    etag: str
    grant: str
    shape: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is left of a document, and the entity tag of that."""

    content: bytes
    etag: str


class Kept:
    """Keeps what was asked for last; safe for many threads."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._size = 0
        self._shown: OrderedDict[Made, Shown] = OrderedDict()
        self._changing = threading.Lock()

    def get(self, made: Made) -> Shown | None:
        """Return what was made of this, if it is still there."""
        with self._changing:
            shown = self._shown.get(made)
            if shown is not None:
                self._shown.move_to_end(made)
            return shown

    def put(self, made: Made, shown: Shown) -> Shown:
        """Keep what was made, the last one even where it takes more than all the room; return it."""
        with self._changing:
            before = self._shown.pop(made, None)
            self._size += len(shown.content) - (len(before.content) if before is not None else 0)
            self._shown[made] = shown
            while self._size > self._room and len(self._shown) > 1:
                self._size -= len(self._shown.popitem(last=False)[1].content)
        return shown
