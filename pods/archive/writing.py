"""Write a pod into an archive: from one snapshot, into any stream, never more than a page in memory."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import IO, Any

import orjson

from pods import activity
from pods.activity import Line, reading
from pods.activity.proving import proof_of
from pods.archive import archive_sql, layout
from pods.archive.layout import IndexLine, Written
from pods.storage.base import Pod, Stored, Transaction
from pods.transparency import wire

PAGE = 500  # lines of the log in memory at a time
INDEX_IN_MEMORY = 4 * 1024 * 1024  # bytes of the index before it goes to a temporary file
CHUNK = 1024 * 1024
_FIRST_YEAR = 315_532_800.0  # 1980-01-01: a zip knows no time before

Contents = Callable[[Stored], Iterable[bytes]]
"""Gives the content of a resource in pieces, wherever it lies."""


@dataclass(frozen=True, slots=True)
class Further:
    """What a layer above adds to an archive: files of its own, and words for lines of the log."""

    files: Callable[[Transaction, Pod, float], Iterator[tuple[str, Iterable[bytes]]]]
    """Names with their contents in pieces, each taken before the next name is asked for."""
    about: Callable[[Transaction, Sequence[Line]], Sequence[Mapping[str, Any]]]
    readme: Mapping[str, str]
    """What the explanations say of these files, by language."""


class ArchiveWriter:
    """Writes archives of pods of the host at `base`."""

    def __init__(self, base: str, contents: Contents, further: Further | None = None) -> None:
        self._base = base
        self._contents = contents
        self._further = further

    def write(
        self, tx: Transaction, pod: Pod, account: Mapping[str, Any], output: IO[bytes], at: float
    ) -> None:
        """Write the archive of what `tx`, a snapshot, sees. The stream need not be seekable."""
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            files = [self._put(archive, name, at, [text]) for name, text in self._readme(pod, at)]
            files.append(self._index(archive, tx, pod, at))
            files.append(self._put(archive, layout.LOG, at, self._log(tx, pod)))
            sealed = (orjson.dumps(wire.record_json(one)) + b"\n" for one in reading.every(tx, pod.key))
            files.append(self._put(archive, layout.SEALED_LOG, at, sealed))
            proof = orjson.dumps(wire.proof_json(proof_of(tx, pod.key)), option=orjson.OPT_INDENT_2)
            files.append(self._put(archive, layout.LOG_PROOF, at, [proof]))
            facts = orjson.dumps(account, option=orjson.OPT_INDENT_2)
            files.append(self._put(archive, layout.ACCOUNT, at, [facts]))
            if self._further is not None:
                for name, pieces in self._further.files(tx, pod, at):
                    files.append(self._put(archive, name, at, pieces))
            crate = layout.crate(self._base + pod.root, pod.owner, at, files)
            self._put(archive, layout.METADATA, at, [crate])

    def _readme(self, pod: Pod, at: float) -> Iterator[tuple[str, bytes]]:
        more = self._further.readme if self._further is not None else {}
        words = {"more_it": more.get("it", ""), "more_en": more.get("en", "")}
        for name, text in layout.README.items():
            yield name, text.format(root=self._base + pod.root, at=layout.timestamp(at), **words).encode()

    def _index(self, archive: zipfile.ZipFile, tx: Transaction, pod: Pod, at: float) -> Written:
        """Write every resource, and then the lines about them."""
        with tempfile.SpooledTemporaryFile(max_size=INDEX_IN_MEMORY) as lines:
            for stored in archive_sql.resources(tx, pod.key):
                lines.write(self._resource(archive, pod, stored).json())
            lines.seek(0)
            return self._put(archive, layout.INDEX, at, iter(lambda: lines.read(CHUNK), b""))

    def _resource(self, archive: zipfile.ZipFile, pod: Pod, stored: Stored) -> IndexLine:
        about = (stored.etag, stored.modified)
        if stored.path.endswith("/") and not stored.content:
            return IndexLine(stored.path, None, stored.media_type, 0, None, *about)
        name = layout.file_of(pod.root, stored.path)
        # What is large is mostly compressed already: pictures, films, archives.
        method = zipfile.ZIP_STORED if stored.blob is not None else zipfile.ZIP_DEFLATED
        file = self._put(archive, name, stored.modified / 1000, self._contents(stored), method=method)
        return IndexLine(stored.path, name, stored.media_type, file.size, file.sha256, *about)

    def _log(self, tx: Transaction, pod: Pod) -> Iterator[bytes]:
        seq = 0
        while page := activity.lines(tx, pod.key, after=seq, limit=PAGE):
            words = self._further.about(tx, page) if self._further is not None else [{}] * len(page)
            for line, more in zip(page, words, strict=True):
                said = asdict(line) | {"prev": line.prev.hex(), "digest": line.digest.hex()}
                yield orjson.dumps({**said, **more}) + b"\n"
            seq = page[-1].seq

    def _put(
        self,
        archive: zipfile.ZipFile,
        name: str,
        at: float,
        pieces: Iterable[bytes],
        *,
        method: int = zipfile.ZIP_DEFLATED,
    ) -> Written:
        info = zipfile.ZipInfo(name, datetime.fromtimestamp(max(at, _FIRST_YEAR), UTC).timetuple()[:6])
        info.compress_type = method
        info.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with archive.open(info, "w", force_zip64=True) as entry:
            for piece in pieces:
                entry.write(piece)
                digest.update(piece)
                size += len(piece)
        return Written(name, size, digest.hexdigest())
