"""Large content outside the database: the Protocol of a blob store, and the store on the file system."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Protocol

from pods.errors import StoreError

PIECE = 256 * 1024  # bytes read at a time: few hops between threads, little memory
KEY = re.compile(r"[0-9a-f]{32}\Z")
_PART = ".part"


class Writer(Protocol):
    """An upload into a blob store. Nobody sees it before `finish`, and after that it survives a power cut."""

    def write(self, piece: bytes) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None:
        """Forget what was written, if it was not finished; never raises."""


class Reader(Protocol):
    """A download out of a blob store; it goes on though the blob is removed meanwhile, where that is possible."""

    def read(self) -> bytes:
        """Return the next piece, empty at the end."""

    def close(self) -> None: ...


class BlobStore(Protocol):
    """Keeps content by random keys. Every method may block: a server calls it in a thread."""

    def create(self, key: str) -> Writer: ...

    def open(self, key: str, first: int = 0, last: int | None = None) -> Reader:
        """Read from position `first` through `last`; raise StoreError if there is no such blob."""

    def size(self, key: str) -> int | None:
        """Return the bytes of a blob, None if there is none."""

    def remove(self, key: str) -> None:
        """Remove a blob and what an unfinished upload left of it; it may be gone already."""


def pieces(blobs: BlobStore, key: str) -> Iterator[bytes]:
    """Return the content of a blob, piece by piece; raise StoreError if there is no such blob."""
    reader = blobs.open(key)
    try:
        while piece := reader.read():
            yield piece
    finally:
        reader.close()


class FileBlobs:
    """Blobs as files in fanned-out folders, readable by the operator of the host alone."""

    def __init__(self, folder: FilePath) -> None:
        self._folder = folder

    def create(self, key: str) -> Writer:
        try:
            return _FileWriter(self._place(key, make=True))
        except OSError as error:
            raise _failed("started") from error

    def open(self, key: str, first: int = 0, last: int | None = None) -> Reader:
        try:
            return _FileReader(self._place(key), first, last)
        except OSError as error:
            raise _failed("read") from error

    def size(self, key: str) -> int | None:
        try:
            return self._place(key).stat().st_size
        except FileNotFoundError:
            return None

    def remove(self, key: str) -> None:
        place = self._place(key)
        try:
            for file in (place, place.with_suffix(_PART)):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise _failed("removed") from error

    def _place(self, key: str, *, make: bool = False) -> FilePath:
        if KEY.match(key) is None:
            raise StoreError("A key of the blob store is not one that this host made.")
        folder = self._folder / key[:2] / key[2:4]
        if make and not folder.is_dir():
            for each in (self._folder, folder.parent, folder):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
                _sync_folder(each.parent)  # or a power cut takes the folder, and the file in it
        return folder / key


class _FileWriter:
    def __init__(self, place: FilePath) -> None:
        self._place = place
        self._part = place.with_suffix(_PART)
        self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._open = True

    def write(self, piece: bytes) -> None:
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise _failed("stored") from error

    def finish(self) -> None:
        try:
            os.fsync(self._file)
            self._close()
            self._part.rename(self._place)
            _sync_folder(self._place.parent)
        except OSError as error:
            raise _failed("made durable") from error

    def abandon(self) -> None:
        with suppress(OSError):
            self._close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._file)


class _FileReader:
    def __init__(self, place: FilePath, first: int, last: int | None) -> None:
        self._file = place.open("rb", buffering=0)
        self._file.seek(first)
        self._left = None if last is None else last - first + 1

    def read(self) -> bytes:
        wanted = PIECE if self._left is None else min(PIECE, self._left)
        try:
            piece = self._file.read(wanted) if wanted else b""
        except OSError as error:
            raise _failed("read") from error
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


def open_blobs(place: str, folder: FilePath) -> BlobStore:
    """Return the store that the setting `blobs` names; raise ValueError if it names none."""
    if not place:
        return FileBlobs(folder)
    scheme, _, rest = place.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValueError(f"blobs: {place!r} is neither empty nor of the form s3://bucket/prefix")
    # Who keeps files does not load a library of fifteen megabytes.
    from pods.storage.s3 import S3Blobs

    return S3Blobs(bucket, prefix.strip("/"))


def _sync_folder(folder: FilePath) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(what: str) -> StoreError:
    return StoreError(f"The content could not be {what}; try again, and tell the operator if it stays so.")
