"""Files of the blob folder that nothing in the database names: left by a crash, or by a restored database."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pods.storage.base import Transaction
from pods.storage.blobs import KEY, BlobStore
from pods.upkeep.doctor import NOTICE, Finding

OLD = (
    86_400.0  # seconds: an upload that is under way is younger, and so is whatever a snapshot may still name
)


def lost_blobs(folder: Path, known: Collection[str], blobs: BlobStore, at: float) -> Iterator[Finding]:
    """Return files that no row names; each can be removed once it is a day old."""
    for file in sorted(folder.glob("??/??/*")):
        key = file.name.removesuffix(".part")
        if key in known or at - file.stat().st_mtime < OLD:
            continue
        if not KEY.match(key) or file.parent != folder / key[:2] / key[2:4]:
            yield Finding(NOTICE, "blobs", str(file), "is no file of the blob store")
            continue

        def remove(_: Transaction, key: str = key) -> None:
            blobs.remove(key)

        yield Finding(NOTICE, "blobs", str(file), "is named by nothing", remove)
