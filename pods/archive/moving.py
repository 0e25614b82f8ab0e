"""Rewrite documents of a pod that moved: names of its own resources, as RDF and never as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pods.protocol import rdf
from pods.protocol.rdf import BlankNode, NamedNode, Quad

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Move:
    """From where to where: pairs of address prefixes, the longest first, and the owner's WebIDs."""

    prefixes: tuple[tuple[str, str], ...]
    old_owner: str
    new_owner: str

    def iri(self, iri: str) -> str:
        """Return the name that something has after the move; of what is elsewhere, the same."""
        for old, new in self.prefixes:
            if iri.startswith(old):
                return new + iri[len(old) :]
        return iri

    def quads(self, quads: Sequence[Quad], *, acl: bool = False) -> list[Quad]:
        """Return the statements under their new names. In an ACL the new WebID takes the old one's place.

        An owner whose WebID lies elsewhere keeps that name in documents: it says who somebody is. In an ACL it says
        who may come in, and on this host that is the account's WebID.
        """
        return [
            Quad(
                self._term(quad.subject, acl=acl),
                self._term(quad.predicate, acl=acl),
                self._term(quad.object, acl=acl),
                self._term(quad.graph_name, acl=acl),
            )
            for quad in quads
        ]

    def _term(self, term: T, *, acl: bool) -> T | NamedNode:
        if not isinstance(term, NamedNode):
            return term
        if acl and term.value == self.old_owner:
            return NamedNode(self.new_owner)
        moved = self.iri(term.value)
        return term if moved == term.value else NamedNode(moved)

    def document(
        self, media_type: str, content: bytes, old_address: str, new_address: str, *, acl: bool = False
    ) -> bytes:
        """Return a document as it reads under its new address; raise BadContent.

        One that says the right thing at its new address as it stands is kept byte for byte: most documents name
        their neighbours by relative references, and their authors' layout and comments survive.
        """
        before, prefixes = rdf.parse_with_prefixes(media_type, content, old_address)
        moved = self.quads(before, acl=acl)
        if _same(moved, rdf.parse(media_type, content, new_address)):
            return content
        short = {name: self.iri(iri) for name, iri in prefixes.items()}
        return rdf.serialise(media_type, moved, short)


def _same(one: Sequence[Quad], other: Sequence[Quad]) -> bool:
    """Say whether two readings of the same bytes mean the same; only blank nodes may be called differently."""
    if len(one) != len(other):
        return False
    names: dict[str, str] = {}

    def alike(left: object, right: object) -> bool:
        if isinstance(left, BlankNode) and isinstance(right, BlankNode):
            return names.setdefault(left.value, right.value) == right.value
        return left == right

    return all(
        alike(mine.subject, theirs.subject)
        and alike(mine.predicate, theirs.predicate)
        and alike(mine.object, theirs.object)
        and alike(mine.graph_name, theirs.graph_name)
        for mine, theirs in zip(one, other, strict=True)
    )
