"""All documents of a pod under their new names, made before the transaction that settles it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import IO

from pods.archive.incoming import Incoming, Source, is_document
from pods.archive.layout import BadArchive
from pods.archive.moving import Move
from pods.errors import PodError
from pods.model import Path
from pods.protocol import headers, target

IN_MEMORY = 16 * 1024 * 1024  # bytes of documents before they go to a temporary file


class Rewritten:
    """A `Source` whose documents name what they mean on the new host. Close it after use.

    Reading and renaming thousands of documents takes seconds, and the transaction that stores them must not.
    """

    def __init__(self, source: Source, move: Move, root: str, *, foreign: bool) -> None:
        self.storage, self.owner, self.made = source.storage, source.owner, source.made
        self.as_text: list[str] = []
        """Documents that are not the RDF that they claim to be, taken as plain text from a foreign server."""
        self._source = source
        self._move = move
        self._root = root
        self._foreign = foreign
        self._documents = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed by `close`
        try:
            self._resources = [self._ready(incoming) for incoming in source.resources()]
        except BaseException:
            self._documents.close()
            raise

    def __enter__(self) -> Rewritten:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the documents."""
        self._documents.close()

    def resources(self) -> Iterator[Incoming]:
        """Return every resource, a container before its members."""
        yield from self._resources

    def records(self) -> Iterator[Incoming]:
        """Return what is history; it says what was, so nothing in it changes."""
        yield from self._source.records()

    def _ready(self, incoming: Incoming) -> Incoming:
        path = Path(f"/pod/{incoming.relative}")
        if not is_document(incoming) or headers.is_managed(path) or not incoming.size:
            return incoming
        content, media_type = incoming.content(), incoming.media_type
        try:
            content = self._move.document(
                *(media_type, content),
                self.storage + incoming.relative,
                self._root + incoming.relative,
                acl=target.is_acl(path),
            )
        except PodError as error:
            if not self._foreign or target.is_auxiliary(path):
                raise BadArchive(f"{incoming.relative}: {error}") from error
            self.as_text.append(incoming.relative)
            media_type = "text/plain"
        at = self._documents.tell()
        self._documents.write(content)
        return Incoming(incoming.relative, media_type, len(content), partial(self._slice, at, len(content)))

    def _slice(self, at: int, size: int) -> IO[bytes]:
        self._documents.seek(at)
        return BytesIO(self._documents.read(size))
