"""Routes for people whose data lie on another server: they tell here what they gave there, and that they took it back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import elsewhere_sql, registry_sql, wire
from consent.decisions import Consents
from consent.elsewhere_sql import GrantElsewhere
from consent.http.callers import PRIVATE, json_body
from consent.http.ground import Ground, Routes, routes_of
from consent.model import ControllerState, OutputMode, PurposeDeclaration
from consent.registry_sql import Purposes
from pods.errors import BadContent, Conflict, Forbidden, NotFound, TooManyRequests, Unprocessable
from pods.http.openapi import TEXT, described, record
from pods.model import WebId
from pods.storage.base import Transaction

MOST_DOCUMENTS = 200  # of one grant; the wallet offers fewer
MOST_GRANTS = 20  # of one person for one purpose
MOST_LETTERS = 2_000  # of one address
PROFILE = "profile/card"
_ID = re.compile(r"[0-9a-f]{32}")
_GRANT = record(
    {"purpose": TEXT, "resources": {"type": "array", "items": TEXT, "minItems": 1}, "expires_at": TEXT}
)


class ElsewhereRoutes(Routes):
    """`/.consent/elsewhere`: the other server alone decides who reads; this tells the organisation where to look.

    It finds these grants where it finds those of this host, in `GET /.consent/grants?purpose=`.
    """

    def __init__(self, ground: Ground, consents: Consents) -> None:
        super().__init__(ground)
        self._consents = consents
        self._purposes = Purposes(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent/elsewhere`."""
        return routes_of(
            "/.consent/elsewhere",
            "consent",
            (
                "PUT",
                "/{grant_id}",
                self.given,
                described(status=204, body=_GRANT, places=("grant_id",), token=True),
            ),
            (
                "DELETE",
                "/{grant_id}",
                self.withdrawn,
                described(status=204, places=("grant_id",), token=True),
            ),
        )

    async def given(self, request: Request) -> Response:
        """Tell the organisation of a purpose which documents it may read on the caller's own server, and until when."""
        _, webid = await self._callers.known(request)
        name: str = request.path_params["grant_id"]
        if not _ID.fullmatch(name):
            raise BadContent("The name of a grant has 32 hexadecimal digits.")
        purpose, resources, ends = _read(await json_body(request))
        self._require_theirs(webid, resources)

        def job(tx: Transaction) -> None:
            at = self._clock()
            known = self._open(tx, purpose, at)
            if not at < ends <= known.valid_until:
                raise Unprocessable("/expires_at: the end must lie ahead, and not after the purpose's own.")
            pairwise = self._consents.pairwise(known.controller, webid)
            elsewhere_sql.forget_expired(tx, at)
            if elsewhere_sql.count_of_others(tx, name, pairwise, purpose) >= MOST_GRANTS:
                raise TooManyRequests(f"{MOST_GRANTS} grants for this purpose are in force; take one back.")
            elsewhere_sql.save(tx, GrantElsewhere(name, pairwise, purpose, resources, ends, at))

        await self._commits.submit(job)
        return Response(status_code=204, headers=PRIVATE)

    async def withdrawn(self, request: Request) -> Response:
        """Tell the organisation that a grant of the caller's was taken back; it stands in no list from here on."""
        _, webid = await self._callers.known(request)
        name: str = request.path_params["grant_id"]

        def job(tx: Transaction) -> None:
            known = elsewhere_sql.controllers_of(tx, name)
            pseudonyms = [self._consents.pairwise(controller, webid) for controller in known]
            if not sum(elsewhere_sql.remove(tx, name, pairwise) for pairwise in pseudonyms):
                raise NotFound("You told of no such grant, or it is over.")

        await self._commits.submit(job)
        return Response(status_code=204, headers=PRIVATE)

    def _require_theirs(self, webid: WebId, resources: Sequence[str]) -> None:
        """Raise Forbidden for documents outside the storage that holds the caller's own profile.

        Attack: somebody who tells of another person's documents would pass that person's data off as their own. A
        profile may claim any storage; that the WebID lies in it cannot be claimed.
        """
        document = webid.partition("#")[0]
        storage = document.removesuffix(PROFILE)
        if storage == document or not storage.endswith("/"):
            raise Forbidden(f"Only a WebID that lies in its storage, as {PROFILE}, can be told from here.")
        for one in resources:
            inside = one.startswith(storage) and not one.endswith("/")
            if not inside or set(one) & set("?#\\ ") or "/../" in one or "/./" in one or "%2e" in one.lower():
                raise Forbidden(f"/resources: {one[:200]} is no document of {storage}.")
        if document.startswith(self._origin + "/"):
            raise Conflict("Your pod is on this host: POST /.consent/grants gives, and is enforced.")

    def _open(self, tx: Transaction, iri: str, at: float) -> PurposeDeclaration:
        purpose = self._purposes.by_iri(tx, iri)
        controller = registry_sql.controller(tx, purpose.controller) if purpose is not None else None
        if purpose is None or controller is None or controller.state is not ControllerState.APPROVED:
            raise NotFound(f"{iri[:200]} is no purpose that is published here.")
        if not purpose.active(at):
            raise Conflict("This purpose has ended.")
        if not any(item.mode is OutputMode.ROWS for item in purpose.items):
            raise Unprocessable("This purpose reads no documents; another server can give nothing for it.")
        return purpose


def _read(body: Any) -> tuple[str, tuple[str, ...], float]:
    """Return purpose, documents and end of a body; raise BadContent."""
    if not isinstance(body, dict) or set(body) != {"purpose", "resources", "expires_at"}:
        raise BadContent("Send {'purpose': …, 'resources': […], 'expires_at': …} and nothing else.")
    purpose, resources = body["purpose"], body["resources"]
    if not isinstance(purpose, str) or not isinstance(resources, list):
        raise BadContent("/purpose is a text, /resources a list of texts.")
    if not 0 < len(resources) <= MOST_DOCUMENTS or not all(
        isinstance(one, str) and len(one) <= MOST_LETTERS and one.isprintable() for one in resources
    ):
        raise BadContent(f"/resources: from 1 to {MOST_DOCUMENTS} addresses.")
    try:
        ends = wire.seconds(body["expires_at"])
    except (TypeError, ValueError) as error:
        raise BadContent("/expires_at: write it as 2027-01-31T00:00:00Z.") from error
    return purpose, tuple(sorted(set(resources))), ends
