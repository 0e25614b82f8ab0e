"""A person's documents of one shape: by month, or all of them, read from their pod."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rdflib import Graph, URIRef

from pods.client import SolidError
from vocab.shapes import SHAPES
from vocab.terms import PROV
from wallet.records import Record, records
from wallet.visit import Visit

_MONTH = re.compile(r"/(\d{4}-(?:0[1-9]|1[0-2]))/$")
SIGNED = ".jws"


@dataclass(frozen=True, slots=True)
class Document:
    """A document with the record in it. `source` is the address of the signed bytes that it was derived from."""

    address: str
    record: Record = field(repr=False)
    source: str | None = None

    @property
    def name(self) -> str:
        return self.address.rpartition("/")[2]


async def months(visit: Visit, shape: str) -> list[str]:
    """Return the months for which there are documents, `2017-10`, the latest first."""
    found = [_MONTH.search(member) for member in await visit.members(visit.place.containers[shape])]
    return sorted((match[1] for match in found if match), reverse=True)


async def of_month(visit: Visit, shape: str, month: str) -> list[Document]:
    """Return the documents of a month in the order of their names."""
    return await _documents(visit, shape, await visit.members(f"{visit.place.containers[shape]}{month}/"))


async def outside_months(visit: Visit, shape: str) -> list[Document]:
    """Return documents that lie in the container itself, as other Solid apps put them."""
    return await _documents(visit, shape, await visit.members(visit.place.containers[shape]))


async def below(visit: Visit, shape: str) -> list[Document]:
    """Return the documents of a container and of the containers directly in it."""
    members = await visit.members(visit.place.containers[shape])
    folders = [member for member in members if member.endswith("/")]
    inside = await visit.each(folders, visit.members)
    return await _documents(visit, shape, [*members, *(one for _folder, ones in inside for one in ones)])


async def one(visit: Visit, shape: str, address: str) -> Document | None:
    """Return one document, or None if it holds nothing of the shape; raise SolidError."""
    return _document(await visit.solid.get_graph(address), shape, address)


async def _documents(visit: Visit, shape: str, members: list[str]) -> list[Document]:
    addresses = [member for member in members if not member.endswith(("/", SIGNED)) and visit.inside(member)]
    read = await visit.each(addresses, lambda address: _readable(visit, address))
    found = (_document(graph, shape, address) for address, graph in read if graph is not None)
    return [document for document in found if document is not None]


async def _readable(visit: Visit, address: str) -> Graph | None:
    """Return the graph of a document, None for a picture or a letter that lies among the data."""
    try:
        return await visit.solid.get_graph(address)
    except SolidError as error:
        if error.status in (200, 404, 406):  # not RDF, gone meanwhile, or not to be had as Turtle
            return None
        raise


def _document(graph: Graph, shape: str, address: str) -> Document | None:
    found = next(records(graph, SHAPES[shape]), None)
    if found is None:
        return None
    sources = sorted(str(source) for source in graph.objects(URIRef(found.iri), PROV.wasDerivedFrom))
    return Document(address, found, next((source for source in sources if source.endswith(SIGNED)), None))
