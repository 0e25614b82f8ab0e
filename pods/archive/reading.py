"""Read an archive that a stranger hands in: everything is checked before anything is used."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from io import BytesIO
from pathlib import Path as FilePath
from typing import IO

import orjson

from pods.archive import layout
from pods.archive.incoming import Incoming
from pods.archive.layout import BadArchive, IndexLine
from pods.errors import BadTarget
from pods.model import Path
from pods.protocol import target

MAX_FILES = 1_000_000
MAX_TOTAL = 64 * 1024**3  # bytes of all content, where no quota says less
MAX_RECORD = 256 * 1024 * 1024  # bytes of a file that is not a resource, such as the log
MAX_DESCRIPTION = 1024 * 1024
MAX_RATIO = 200  # text shrinks to a tenth; a bomb to a thousandth
RATIO_FREE = 16 * 1024 * 1024  # bytes that may unpack from next to nothing, such as an empty spreadsheet
MAX_LINE = 16 * 1024  # bytes of a line of the index: a path and what is said about it
CHUNK = 1024 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_RECORDS = {
    layout.LOG: "application/jsonl",
    layout.SEALED_LOG: "application/jsonl",
    layout.LOG_PROOF: "application/json",
    layout.ACCOUNT: "application/json",
    "consensi.json": "application/json",
    "risultati.json": "application/json",
    "richieste.json": "application/json",
    "attestati.json": "application/json",
}
"""Files that are no resources; whatever else stands beside them is refused."""
_OTHER = frozenset({layout.METADATA, layout.INDEX, *layout.README})


class PodArchive:
    """An archive whose names, sizes and digests hold; a `Source` of a pod. Close it after use."""

    def __init__(self, path: FilePath, *, max_total: int = MAX_TOTAL) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise BadArchive(f"This is not a zip archive: {error}") from error
        try:
            self._infos = _checked(self._zip.infolist(), path.stat().st_size, max_total)
            crate = self._small(layout.METADATA)
            self._origin = layout.read_crate(crate)
            self.made = _segment(crate)
            self._lines = self._verified_index()
        except BaseException:
            self._zip.close()
            raise

    @property
    def storage(self) -> str:
        return self._origin.storage

    @property
    def owner(self) -> str:
        return self._origin.owner

    @property
    def title(self) -> str:
        """The name that the pod had."""
        return self._origin.storage.rstrip("/").rpartition("/")[2]

    def __enter__(self) -> PodArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._zip.close()

    def resources(self) -> Iterator[Incoming]:
        """Return every resource, a container before its members."""
        for line in self._lines:
            yield Incoming(
                line.path.removeprefix(self._root), line.media_type, line.size, partial(self._open, line.file)
            )

    def records(self) -> Iterator[Incoming]:
        """Return log, account and decisions as they were written."""
        for name, media_type in _RECORDS.items():
            if name in self._infos:
                yield Incoming(name, media_type, self._infos[name].file_size, partial(self._open, name))

    @property
    def _root(self) -> str:
        return "/" + self._origin.storage.split("://", 1)[1].partition("/")[2]

    def _open(self, name: str | None) -> AbstractContextManager[IO[bytes]]:
        if name is None:
            return BytesIO()
        return self._zip.open(self._infos[name])

    def _small(self, name: str) -> bytes:
        info = self._infos.get(name)
        if info is None:
            raise BadArchive(f"{name} is missing.")
        if info.file_size > MAX_DESCRIPTION:
            raise BadArchive(f"{name} is larger than {MAX_DESCRIPTION} bytes.")
        return self._zip.read(info)

    def _verified_index(self) -> list[IndexLine]:
        """Return the lines of the index; every file must be named once, and be what the digests say."""
        listed: dict[str, IndexLine] = {}
        for line in self._index_lines():
            self._check_path(line)
            if line.path in listed:
                raise BadArchive(f"{layout.INDEX} names {line.path} twice.")
            listed[line.path] = line
        named = {line.file: line for line in listed.values() if line.file is not None}
        for name in self._infos:
            if name in named or name in _OTHER or name in _RECORDS:
                continue
            raise BadArchive(f"{name!r} is not named by the index; an archive holds nothing else.")
        for name, line in named.items():
            if name not in self._infos:
                raise BadArchive(f"{name} is named by the index and missing.")
            self._check_digest(name, line.size, line.sha256)
        for name, digest in self._origin.digests.items():
            if name not in self._infos:
                raise BadArchive(f"{name} is named by {layout.METADATA} and missing.")
            self._check_digest(name, self._infos[name].file_size, digest)
        return [listed[path] for path in sorted(listed)]

    def _index_lines(self) -> Iterator[IndexLine]:
        if layout.INDEX not in self._infos:
            raise BadArchive(f"{layout.INDEX} is missing.")
        with self._zip.open(self._infos[layout.INDEX]) as file:
            while line := file.readline(MAX_LINE):
                yield layout.read_index_line(line)

    def _check_path(self, line: IndexLine) -> None:
        root = self._root
        try:
            same = target.canonical(line.path.encode("ascii")) == line.path
        except (BadTarget, UnicodeEncodeError) as error:
            raise BadArchive(f"{line.path!r} is no path that a host serves: {error}") from error
        if not same or not line.path.startswith(root):
            raise BadArchive(f"{line.path!r} is not a canonical path below {root}")
        if line.file is not None and line.file != layout.file_of(Path(root), Path(line.path)):
            raise BadArchive(f"{line.path} must not lie in the file {line.file!r}.")
        if line.file is None and not line.path.endswith("/"):
            raise BadArchive(f"{line.path} has no file.")

    def _check_digest(self, name: str, size: int, expected: str | None) -> None:
        digest, found = hashlib.sha256(), 0
        try:
            with self._zip.open(self._infos[name]) as file:
                while piece := file.read(CHUNK):
                    digest.update(piece)
                    found += len(piece)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
            raise BadArchive(f"{name} cannot be read: {error}") from error
        if found != size or digest.hexdigest() != expected:
            raise BadArchive(f"{name} is not what was written: its digest differs.")


def _checked(infos: list[zipfile.ZipInfo], archive_size: int, max_total: int) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name; raise BadArchive for what an archive of ours never holds."""
    if len(infos) > MAX_FILES:
        raise BadArchive(f"The archive has more than {MAX_FILES} files.")
    found: dict[str, zipfile.ZipInfo] = {}
    packed = unpacked = 0
    for info in infos:
        name = info.filename
        if name in found:
            raise BadArchive(f"{name!r} stands in the archive twice.")
        # Path traversal: nothing is ever unpacked into a folder, and still no such name is let in.
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
            raise BadArchive(f"{name!r} is no name of a file in an archive.")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.is_dir() or kind not in (0, stat.S_IFREG):
            raise BadArchive(f"{name!r} is a link, a folder or a device; an archive holds files.")
        if info.flag_bits & 0x1 or info.compress_type not in _METHODS:
            raise BadArchive(f"{name!r} is encrypted, or packed in a way that is not read here.")
        if info.file_size > RATIO_FREE and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise BadArchive(f"{name!r} unpacks to more than {MAX_RATIO} times its size.")
        if name in _RECORDS and info.file_size > MAX_RECORD:
            raise BadArchive(f"{name!r} is larger than {MAX_RECORD} bytes.")
        packed += info.compress_size
        unpacked += info.file_size
        found[name] = info
    # Entries that share bytes (a bomb without nesting) claim more packed bytes than the file has.
    if packed > archive_size:
        raise BadArchive("Files in the archive overlap.")
    if unpacked > max_total:
        raise BadArchive(f"The archive unpacks to {unpacked} bytes; at most {max_total} are taken.")
    return found


def _segment(crate: bytes) -> str:
    """Return the time at which the archive was made, fit for a path."""
    entities = {one["@id"]: one for one in orjson.loads(crate)["@graph"]}
    made = str(entities["./"].get("datePublished", ""))[:20].replace(":", "-")
    return made if made.replace("-", "").isalnum() and made.isascii() else "undated"
