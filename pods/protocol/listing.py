"""Containers as RDF: members with their metadata (Solid Protocol, 4.2), beside the triples of the owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pods.errors import Conflict
from pods.model import Path
from pods.protocol import media_types, rdf, target
from pods.protocol.rdf import Quad, Triple, node
from pods.storage.base import Entry, Stored

_PREFIXES = (
    "@prefix ldp: <http://www.w3.org/ns/ldp#>.\n"
    "@prefix dcterms: <http://purl.org/dc/terms/>.\n"
    "@prefix posix: <http://www.w3.org/ns/posix/stat#>.\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.\n"
)
_CONTAINS = node("http://www.w3.org/ns/ldp#contains")
_MANAGED = frozenset(
    {
        _CONTAINS,
        node("http://purl.org/dc/terms/modified"),
        node("http://www.w3.org/ns/posix/stat#mtime"),
        node("http://www.w3.org/ns/posix/stat#size"),
    }
)
"""What the host says about a container and its members; nobody else may say it differently."""


def turtle(container: Stored, members: Sequence[Entry]) -> bytes:
    """Return a container as Turtle; relative references are to its own address."""
    return _own(container, members).encode() + container.content


def opening(container: Stored, members: Sequence[Entry]) -> bytes:
    """Return what the host states of a container with its first members; `more` goes on from there."""
    return _own(container, members).encode()


def more(container: Stored, members: Sequence[Entry]) -> bytes:
    """Return what the host states of further members; Turtle by itself, and after `opening`."""
    start = len(container.path)
    names = [_reference(entry.path[start:]) for entry in members]
    parts = [f"{_PREFIXES}<> ldp:contains {', '.join(names)}.\n"]
    parts += [_member(name, entry) for name, entry in zip(names, members, strict=True)]
    return "".join(parts).encode()


def described(container: Path, description: Stored, base: str) -> bytes:
    """Return what the description of a container says, as Turtle that may follow a listing.

    Solid Protocol, 5.3: what the host states of a container stays the host's; of that a description adds nothing.
    """
    said = rdf.parse(description.media_type, description.content, base + description.path)
    return rdf.serialise(rdf.TURTLE, [quad for quad in said if not is_hosts(quad, base + container)])


def quads(container: Stored, members: Sequence[Entry], base: str) -> list[Quad]:
    """Return the triples that the host states about a container and its members."""
    return rdf.parse(rdf.TURTLE, _own(container, members).encode(), base + container.path)


def _own(container: Stored, members: Sequence[Entry]) -> str:
    storage = ""
    if container.path == target.pod_root(container.path):
        storage = ", <http://www.w3.org/ns/pim/space#Storage>"
    parts = [
        f"{_PREFIXES}<> a ldp:Resource, ldp:Container, ldp:BasicContainer{storage};\n"
        f"    dcterms:modified {_time(container.modified)}; posix:mtime {container.modified // 1000}"
    ]
    start = len(container.path)
    names = [_reference(entry.path[start:]) for entry in members]
    if names:
        parts.append(";\n    ldp:contains " + ", ".join(names))
    parts.append(".\n")
    for name, entry in zip(names, members, strict=True):
        parts.append(_member(name, entry))
    return "".join(parts)


def _member(name: str, entry: Entry) -> str:
    said = f"dcterms:modified {_time(entry.modified)}; posix:mtime {entry.modified // 1000}"
    if entry.path.endswith("/"):
        return f"{name} a ldp:Resource, ldp:Container, ldp:BasicContainer; {said}.\n"
    return f"{name} a ldp:Resource, <{media_types.class_of(entry.media_type)}>; {said}; posix:size {entry.size}.\n"


def _reference(name: str) -> str:
    # RFC 3986, 4.2: a relative reference whose first segment holds a colon would be read as a scheme.
    return f"<./{name}>" if ":" in name else f"<{name}>"


def _time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'"{moment}"^^xsd:dateTime'


def added(
    result: Iterable[Quad], stated: Iterable[Quad], path: Path, base: str, *, whole: bool
) -> list[Quad]:
    """Return what a client's version of a container adds to what the host states of it.

    Raises Conflict if it contradicts the host (Solid Protocol, 5.3: containment triples are the server's).
    `whole` demands that everything the host states is still there, as a patch must leave it.
    """
    own = {quad.triple for quad in stated}
    theirs = list(result)
    more = [quad for quad in theirs if quad.triple not in own]
    if whole and len({quad.triple for quad in theirs} & own) < len(own):
        raise Conflict("The patch removes what the host states about the container or its members.")
    for quad in more:
        if is_hosts(quad, base + path):
            raise Conflict(f"<{quad.predicate.value}> of a container and its members is the host's to state.")
    return more


def is_hosts(quad: Quad | Triple, container: str) -> bool:
    """Say whether a statement is one that only the host makes of the container at this address and its members."""
    about_us = isinstance(quad.subject, rdf.NamedNode) and quad.subject.value.startswith(container)
    return quad.predicate in _MANAGED and about_us
