"""What a person's profile tells a wallet: their name, their storage, and where each kind of data lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from rdflib import URIRef

from pods.client import SolidClient, SolidError
from vocab.shapes import SHAPES
from vocab.terms import FOAF, PIM, PROBLEMS, SCHEMA, SOLID, VCARD

_NAMES = (FOAF.name, VCARD.fn, SCHEMA.name)
_STORAGE_TYPE = "http://www.w3.org/ns/pim/space#Storage"


class NoStorage(Exception):
    """The person's profile names no place where their data lies."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person's data is. `containers` maps a shape's name to the address of its container."""

    webid: str
    name: str
    storage: str
    containers: Mapping[str, str]
    consent: bool
    """Whether the host has Portico's consent service; any other Solid server has none."""

    @property
    def host(self) -> str:
        """Return the origin of the pod host."""
        parts = urlsplit(self.storage)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """Return the path of the storage, `/anna/`."""
        return urlsplit(self.storage).path

    def plain(self) -> dict[str, Any]:
        """Return the place for keeping with a session."""
        return {**asdict(self), "containers": dict(self.containers)}


async def discover(solid: SolidClient, webid: str) -> Place:
    """Read the profile and what it links to; raise NoStorage, SolidError or httpx.HTTPError."""
    profile = await solid.get_graph(webid.partition("#")[0])
    person = URIRef(webid)
    storages = sorted(str(place) for place in profile.objects(person, PIM.storage))
    storage = storages[0] if storages else await _storage_above(solid, webid)
    if not storage.endswith("/"):
        storage += "/"
    name = next((str(text) for term in _NAMES for text in profile.objects(person, term)), "")
    containers = {shape.name: urljoin(storage, shape.container) for shape in SHAPES.values()}
    indexes = {
        *profile.objects(person, SOLID.privateTypeIndex),
        *profile.objects(person, SOLID.publicTypeIndex),
    }
    for index in sorted(map(str, indexes)):
        # A link out of the storage would send the person's token to a stranger's server.
        if index.startswith(storage):
            containers |= await _registered(solid, index, storage)
    place = Place(webid, name or _name_of(storage), storage, containers, consent=False)
    return Place(webid, place.name, storage, containers, await _has_consent_service(solid, place.host))


async def _registered(solid: SolidClient, index: str, storage: str) -> dict[str, str]:
    """Return the containers that a type index registers for the classes that we know."""
    try:
        graph = await solid.get_graph(index)
    except SolidError:
        return {}  # an index that is not there, or not ours to read, says nothing
    classes = {shape.target_class: shape.name for shape in SHAPES.values()}
    found = {}
    for registration, target in graph.subject_objects(SOLID.instanceContainer):
        for kind in graph.objects(registration, SOLID.forClass):
            if str(kind) in classes and str(target).startswith(storage):
                found[classes[str(kind)]] = str(target)
    return found


async def _storage_above(solid: SolidClient, webid: str) -> str:
    """Return the storage that holds the profile (Solid Protocol, section 4.1: walk up the path)."""
    address = webid.partition("#")[0]
    while urlsplit(address).path not in ("", "/"):
        address = urljoin(address, ".." if address.endswith("/") else ".")
        response = await solid.request("HEAD", address)
        links = response.headers.get("link", "")
        if _STORAGE_TYPE in links and 'rel="type"' in links.replace("rel=type", 'rel="type"'):
            return address
    raise NoStorage(webid)


async def _has_consent_service(solid: SolidClient, host: str) -> bool:
    """Say whether the host has the service, also where it lets this wallet do nothing: then its refusal is shown."""
    headers = {"accept": "application/json"}
    try:
        response = await solid.request("GET", host + "/.consent/requests", headers=headers)
        plain = response.json()
    except (httpx.HTTPError, ValueError):
        return False
    if response.status_code == httpx.codes.FORBIDDEN and isinstance(plain, dict):
        return str(plain.get("type", "")).startswith(PROBLEMS)
    return response.status_code == httpx.codes.OK and isinstance(plain, list)


def _name_of(storage: str) -> str:
    return urlsplit(storage).path.strip("/").rpartition("/")[2] or urlsplit(storage).netloc
