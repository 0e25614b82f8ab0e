"""Access control lists over HTTP: find the one of a resource, read it, replace it only if nobody else did."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx
from rdflib import Graph

from consent.foreign.errors import Fault, ForeignError
from pods.client import SolidClient, SolidError, refusal

TURTLE = "text/turtle"
MAX_DEPTH = 32  # containers between a resource and its storage; each costs two requests


@dataclass(frozen=True, slots=True)
class AccessList:
    """The list of one resource as it stands on the server, or the place where it would stand."""

    place: str
    rules: Graph | None
    """None where the resource has no list of its own and inherits."""
    etag: str | None


class AccessLists:
    """Lists as a person sees and changes them, with their own token."""

    def __init__(self, solid: SolidClient) -> None:
        self._solid = solid

    async def of(self, resource: str) -> AccessList:
        """Return the list of a resource; raise SolidError, and ForeignError where there can be none."""
        answer = await self._sent("HEAD", resource)
        link = answer.links.get("acl")
        if link is None:
            raise ForeignError(
                Fault.NO_LIST,
                f"{resource} names no access control list; its server cannot hold this consent.",
            )
        place = urljoin(resource, link["url"])
        if urlsplit(place)[:2] != urlsplit(resource)[:2]:
            # Attack: a server that names somebody else's list would have the person's token change that one.
            raise ForeignError(
                Fault.LIST_ELSEWHERE, f"{resource} names a list on another server; nothing was changed."
            )
        found = await self._solid.request("GET", place, headers={"accept": TURTLE})
        if found.status_code == httpx.codes.NOT_FOUND:
            return AccessList(place, None, None)
        if not found.is_success:
            raise refusal(found)
        etag = found.headers.get("etag")
        if etag is None:
            # Without it a change of somebody else's between our reading and our writing would be lost.
            raise ForeignError(
                Fault.NO_TAG,
                f"{place} has no entity tag; its rules cannot be changed without harm to others'.",
            )
        return AccessList(place, _parsed(found, place), etag)

    async def above(self, resource: str) -> tuple[str, Graph]:
        """Return the container that a resource inherits from, and its rules."""
        container = resource
        for _ in range(MAX_DEPTH):
            parent = urljoin(container, ".." if container.endswith("/") else ".")
            if parent == container:
                break
            container = parent
            found = await self.of(container)
            if found.rules is not None:
                return container, found.rules
        raise ForeignError(
            Fault.NOT_GOVERNED, f"No access control list governs {resource}; ask the server's operator."
        )

    async def replace(self, known: AccessList, rules: Graph) -> bool:
        """Store rules in place of those that are known; False if somebody else was faster."""
        condition = {"if-match": known.etag} if known.etag is not None else {"if-none-match": "*"}
        content = rules.serialize(format="turtle")
        return await self._changed("PUT", known.place, {**condition, "content-type": TURTLE}, content)

    async def remove(self, known: AccessList) -> bool:
        """Remove a list, so that the resource inherits again; False if somebody else was faster."""
        return await self._changed("DELETE", known.place, {"if-match": str(known.etag)}, None)

    async def _changed(self, method: str, place: str, headers: dict[str, str], content: str | None) -> bool:
        answer = await self._solid.request(method, place, headers=headers, content=content)
        if answer.status_code == httpx.codes.PRECONDITION_FAILED:
            return False
        if not answer.is_success:
            raise refusal(answer)
        return True

    async def _sent(self, method: str, url: str) -> httpx.Response:
        answer = await self._solid.request(method, url)
        if not answer.is_success:
            raise refusal(answer)
        return answer


def _parsed(answer: httpx.Response, place: str) -> Graph:
    try:
        return Graph().parse(data=answer.content, format="turtle", publicID=place)
    except Exception as error:  # rdflib's parsers raise whatever they stumble over
        raise SolidError(answer.status_code, "The access control list is not Turtle", place) from error
