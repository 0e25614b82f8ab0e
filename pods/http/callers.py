"""Who calls a management route, and with what body: the same tokens and refusals as for resources of pods."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request

from pods.authn.verifier import Verifier
from pods.errors import TooLarge
from pods.model import Agent


class Callers:
    """Proves who sent a request to the host at `base`."""

    def __init__(self, verifier: Verifier, *, base: str) -> None:
        self._verifier = verifier
        self._base = base

    async def agent(self, request: Request) -> Agent:
        """Return the agent of a request, PUBLIC without a token; raise Unauthenticated for a bad one."""
        raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        url = self._base + raw_path.decode("ascii")
        agent = await self._verifier.agent_async(request.method, url, request.scope["headers"])
        return replace(agent, origin=request.headers.get("origin"))


async def limited_body(request: Request, limit: int) -> bytes:
    """Return a body of at most so many bytes; raise TooLarge before more is kept."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body has more than {limit:,} bytes.")
        parts.append(part)
    return b"".join(parts)
