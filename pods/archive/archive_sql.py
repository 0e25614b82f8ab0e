"""All resources of a pod in the order of their paths, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator

from pods.model import Path
from pods.storage.base import Stored, Transaction

PAGE = 200  # resources held in memory at a time; each is at most as large as what is kept in a row


def resources(tx: Transaction, pod: int) -> Iterator[Stored]:
    """Return every resource of a pod, ACLs and descriptions among them."""
    after = ""
    while rows := tx.execute(
        "SELECT name, container, media_type, content, etag, modified, blob, size FROM resource"
        " WHERE pod = ? AND name > ? ORDER BY name LIMIT ?",
        (pod, after, PAGE),
    ):
        for name, container, media_type, content, etag, modified, blob, size in rows:
            path = Path(name + "/" if container else name)
            yield Stored(path, pod, media_type, bytes(content), etag, modified, blob, size)
        after = rows[-1][0]
