"""Where a backup is written to, a folder or a tar file, and how its list of files reads."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from dataclasses import asdict, dataclass
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import IO, Protocol

import orjson

FORMAT = "portico-backup-1"
LIST = "backup.json"
CHUNK = 1024 * 1024
FOLDER_MODE = 0o700
FILE_MODE = 0o600


class BadBackup(ValueError):
    """A backup that cannot be made or used; the message says why."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A file of a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a backup holds."""

    at: str
    database: str
    """`sqlite` or `postgresql`."""
    files: tuple[Copied, ...]
    left_out: tuple[str, ...]
    """What is not in it, with the reason."""

    def json(self) -> bytes:
        """Return the list as it is written."""
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_INDENT_2)


def read_listing(content: bytes) -> Listing:
    """Return what a list says; raise BadBackup."""
    try:
        value = orjson.loads(content)
        if value.pop("format") != FORMAT:
            raise BadBackup(f"{LIST}: this is not {FORMAT}.")
        files = tuple(Copied(**file) for file in value.pop("files"))
        listing = Listing(files=files, left_out=tuple(value.pop("left_out")), **value)
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise BadBackup(f"{LIST} is not the list of a backup.") from error
    for file in listing.files:
        if file.name.startswith("/") or "\\" in file.name or ".." in file.name.split("/"):
            raise BadBackup(f"{LIST}: {file.name!r} is no name of a file in a data folder.")
    return listing


class Target(Protocol):
    """Takes the files of a backup one by one; `finish` puts it in its place, all of it or nothing."""

    def add(self, name: str, file: Path) -> Copied: ...

    def finish(self, listing: bytes) -> None: ...

    def abandon(self) -> None: ...


def target_at(place: Path) -> Target:
    """Return where a backup goes: a tar file if it is called so, else a folder; raise BadBackup if it exists."""
    if place.exists():
        raise BadBackup(f"{place} exists; a backup never replaces another one.")
    place.parent.mkdir(parents=True, exist_ok=True)
    return TarTarget(place) if place.suffix == ".tar" else FolderTarget(place)


class FolderTarget:
    """A folder with the files as they lie in the data folder."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._draft = place.with_name(f".{place.name}.part")
        self._draft.mkdir(mode=FOLDER_MODE)

    def add(self, name: str, file: Path) -> Copied:
        """Copy a file."""
        copy = self._draft / name
        copy.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with file.open("rb") as source, open(copy, "xb", opener=private) as output:
            while piece := source.read(CHUNK):
                output.write(piece)
                digest.update(piece)
                size += len(piece)
            _sync(output)
        return Copied(name, size, digest.hexdigest())

    def finish(self, listing: bytes) -> None:
        """Write the list and give the folder its name."""
        with open(self._draft / LIST, "xb", opener=private) as output:
            output.write(listing)
            _sync(output)
        self._draft.rename(self._place)

    def abandon(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self._draft, ignore_errors=True)


class TarTarget:
    """An uncompressed tar file: blobs and databases go in as they are, in one pass."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._draft = place.with_name(f".{place.name}.part")
        self._output = open(self._draft, "xb", opener=private)  # noqa: SIM115  # open until finish or abandon
        self._tar = tarfile.open(fileobj=self._output, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # likewise

    def add(self, name: str, file: Path) -> Copied:
        """Copy a file."""
        info = tarfile.TarInfo(name)
        with file.open("rb") as source:
            info.size, info.mode = os.fstat(source.fileno()).st_size, FILE_MODE
            info.mtime = int(os.fstat(source.fileno()).st_mtime)
            hashed = _Hashed(source)
            self._tar.addfile(info, hashed)
        return Copied(name, info.size, hashed.digest.hexdigest())

    def finish(self, listing: bytes) -> None:
        """Write the list and give the file its name."""
        info = tarfile.TarInfo(LIST)
        info.size, info.mode = len(listing), FILE_MODE
        self._tar.addfile(info, BytesIO(listing))
        self._tar.close()
        _sync(self._output)
        self._output.close()
        self._draft.rename(self._place)

    def abandon(self) -> None:
        """Remove what was written."""
        self._output.close()
        self._draft.unlink(missing_ok=True)


class _Hashed(RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.digest.update(piece)
        return piece


def private(path: str, flags: int) -> int:
    """Open a file that is the operator's alone."""
    return os.open(path, flags, FILE_MODE)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
