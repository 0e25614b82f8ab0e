"""Which resource is an instance of which shape: told by every write, in the transaction that writes."""

from __future__ import annotations

from collections.abc import Mapping

from consent import shaped_sql
from pods.errors import PodError
from pods.model import Path
from pods.protocol import rdf, target
from pods.storage.base import Pod, Stored, Transaction
from vocab.shapes import SHAPES, Shape
from vocab.terms import PREFIXES

_BY_CONTAINER: Mapping[str, Shape] = {shape.container.rstrip("/"): shape for shape in SHAPES.values()}

LONG_QUOTES = (b'"""', b"'''")
"""Within these a line that looks like a statement may be a part of a text."""


class Shaping:
    """An Observer that keeps the table of instances; a grant never reaches a resource that is not in it."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._marks = {name: _mark(shape) for name, shape in SHAPES.items()}

    def changed(self, tx: Transaction, path: Path, kind: str, stored: Stored | None) -> None:
        """Note or forget what was written or deleted."""
        shape = shape_for(path)
        if shape is None:
            return
        if stored is not None and rdf.is_rdf(stored.media_type) and self._instance(stored, shape, tx):
            shaped_sql.put(tx, path, stored.pod, shape.name)
        elif kind != "Create":
            shaped_sql.drop(tx, path)

    def _instance(self, stored: Stored, shape: Shape, tx: Transaction) -> bool:
        # What the host derives from receipts says its class on a line of its own; parsing thousands of them a
        # second would only confirm it. The view parses before it shows anything, so this is a shortcut only.
        if (
            shape.document is None
            and stored.media_type == rdf.TURTLE
            and self._marks[shape.name] in stored.content
            and not any(quotes in stored.content for quotes in LONG_QUOTES)
        ):
            return True
        try:
            quads = rdf.parse(stored.media_type, stored.content, self._origin + stored.path)
        except PodError:
            return False  # what does not parse fits no shape
        owner = _owner(tx.pod_by_key(stored.pod))
        # The default graph alone, as the view: what stands in a named graph is said of nothing that is granted.
        return any(
            quad.graph_name == rdf.DEFAULT_GRAPH
            and quad.predicate == rdf.RDF_TYPE
            and quad.object == rdf.node(shape.target_class)
            and (
                shape.document is None
                or (isinstance(quad.subject, rdf.NamedNode) and quad.subject.value == owner)
            )
            for quad in quads
        )


def shape_for(path: Path) -> Shape | None:
    """Return the shape whose instances may lie at this path, by the container alone; None for auxiliary ones."""
    if path.endswith("/") or target.is_auxiliary(path):
        return None
    _, _, relative = path[1:].partition("/")
    container, slash, _ = relative.partition("/")
    shape = _BY_CONTAINER.get(container) if slash else None
    if shape is not None and shape.document is not None and relative != shape.document:
        return None
    return shape


def shape_of_container(path: Path) -> Shape | None:
    """Return the shape whose instances lie in this container or below it."""
    _, _, relative = path[1:].partition("/")
    container, slash, _ = relative.partition("/")
    return _BY_CONTAINER.get(container) if slash and path.endswith("/") else None


def _mark(shape: Shape) -> bytes:
    prefix = next(name for name, base in PREFIXES.items() if shape.target_class.startswith(base))
    local = shape.target_class.removeprefix(PREFIXES[prefix])
    return f"\n<#it> a {prefix}:{local} ".encode()


def _owner(pod: Pod | None) -> str | None:
    return pod.owner if pod is not None else None
