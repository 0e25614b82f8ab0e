"""Resources of Solid servers by URL: graphs and documents."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from rdflib import Graph

from pods.client.sending import SolidError, refusal, send_with_proof
from pods.client.tokens import Tokens
from pods.model import Clock

TURTLE = "text/turtle"


class SolidClient:
    """Requests to Solid servers as the agent whose tokens these are, or as the public."""

    def __init__(self, http: httpx.AsyncClient, tokens: Tokens | None, *, clock: Clock) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | str | None = None,
    ) -> httpx.Response:
        """Send one request with its own proof and return the answer, whatever its status.

        Raises httpx.HTTPError without an answer, and SolidError if there is no token to be had.
        """
        if self._tokens is None:
            return await self._http.request(method, url, headers=headers, content=content)
        token = await self._tokens.access_token()
        return await send_with_proof(
            self._http,
            self._tokens.key,
            method,
            url,
            clock=self._clock,
            headers=headers,
            content=content,
            access_token=token,
        )

    async def get_graph(self, url: str) -> Graph:
        """Return what an RDF document says; raise SolidError."""
        answer = await self._accepted("GET", url, headers={"accept": TURTLE})
        try:
            return Graph().parse(data=answer.content, format="turtle", publicID=url)
        except Exception as error:  # rdflib's parsers raise whatever they stumble over
            raise SolidError(answer.status_code, "The document is not Turtle", url) from error

    async def put(
        self, url: str, content: bytes | str, media_type: str, *, only_if_new: bool = False
    ) -> httpx.Response:
        """Create or replace a document; raise SolidError, also if it exists and must be new (412)."""
        headers = {"content-type": media_type}
        if only_if_new:
            headers["if-none-match"] = "*"
        return await self._accepted("PUT", url, headers=headers, content=content)

    async def post(
        self, url: str, content: bytes | str, media_type: str, *, slug: str | None = None
    ) -> httpx.Response:
        """Add a document to a container or a notice to an inbox; raise SolidError."""
        headers = {"content-type": media_type}
        if slug is not None:
            headers["slug"] = slug
        return await self._accepted("POST", url, headers=headers, content=content)

    async def delete(self, url: str) -> None:
        """Delete a document or an empty container; raise SolidError."""
        await self._accepted("DELETE", url)

    async def _accepted(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | str | None = None,
    ) -> httpx.Response:
        try:
            answer = await self.request(method, url, headers=headers, content=content)
        except httpx.HTTPError as error:
            raise SolidError(0, "No answer", f"{method} {url}: {error}") from error
        if not answer.is_success:
            raise refusal(answer)
        return answer
