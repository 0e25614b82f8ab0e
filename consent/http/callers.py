"""Who calls a management route, and with what body: the same tokens and refusals as for resources of pods."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from consent import people_sql
from pods.authn.verifier import Verifier
from pods.errors import BadContent, Forbidden, Unauthenticated, UnsupportedMedia
from pods.http import callers
from pods.http.callers import limited_body
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction

MAX_JSON = 256 * 1024  # bytes; the longest declaration has some 40 KiB
MAX_DELIVERY = 1024 * 1024  # bytes of one document that a service appends
PRIVATE = {"cache-control": "no-store"}


class Callers(callers.Callers):
    """Proves who sent a request to the host at `origin`, and through which client."""

    def __init__(self, origin: str, verifier: Verifier, consent_clients: Collection[str]) -> None:
        super().__init__(verifier, base=origin)
        self._clients = frozenset(consent_clients)

    async def known(self, request: Request) -> tuple[Agent, WebId]:
        """Return an agent that proved a WebID with an ordinary token."""
        agent = await self.agent(request)
        if agent.webid is None:
            raise Unauthenticated("Log in first: this needs an access token with a DPoP proof.")
        if agent.claims:
            raise Forbidden("A token for one grant opens that grant only; send an ordinary access token.")
        return agent, agent.webid

    def require_consent_client(self, agent: Agent) -> None:
        """Raise Forbidden unless the person speaks through a client that may decide about consent.

        Any other app with the person's token could otherwise give itself the consent that it wants.
        """
        if agent.client_id not in self._clients:
            raise Forbidden(
                "Consent is given, refused and withdrawn in the wallet only: the app with client_id "
                f"{agent.client_id!r} is not one of the host's consent clients (PORTICO_CONSENT_CLIENTS)."
            )


def own_pod(tx: Transaction, webid: WebId) -> Pod:
    """Return the caller's pod; raise Forbidden if they have none here."""
    pod = people_sql.own_pod(tx, webid)
    if pod is None:
        raise Forbidden("This WebID owns no pod on this host.")
    return pod


async def json_body(request: Request) -> Any:
    """Return the JSON of a body; raise UnsupportedMedia, TooLarge or BadContent."""
    if media_type(request) != "application/json":
        raise UnsupportedMedia("Send the body as application/json.")
    content = await limited_body(request, MAX_JSON)
    try:
        return orjson.loads(content)
    except ValueError as error:
        raise BadContent(f"The body is not JSON: {error}") from error


def media_type(request: Request) -> str:
    """Return the media type of a body without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def member(body: Any, name: str) -> str:
    """Return a text member of a JSON object; raise BadContent naming it."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or set(body) != {name}:
        raise BadContent(f"The body must be a JSON object with the text {name!r} and nothing else.")
    return value


def json_answer(value: Any, status: int = 200, *, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer that nobody may keep."""
    return Response(
        orjson.dumps(value), status, media_type="application/json", headers={**PRIVATE, **(headers or {})}
    )
