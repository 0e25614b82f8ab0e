"""Graphs of the documents that were patched last: whoever patches a document mostly patches it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pods.kept import Kept
from pods.model import Path
from pods.protocol import rdf
from pods.protocol.rdf import Quad, Triple
from pods.storage.base import Stored

ROOM = 8 * 1024 * 1024  # bytes of one worker
PARSED = 16  # bytes of a graph for each of its document, about
LARGEST = ROOM // 4  # of one graph: a long document does not drive out all others


class Graph(NamedTuple):
    """What a document says: the triples of its default graph, the quads of named graphs, and its prefixes."""

    triples: Sequence[Triple]
    named: Sequence[Quad] = ()
    prefixes: Mapping[str, str] = {}


class PatchedGraphs:
    """Reads documents for patches. A graph is kept with the digest of its document, so it never is another's."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._kept: Kept[Path, tuple[str, Graph]] = Kept(ROOM)

    def of(self, stored: Stored) -> Graph:
        """Return what a document says; raise BadContent if it does not parse."""
        known = self._kept.get(stored.path)
        if known is not None and known[0] == stored.etag:
            return known[1]
        quads, prefixes = rdf.parse_with_prefixes(stored.media_type, stored.content, self._base + stored.path)
        return Graph(*rdf.parted(quads), prefixes)

    def keep(self, written: Stored, graph: Graph) -> None:
        """Remember what a document says that was written just now, or may yet be rolled back."""
        weight = PARSED * written.size
        if weight <= LARGEST:
            self._kept.put(written.path, (written.etag, graph), weight)
