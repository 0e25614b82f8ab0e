"""Documents as grants show them, kept by what they are made of: making one costs more than all the rest of a read."""

from __future__ import annotations

from dataclasses import dataclass

from pods.kept import Kept
from pods.model import Path

ROOM = 4 * 1024 * 1024  # bytes of one worker


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


def room() -> Kept[Made, Shown]:
    """Return an empty memory of what grants show."""
    return Kept(ROOM)
