"""The blob store on S3-compatible storage, through obstore; credentials come from the AWS_* variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from pods.errors import StoreError
from pods.storage.blobs import PIECE, Reader, Writer

PART = 8 * 1024 * 1024  # bytes of a part: 10,000 parts, the most that S3 takes, make 80 GB
PARALLEL = 2  # parts of one upload in memory and on their way


class S3Blobs:
    """Blobs as objects below a prefix of a bucket.

    What a killed host left of an upload are parts that no list shows: the bucket needs a lifecycle rule that
    aborts incomplete multipart uploads (docs/settings.md).
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        # The variables are read by the library and stay in it: nothing here can print them.
        self._store = S3Store(bucket, prefix=prefix or None)

    def create(self, key: str) -> Writer:
        return _S3Writer(self._store, key)

    def open(self, key: str, first: int = 0, last: int | None = None) -> Reader:
        return _S3Reader(self._store, key, first, last)

    def size(self, key: str) -> int | None:
        try:
            return int(obstore.head(self._store, key)["size"])
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _failed("found") from error

    def remove(self, key: str) -> None:
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _failed("removed") from error


class _S3Writer:
    def __init__(self, store: S3Store, key: str) -> None:
        self._file = obstore.open_writer(store, key, buffer_size=PART, max_concurrency=PARALLEL)

    def write(self, piece: bytes) -> None:
        try:
            self._file.write(piece)
        except (BaseError, OSError) as error:
            raise _failed("stored") from error

    def finish(self) -> None:
        try:
            self._file.close()
        except (BaseError, OSError) as error:
            raise _failed("made durable") from error

    def abandon(self) -> None:
        # Leaving the block by an exception is how this library is told to abort a multipart upload.
        leave: Any = self._file.__exit__
        with suppress(BaseError, OSError):
            leave(StoreError, StoreError("The upload was abandoned."), None)


class _S3Reader:
    def __init__(self, store: S3Store, key: str, first: int, last: int | None) -> None:
        try:
            found = obstore.get(
                store,
                key,
                options={"range": {"offset": first} if last is None else (first, last + 1)},
            )
            self._pieces: Iterator[Any] = iter(found.stream(min_chunk_size=PIECE))
        except (BaseError, OSError) as error:
            raise _failed("read") from error
        self._ready = memoryview(b"")

    def read(self) -> bytes:
        # One answer of the storage may hold more than a piece.
        if not self._ready:
            try:
                self._ready = memoryview(next(self._pieces, b""))
            except (BaseError, OSError) as error:
                raise _failed("read") from error
        piece, self._ready = bytes(self._ready[:PIECE]), self._ready[PIECE:]
        return piece

    def close(self) -> None:
        self._pieces = iter(())
        self._ready = memoryview(b"")


def _failed(what: str) -> StoreError:
    return StoreError(f"The content could not be {what} in the object storage; try again in a moment.")
