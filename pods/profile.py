"""The name that a WebID profile shows: read and changed without touching anything else in it."""

from __future__ import annotations

from pods.errors import NotFound
from pods.model import Path, WebId
from pods.protocol import rdf
from pods.protocol.rdf import Literal, Quad, node
from pods.provision import card_of
from pods.storage.base import Transaction

_NAMES = (
    node("http://xmlns.com/foaf/0.1/name"),
    node("http://www.w3.org/2006/vcard/ns#fn"),
    node("http://schema.org/name"),
)
"""By preference; who has none of them gets the first."""


def name_shown(tx: Transaction, pod: str, webid: WebId, *, base: str) -> str:
    """Return the name in a profile, or that of the pod where it says none."""
    path = card_of(Path(f"/{pod}/"))
    stored = tx.get(path)
    quads = rdf.parse(stored.media_type, stored.content, base + path) if stored else []
    for predicate in _NAMES:
        for quad in quads:
            if _names(quad, webid) and quad.predicate == predicate and isinstance(quad.object, Literal):
                return quad.object.value
    return pod


def rename(tx: Transaction, pod: str, webid: WebId, name: str, *, base: str, at: float) -> None:
    """Change every name that a profile shows; raise NotFound without a profile."""
    path = card_of(Path(f"/{pod}/"))
    stored = tx.get(path)
    if stored is None:
        raise NotFound("There is no profile to change.")
    quads, prefixes = rdf.parse_with_prefixes(stored.media_type, stored.content, base + path)
    used = [one for one in _NAMES if any(_names(quad, webid) and quad.predicate == one for quad in quads)]
    kept = [quad for quad in quads if not _names(quad, webid)]
    named = [Quad(node(webid), predicate, Literal(name)) for predicate in used or _NAMES[:1]]
    content = rdf.serialise(stored.media_type, [*kept, *named], prefixes)
    tx.write(path, stored.media_type, content, at)


def _names(quad: Quad, webid: str) -> bool:
    return quad.predicate in _NAMES and quad.subject == node(webid) and isinstance(quad.object, rdf.Literal)
