"""Routes of asking beside the inbox: a link or QR code that leads to the wallet, one offer, and "later"."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from consent import wire
from consent.delegation.acting import Acting
from consent.delegation.model import Power
from consent.delegation.powers import standing
from consent.http.callers import PRIVATE, json_answer, json_body, member
from consent.http.decisions import FOR
from consent.http.ground import Ground, Routes, routes_of
from consent.model import ConsentRequest, PurposeDeclaration
from consent.overview import Overview
from consent.registry_sql import Purposes
from pods.errors import BadRequest, NotFound
from pods.http.openapi import LIST, OBJECT, TEXT, described, record
from pods.storage.base import Transaction

MOST_TOGETHER = 10  # purposes of one event's code; more than this nobody reads


class AskingRoutes(Routes):
    """Where a person gets to who was not asked through the inbox, or who puts an answer off."""

    def __init__(
        self, ground: Ground, acting: Acting, overview: Overview, *, consent_clients: Sequence[str]
    ) -> None:
        super().__init__(ground)
        self._acting = acting
        self._overview = overview
        self._purposes = Purposes(ground.origin)
        self._wallet = next(iter(consent_clients), None)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        return routes_of(
            "/.consent",
            "consent",
            ("GET", "/ask/{identifier}", self.ask, described(status=303, places=("identifier",))),
            ("GET", "/ask", self.ask_several, described(status=303, query={"purpose": TEXT})),
            ("GET", "/offers", self.offer, described(OBJECT, query={"purpose": TEXT, FOR: TEXT}, token=True)),
            (
                "POST",
                "/deferrals",
                self.defer,
                described(status=204, body=record({"purpose": TEXT}), query={FOR: TEXT}, token=True),
            ),
            ("GET", "/deferrals", self.deferred, described(LIST, query={FOR: TEXT}, token=True)),
        )

    async def ask(self, request: Request) -> Response:
        """Lead whoever follows a link or a QR code to the newest version of a purpose in the wallet, after log-in.

        The address is short and the same for everybody: it tells nobody who followed it.
        """
        identifier: str = request.path_params["identifier"]
        found = await self._store.read(lambda tx: self._purposes.latest(tx, identifier))
        if found is None or not found.active(self._clock()):
            raise NotFound("Nothing of this name is asked for here; GET /.consent/purposes lists what is.")
        if self._wallet is None:
            return RedirectResponse(found.iri, 303, headers=PRIVATE)
        wallet = urlsplit(self._wallet)
        place = f"{wallet.scheme}://{wallet.netloc}/requests/one?purpose={quote(found.iri, safe='')}"
        return RedirectResponse(place, 303, headers=PRIVATE)

    async def ask_several(self, request: Request) -> Response:
        """Lead to several purposes at once, as an event's code names them: `?purpose=` with each identifier."""
        wanted = list(dict.fromkeys(request.query_params.getlist("purpose")))
        if not 0 < len(wanted) <= MOST_TOGETHER:
            raise BadRequest(
                f"?purpose= is given 1 to {MOST_TOGETHER} times, with the identifier of a purpose."
            )

        def newest(tx: Transaction) -> list[PurposeDeclaration]:
            latest = [self._purposes.latest(tx, identifier) for identifier in wanted]
            return [one for one in latest if one is not None and one.active(self._clock())]

        found = await self._store.read(newest)
        if not found or self._wallet is None:
            raise NotFound("Nothing of these names is asked for here; GET /.consent/purposes lists what is.")
        wallet = urlsplit(self._wallet)
        query = urlencode([("purpose", one.iri) for one in found])
        return RedirectResponse(
            f"{wallet.scheme}://{wallet.netloc}/requests/together?{query}", 303, headers=PRIVATE
        )

    async def offer(self, request: Request) -> Response:
        """One purpose as a request to the caller or to whom they act for, whether or not they were asked."""
        agent, _ = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        iri, whose = request.query_params.get("purpose", ""), request.query_params.get(FOR)

        def job(tx: Transaction) -> ConsentRequest | None:
            at = self._clock()
            # What is published is no secret: only what is somebody's own is noted when a delegate looks.
            return self._overview.offer(tx, standing(tx, agent, whose, Power.SEE, at).pod, iri, at)

        found = await self._store.read(job)
        if found is None:
            raise NotFound("There is no such purpose, it has ended, or there is a newer version of it.")
        return json_answer(wire.request_json(found))

    async def defer(self, request: Request) -> Response:
        """Say "later": the question comes back once."""
        agent, _ = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        purpose, whose = member(await json_body(request), "purpose"), request.query_params.get(FOR)
        await self._commits.submit(lambda tx: self._acting.defer(tx, agent, whose, purpose, self._clock()))
        return Response(status_code=204, headers=PRIVATE)

    async def deferred(self, request: Request) -> Response:
        """What the caller, or whom they act for, put off: each request, and `until` when it comes back."""
        agent, _ = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        whose = request.query_params.get(FOR)

        def job(tx: Transaction) -> list[tuple[ConsentRequest, float]]:
            at = self._clock()
            return self._overview.deferred(tx, self._acting.seen(tx, agent, whose, request.url.path, at), at)

        # What a delegate sees is noted in the log, and so it is a write.
        found = await (self._commits.submit(job) if whose is not None else self._store.read(job))
        return json_answer(
            [{"request": wire.request_json(one), "until": wire.timestamp(until)} for one, until in found]
        )
