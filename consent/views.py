"""What a `rows` grant shows: documents filtered to granted properties, listings to instances of granted shapes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from consent import filtering, shaped_sql
from consent.kept import Made, Shown
from consent.model import DataItem, Grant, OutputMode
from consent.shaping import shape_for
from pods.kept import Kept
from pods.protocol import rdf, target
from pods.representation import LARGE_SOURCE, Slow
from pods.storage.base import Entry, Stored, Transaction
from vocab.shapes import SHAPES, Shape
from vocab.terms import PREFIXES

_PREFIXES = {name: PREFIXES[name] for name in ("po", "schema", "vcard", "xsd")}


class GrantedView:
    """The view of one grant, made for one decision at the time `at`; what it made is `kept` for the next one."""

    def __init__(self, grant: Grant, origin: str, at: float, kept: Kept[Made, Shown] | None = None) -> None:
        self._grant = grant
        self._origin = origin
        self._at = at
        self._kept = kept
        self._shapes = frozenset(item.shape for item in grant.items if item.mode is OutputMode.ROWS)

    def document(self, stored: Stored, tx: Transaction) -> Stored:
        """Return the document with the granted statements alone; of a container nothing is left but its members.

        Tag and time are made of what is shown: a change of anything else must not be seen from outside.
        """
        if target.is_container(stored.path):
            return stored._replace(content=b"", etag="", modified=int(self._grant.given_at * 1000))
        shape = shape_for(stored.path)
        item = self._grant.item(shape.name, OutputMode.ROWS) if shape is not None else None
        if shape is None or item is None or not rdf.is_rdf(stored.media_type):
            shown = self._shown([])
        elif self._kept is None:
            shown = self._made(stored, shape, item)
        else:
            shown = self._recalled(self._kept, stored, shape, item)
        content, etag = shown.content, shown.etag
        return stored._replace(
            media_type=rdf.TURTLE, content=content, etag=etag, modified=int(self._at * 1000)
        )

    def _recalled(self, kept: Kept[Made, Shown], stored: Stored, shape: Shape, item: DataItem) -> Shown:
        made = Made(stored.path, stored.etag, self._grant.id, shape.name, item.properties)
        shown = kept.get(made)
        if shown is not None:
            return shown

        def keep() -> Shown:
            shown = self._made(stored, shape, item)
            return kept.put(made, shown, len(shown.content))

        if len(stored.content) > LARGE_SOURCE:
            # Others would wait meanwhile. The read is decided anew afterwards, and finds what is made here.
            raise Slow(lambda: keep().content)
        return keep()

    def _made(self, stored: Stored, shape: Shape, item: DataItem) -> Shown:
        quads = rdf.parse(stored.media_type, stored.content, self._origin + stored.path)
        return self._shown(filtering.granted(quads, shape, item.properties, owner=self._grant.subject))

    def _shown(self, statements: Sequence[rdf.Quad]) -> Shown:
        content = rdf.serialise(rdf.TURTLE, statements, _PREFIXES)
        return Shown(
            content, hashlib.blake2b(content, digest_size=12, key=self._grant.id.encode()).hexdigest()
        )

    def members(self, entries: Sequence[Entry], tx: Transaction) -> Sequence[Entry]:
        """Return the members that the grant covers; size, tag, time and syntax of the whole are not shown."""
        documents = [entry.path for entry in entries if not target.is_container(entry.path)]
        covered = shaped_sql.instances(tx, documents, self._shapes)
        given = int(self._grant.given_at * 1000)
        return [
            entry._replace(size=0, etag="", modified=given, media_type=rdf.TURTLE)
            for entry in entries
            if entry.path in covered
            or (target.is_container(entry.path) and shaped_sql.holds(tx, entry.path, self._shapes))
        ]

    def covers(self, path: str, tx: Transaction) -> bool:
        """Say whether the grant reaches a resource at all: an instance, or a container on the way to one."""
        if path.endswith("/"):
            return any(
                SHAPES[name].container == _first_container(path)
                and shaped_sql.holds(tx, target.canonical(path.encode("ascii")), frozenset((name,)))
                for name in self._shapes
            )
        return shaped_sql.shape_of(tx, target.canonical(path.encode("ascii"))) in self._shapes


def _first_container(path: str) -> str:
    """Return `purchases/` of `/anna/purchases/2017-10/`."""
    return path[1:].partition("/")[2].partition("/")[0] + "/"
