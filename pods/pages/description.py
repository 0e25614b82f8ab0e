"""From the quads of a document to what a page shows of it: subjects with rows of property and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from pods.protocol.rdf import DEFAULT_GRAPH, RDF_TYPE, BlankNode, Literal, NamedNode, Quad
from vocab.labels import is_known, label_of
from vocab.terms import PREFIXES

MAX_NAME = 200  # characters
MOST_TEXT = 2_000  # characters of one literal; the rest is in the download
_LINKED = frozenset({"http", "https", "mailto", "tel"})
_XSD = "http://www.w3.org/2001/XMLSchema#"
_TIMES = frozenset({_XSD + "dateTime", _XSD + "date"})
_PLAIN_TYPES = _TIMES | {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    *(_XSD + name for name in ("string", "integer", "decimal", "double", "boolean")),
}
"""Datatypes that a reader sees by looking at the value."""
_NAMING = tuple(
    PREFIXES[prefix] + name
    for prefix, name in (
        *(("foaf", "name"), ("vcard", "fn"), ("schema", "name"), ("dct", "title"), ("rdfs", "label")),
        *(("skos", "prefLabel"), ("as", "summary")),
    )
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A term as a page shows it. `href` is None where nothing is linked; `outside` says that it leaves the host."""

    text: str
    href: str | None = None
    outside: bool = False
    note: str = ""
    """What stands small beside it: a short IRI, a language, a datatype."""
    language: str = ""
    time: bool = False
    """A literal of time, which the page writes in the reader's way."""


@dataclass(slots=True)
class Subject:
    """What a document says about one thing. `graph` is the named graph that says it, None for the default one."""

    anchor: str
    title: Shown
    graph: Shown | None
    name: str = ""
    types: list[Shown] = field(default_factory=list)
    rows: list[tuple[Shown, list[Shown]]] = field(default_factory=list)


def subjects(quads: Sequence[Quad], document: str, origin: str, language: str) -> list[Subject]:
    """Return the subjects in the order of the document; `document` is its address, on the host `origin`."""
    groups: dict[tuple[object, object], list[Quad]] = {}
    for quad in quads:
        groups.setdefault((quad.graph_name, quad.subject), []).append(quad)
    anchors = {subject: f"s{number}" for number, (_, subject) in enumerate(reversed(groups), 1)}
    reader = _Reader(document, origin, language, anchors, _names(quads))
    return [reader.subject(number, said) for number, said in enumerate(groups.values(), 1)]


def _names(quads: Sequence[Quad]) -> dict[object, str]:
    """Return what each subject is called, in the order of the document."""
    found: dict[object, str] = {}
    for quad in quads:
        if quad.predicate.value in _NAMING and isinstance(quad.object, Literal):
            found.setdefault(quad.subject, quad.object.value[:MAX_NAME])
    return found


def safe_link(iri: str) -> str | None:
    """Return the address if a reader may follow it: nothing that runs, such as `javascript:` or `data:`."""
    try:
        return iri if urlsplit(iri).scheme.lower() in _LINKED else None
    except ValueError:
        return None


class _Reader:
    def __init__(
        self,
        document: str,
        origin: str,
        language: str,
        anchors: Mapping[object, str],
        names: Mapping[object, str],
    ) -> None:
        self._document = document
        self._names = names
        self._inside = origin + "/"
        self._language = language
        self._anchors = anchors
        self._numbers: dict[str, int] = {}

    def subject(self, number: int, said: Sequence[Quad]) -> Subject:
        first = said[0]
        graph = None if first.graph_name == DEFAULT_GRAPH else self.term(first.graph_name, linked=False)
        title = self.term(first.subject, linked=False)
        # A subject of several graphs has one anchor: that of its first appearance.
        anchor = self._anchors.get(first.subject, f"s{number}")
        found = Subject(anchor, title, graph, self._names.get(first.subject, ""))
        rows: dict[str, list[Shown]] = {}
        for quad in said:
            if quad.predicate == RDF_TYPE:
                kind = self.term(quad.object, anchored=False)
                # Two vocabularies may have one word for it, and a person reads it once.
                if all(kind.text != known.text for known in found.types):
                    found.types.append(kind)
            else:
                rows.setdefault(quad.predicate.value, []).append(self.term(quad.object))
        found.rows = [(self._predicate(iri), values) for iri, values in rows.items()]
        return found

    def _predicate(self, iri: str) -> Shown:
        return Shown(label_of(iri, self._language), note=short(iri))

    def term(self, term: object, *, linked: bool = True, anchored: bool = True) -> Shown:
        if isinstance(term, Literal):
            return _literal(term)
        anchor = self._anchors.get(term) if linked and anchored else None
        if isinstance(term, BlankNode):
            number = self._numbers.setdefault(term.value, len(self._numbers) + 1)
            name = self._names.get(term, "") if linked else ""
            return Shown(name or f"_:{number}", f"#{anchor}" if anchor else None)
        if not isinstance(term, NamedNode):
            return Shown(str(term))
        iri = term.value
        href = (f"#{anchor}" if anchor else safe_link(iri)) if linked else None
        outside = href is not None and not anchor and not iri.startswith(self._inside)
        if is_known(iri):
            return Shown(label_of(iri, self._language), href, outside, note=short(iri))
        return Shown(self._readable(iri), href, outside)

    def _readable(self, iri: str) -> str:
        """Return an IRI as short as it is still clear: its fragment within the document, its path on the host."""
        if iri == self._document:
            return "<>"
        if iri.startswith(self._document + "#"):
            return iri[len(self._document) :]
        if iri.startswith(self._inside):
            return unquote(iri[len(self._inside) - 1 :])
        return iri


def _literal(literal: Literal) -> Shown:
    datatype = literal.datatype.value
    note = literal.language or ("" if datatype in _PLAIN_TYPES else short(datatype))
    text = literal.value if len(literal.value) <= MOST_TEXT else literal.value[:MOST_TEXT] + " […]"
    return Shown(text, note=note, language=literal.language or "", time=datatype in _TIMES)


def short(iri: str) -> str:
    """Return an IRI with the prefix that we print for its namespace, or as it is."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri
