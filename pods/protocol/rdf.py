"""RDF documents: parse, serialise, compare; the only module of the pod host that calls pyoxigraph."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import TypeVar

import pyoxigraph as ox

from pods.errors import BadContent, Unprocessable

TURTLE = "text/turtle"
JSON_LD = "application/ld+json"
N_TRIPLES = "application/n-triples"
OFFERED = (TURTLE, JSON_LD, N_TRIPLES)
"""What any RDF resource can be read as, the default first (Solid Protocol, 5.5)."""

MAX_TRIPLES = 100_000  # one document; a month of purchases has some hundreds
_RDF_1_2 = (b"<<", b"{|", b"~")
"""Without one of these no document holds a triple term, and no triple need be looked at."""

MAX_NESTING = 40  # levels of JSON; the processor recurses

_FORMATS: Mapping[str, ox.RdfFormat] = {
    TURTLE: ox.RdfFormat.TURTLE,
    JSON_LD: ox.RdfFormat.JSON_LD,
    N_TRIPLES: ox.RdfFormat.N_TRIPLES,
}

NamedNode = ox.NamedNode
BlankNode = ox.BlankNode
Literal = ox.Literal
Quad = ox.Quad
Triple = ox.Triple
DEFAULT_GRAPH = ox.DefaultGraph()
Term = ox.NamedNode | ox.BlankNode | ox.Literal
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

T = TypeVar("T")
_let_go: Callable[[Iterator[ox.Quad]], object] = partial(deque, maxlen=0)


@lru_cache(maxsize=4096)
def node(iri: str) -> ox.NamedNode:
    """Return the node of an IRI that our own code wrote."""
    return ox.NamedNode(iri)


def is_rdf(media_type: str) -> bool:
    """Say whether a document of this media type is kept as RDF and can be negotiated."""
    return media_type in _FORMATS


def parse(media_type: str, content: bytes, base: str) -> list[ox.Quad]:
    """Return the quads of a document; raise BadContent with line and column if it does not parse."""
    return parse_with_prefixes(media_type, content, base)[0]


def parse_with_prefixes(
    media_type: str, content: bytes, base: str
) -> tuple[list[ox.Quad], Mapping[str, str]]:
    """Return the quads of a document and the prefixes that it declares."""
    parser, quads = _read(media_type, content, base, list)
    return quads, parser.prefixes


def check(media_type: str, content: bytes, base: str) -> None:
    """Raise BadContent where `parse` does. Each quad is let go of as it comes: most documents are kept as they were sent."""
    _read(media_type, content, base, _let_go)


def _read(
    media_type: str, content: bytes, base: str, take: Callable[[Iterator[ox.Quad]], T]
) -> tuple[ox.QuadParser, T]:
    content = content.removeprefix(
        BOM_UTF8
    )  # editors on some systems write one; it is none of the document's
    if media_type == JSON_LD:
        content = _without_remote_contexts(content, base)
    parser = ox.parse(content, format=_FORMATS[media_type], base_iri=base)
    quads: Iterator[ox.Quad] = parser
    if any(mark in content for mark in _RDF_1_2):
        quads = map(_of_rdf_1_1, parser)
    try:
        taken = take(islice(quads, MAX_TRIPLES))
        more = next(quads, None)
    except (SyntaxError, ValueError) as error:
        raise BadContent(f"The body is not valid {media_type}: {error}") from error
    if more is not None:
        raise BadContent(f"The document has more than {MAX_TRIPLES} triples.")
    return parser, taken


def _of_rdf_1_1(quad: ox.Quad) -> ox.Quad:
    if isinstance(quad.object, ox.Triple) or isinstance(quad.subject, ox.Triple):
        raise BadContent("The body uses triple terms (RDF 1.2); this host keeps RDF 1.1.")
    return quad


def parted(quads: Iterable[ox.Quad]) -> tuple[list[ox.Triple], list[ox.Quad]]:
    """Return the triples of the default graph, and the quads of named graphs."""
    triples, named = [], []
    for quad in quads:
        if quad.graph_name == DEFAULT_GRAPH:
            triples.append(quad.triple)
        else:
            named.append(quad)
    return triples, named


def serialise(media_type: str, quads: Iterable[ox.Quad], prefixes: Mapping[str, str] | None = None) -> bytes:
    """Return the quads as a document; a format without named graphs carries the default graph alone."""
    if media_type == JSON_LD:
        return _written(ox.serialize(quads, format=ox.RdfFormat.JSON_LD))
    return serialise_graph(media_type, parted(quads)[0], prefixes=prefixes)


def serialise_graph(
    media_type: str,
    triples: Sequence[ox.Triple],
    named: Sequence[ox.Quad] = (),
    prefixes: Mapping[str, str] | None = None,
) -> bytes:
    """Return the two parts of a document as `parted` gives them as one again."""
    if media_type == JSON_LD:
        return _written(ox.serialize([*quads_of(triples), *named], format=ox.RdfFormat.JSON_LD))
    if media_type == TURTLE:
        # One subject's triples share a block, and the subjects keep the order of the document.
        blocks: dict[object, list[ox.Triple]] = {}
        for triple in triples:
            blocks.setdefault(triple.subject, []).append(triple)
        triples = [triple for block in blocks.values() for triple in block]
        return _written(ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes or {})))
    return _written(ox.serialize(triples, format=_FORMATS[media_type]))


def quads_of(triples: Iterable[ox.Triple]) -> list[ox.Quad]:
    """Return the triples as quads of the default graph."""
    return [ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples]


def convert(stored_type: str, wanted_type: str, content: bytes, base: str) -> bytes:
    """Return a stored document in another RDF format."""
    quads, prefixes = parse_with_prefixes(stored_type, content, base)
    return serialise(wanted_type, quads, prefixes)


def objects(quads: Sequence[ox.Quad], predicates: frozenset[ox.NamedNode]) -> frozenset[ox.Triple]:
    """Return the triples of the default graph that have one of these predicates."""
    return frozenset(quad.triple for quad in quads if quad.predicate in predicates)


def same_graph(one: Iterable[ox.Quad], other: Iterable[ox.Quad]) -> bool:
    """Say whether two documents mean the same, whatever their blank nodes are called."""
    canonical = ox.CanonicalizationAlgorithm.UNSTABLE
    first, second = ox.Dataset(one), ox.Dataset(other)
    first.canonicalize(canonical)
    second.canonicalize(canonical)
    return first == second


def _written(document: bytes | None) -> bytes:
    return document or b""  # None only where a file was given to write to


def _without_remote_contexts(content: bytes, base: str) -> bytes:
    """Return JSON-LD in which no context is a reference any more.

    A context is code from elsewhere: the host never fetches one (server-side request forgery). The
    contexts that it knows stand in `vocab`; any other is refused.
    """
    if b"@context" not in content:
        return content
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadContent(f"The body is not JSON: {error}") from error
    if not _names_a_context(document, MAX_NESTING):
        return content
    from vocab import jsonld  # here: pyld is slow to import, and few documents need it

    try:
        return json.dumps(jsonld.expand(document, base)).encode()
    except jsonld.BadJsonLd as error:
        raise Unprocessable(f"The JSON-LD cannot be expanded here: {error}") from error


def _names_a_context(value: object, depth: int) -> bool:
    if depth == 0:
        raise BadContent(f"The JSON-LD is nested deeper than {MAX_NESTING} levels.")
    if isinstance(value, dict):
        contexts = value.get("@context", [])
        if any(isinstance(one, str) for one in (contexts if isinstance(contexts, list) else [contexts])):
            return True
        return any(_names_a_context(inner, depth - 1) for inner in value.values())
    return isinstance(value, list) and any(_names_a_context(inner, depth - 1) for inner in value)
