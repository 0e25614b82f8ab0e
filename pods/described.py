"""What the description of a container says: it is shown with the container, so a patch of that sees it too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pods.model import Path
from pods.patched import Graph, PatchedGraphs
from pods.protocol import listing, rdf, target
from pods.protocol.rdf import Quad, Triple
from pods.quota import Quota
from pods.storage.base import Stored, Transaction


class Said(NamedTuple):
    """A description as it is stored, and what of it is shown with its container."""

    stored: Stored | None
    graph: Graph = Graph(())
    shown: Sequence[Triple] = ()


def said_of(container: Path, graphs: PatchedGraphs, base: str, tx: Transaction) -> Said:
    """Return what the description of a container says."""
    stored = tx.get(Path(container + target.META))
    if stored is None:
        return Said(None)
    graph = graphs.of(stored)
    address = base + container
    return Said(stored, graph, [triple for triple in graph.triples if not listing.is_hosts(triple, address)])


def own(patched: Sequence[Triple], before: Sequence[Triple], said: Said) -> list[Quad]:
    """Return what of a patched container is its own: not what only its description says, now as before."""
    others = set(said.shown).difference(before)
    return rdf.quads_of(triple for triple in patched if triple not in others)


def take_out(said: Said, patched: Sequence[Triple], quota: Quota, tx: Transaction, at: float) -> None:
    """Take out of a description what a patch of its container took out."""
    gone = set(said.shown).difference(patched)
    if said.stored is None or not gone:
        return
    left = [triple for triple in said.graph.triples if triple not in gone]
    content = rdf.serialise_graph(said.stored.media_type, left, said.graph.named, said.graph.prefixes)
    written = tx.write(said.stored.path, said.stored.media_type, content, at)
    quota.require_kept(said.stored, written, tx)
