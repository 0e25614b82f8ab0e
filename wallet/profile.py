"""The private profile: shown as a form, and written back without touching what the form does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from rdflib import RDF, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from pods.client import SolidClient, refusal
from vocab.codes import CodeList
from vocab.places import NEIGHBOURHOOD
from vocab.shapes import PROFILE, Property
from vocab.terms import PREFIXES
from wallet.records import TURTLE, Record, record

DERIVED = frozenset({"district"})
"""Follows from the neighbourhood, so nobody types it."""

YEARS = (1900, 2030)  # a year of birth outside is a slip of the finger
MAX_TEXT = 200


class BadField(Exception):
    """A field of the form that cannot be kept. `reason` is `year`, `email`, `name` or `choice`."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ChangedMeanwhile(Exception):
    """Somebody else wrote the profile after the form was shown."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The document as read: its graph, its version, and the record of the owner in it."""

    address: str
    graph: Graph
    etag: str | None
    record: Record


def editable() -> tuple[Property, ...]:
    """Return the properties that the form shows, in their order."""
    return tuple(item for item in PROFILE.properties if item.name not in DERIVED)


async def read(solid: SolidClient, address: str, webid: str) -> Profile:
    """Return the profile, empty if there is none yet; raise SolidError."""
    answer = await solid.request("GET", address, headers={"accept": TURTLE})
    graph, etag = Graph(), None
    if answer.is_success:
        graph.parse(data=answer.content, format="turtle", publicID=address)
        etag = answer.headers.get("etag")
    elif answer.status_code != httpx.codes.NOT_FOUND:
        raise refusal(answer)
    return Profile(address, graph, etag, record(graph, PROFILE, URIRef(webid)))


async def write(
    solid: SolidClient, profile: Profile, webid: str, fields: Mapping[str, str], etag: str
) -> None:
    """Write the form's fields into the profile; raise BadField, ChangedMeanwhile or SolidError."""
    if etag != (profile.etag or ""):
        raise ChangedMeanwhile
    person, graph = URIRef(webid), Graph()
    graph += profile.graph
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    graph.add((person, RDF.type, URIRef(PROFILE.target_class)))
    values = {item.name: (item, _node(item, fields.get(item.name, "").strip())) for item in editable()}
    quarter = NEIGHBOURHOOD.by_notation.get(fields.get("neighbourhood", ""))
    district = PROFILE.by_name["district"]
    above = district.codes.by_notation.get(quarter.broader or "") if quarter and district.codes else None
    values["district"] = (district, URIRef(above.iri) if above else None)
    for item, node in values.values():
        graph.remove((person, URIRef(item.path[0]), None))
        if node is not None:
            graph.add((person, URIRef(item.path[0]), node))
    condition = {"if-match": profile.etag} if profile.etag else {"if-none-match": "*"}
    answer = await solid.request(
        "PUT",
        profile.address,
        headers={"content-type": TURTLE, **condition},
        content=graph.serialize(format="turtle"),
    )
    if answer.status_code == httpx.codes.PRECONDITION_FAILED:
        raise ChangedMeanwhile
    if answer.is_error:
        raise refusal(answer)


def form_values(found: Record) -> dict[str, str]:
    """Return what the form shows: notations, numbers and texts; an e-mail address without its scheme."""
    values = {item.name: found.text(item.name) for item in editable()}
    values["email"] = values["email"].removeprefix("mailto:")
    return values


def _node(item: Property, text: str) -> Node | None:
    if not text:
        if item.required:
            raise BadField(item.name, "name")
        return None
    if item.codes is not None:
        return URIRef(_iri_of(item.codes, item.name, text))
    if item.kind == "integer":
        if not text.isdecimal() or not YEARS[0] <= int(text) <= YEARS[1]:
            raise BadField(item.name, "year")
        return Literal(int(text), datatype=XSD.integer)
    if item.kind == "iri":
        local, at, domain = text.partition("@")
        if not at or not local or "." not in domain or any(c.isspace() or c in '<>"{}|\\^`' for c in text):
            raise BadField(item.name, "email")
        return URIRef(f"mailto:{text}")
    if len(text) > MAX_TEXT:
        raise BadField(item.name, "name")
    return Literal(text)


def _iri_of(codes: CodeList, field: str, notation: str) -> str:
    code = codes.by_notation.get(notation)
    if code is None:
        raise BadField(field, "choice")
    return code.iri
