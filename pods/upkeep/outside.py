"""Large content that lies outside the data folder, as on S3: into a backup and out of it, piece by piece, verified."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pods.errors import StoreError
from pods.protocol import conditions
from pods.storage.blobs import KEY, PIECE, BlobStore, pieces
from pods.upkeep.copies import BadBackup

BLOBS = "blobs"
NAMED = "SELECT blob, media_type, etag, size FROM resource WHERE blob IS NOT NULL ORDER BY blob"
"""The columns of `Kept`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Large content as its row in the database knows it."""

    key: str
    media_type: str
    etag: str
    size: int

    @property
    def place(self) -> str:
        """Where it lies in a data folder, and in every backup."""
        return f"{BLOBS}/{self.key[:2]}/{self.key[2:4]}/{self.key}"


class OutsideContent:
    """Content of a blob store. What an earlier backup has, a folder, is taken from there: content never changes."""

    def __init__(self, blobs: BlobStore, earlier: Path | None = None) -> None:
        if earlier is not None and not earlier.is_dir():
            raise BadBackup(
                f"{earlier} is no folder; content can be taken from an earlier backup that is one."
            )
        self._blobs = blobs
        self._earlier = earlier

    def fetched(self, kept: Kept, staging: Path) -> Path:
        """Return a file with the content, below `staging` unless an earlier backup has it; raise BadBackup."""
        if self._earlier is not None and _is_whole(known := self._earlier / kept.place, kept):
            return known
        file = staging / kept.key
        tag, size = conditions.tag_maker(kept.media_type), 0
        try:
            with file.open("xb") as output:
                for piece in pieces(self._blobs, kept.key):
                    output.write(piece)
                    tag.update(piece)
                    size += len(piece)
        except StoreError as error:
            raise BadBackup(f"The blob {kept.key} cannot be copied: {error}") from error
        if (size, tag.hexdigest()) != (kept.size, kept.etag):
            raise BadBackup(
                f"The blob {kept.key} is not what was written; portico doctor says which resource it is."
            )
        return file

    def put_back(self, data: Path) -> Callable[[], None]:
        """Move the content of a restored data folder into the store; return what takes that back.

        Raises BadBackup, and then nothing of it is in the store. Nothing is ever overwritten.
        """
        done: list[str] = []

        def take_back() -> None:
            for key in done:
                self._blobs.remove(key)

        files = sorted(file for file in (data / BLOBS).rglob("*") if KEY.match(file.name))
        try:
            for file in files:
                if self._blobs.size(file.name) is not None:
                    raise BadBackup(
                        f"The blob {file.name} is in the storage already; a restore never overwrites one. Set"
                        " PORTICO_BLOBS to another prefix."
                    )
                done.append(file.name)
                self._put(file)
        except (BadBackup, StoreError) as error:
            take_back()
            raise BadBackup(str(error)) from error
        shutil.rmtree(data / BLOBS, ignore_errors=True)
        return take_back

    def _put(self, file: Path) -> None:
        writer = self._blobs.create(file.name)
        try:
            with file.open("rb") as source:
                while piece := source.read(PIECE):
                    writer.write(piece)
            writer.finish()
        except BaseException:
            writer.abandon()
            raise
        if self._blobs.size(file.name) != file.stat().st_size:
            raise BadBackup(f"The blob {file.name} is not whole in the storage.")


def _is_whole(file: Path, kept: Kept) -> bool:
    if not file.is_file() or file.stat().st_size != kept.size:
        return False
    tag = conditions.tag_maker(kept.media_type)
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            tag.update(piece)
    return tag.hexdigest() == kept.etag
