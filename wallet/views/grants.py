"""My consents: the list by organisation, one consent with its receipt, and withdrawing in one step."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client.people import Power
from consent.model import GrantState, OwnGrant, handling
from pods.client import SolidError, refusal
from vocab.pages import Notice, Translator, msg
from wallet import words
from wallet.renewal import ends_soon, renewed_until
from wallet.visit import Desk, Visit

DONE = {
    "given": Notice(
        "success",
        msg("You gave your consent. The receipt is below and in your pod; you can withdraw at any moment."),
    ),
    "renewed": Notice(
        "success",
        msg(
            "Renewed, with nothing added. The receipt is below and in your pod; you can withdraw at any moment."
        ),
    ),
    "withdrawn": Notice(
        "success", msg("You withdrew your consent. From this moment nobody reads anything under it.")
    ),
}
DECISIONS = ("acted ", "consent ")
"""How actions of the log begin that decide about a consent rather than use it."""


class Grants:
    """`/grants`, `/grants/{id}` with its record, and the posted withdrawal and renewal."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/grants", self._list, methods=["GET"]),
            Route("/grants/{id}", self._one, methods=["GET"]),
            Route("/grants/{id}/record", self._record, methods=["GET"]),
            Route("/grants/{id}/withdraw", self._withdraw, methods=["POST"]),
            Route("/grants/{id}/renew", self._renew, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        grants = await visit.owner.grants() if visit.place.consent else []
        decided = [grant for grant in grants if grant.state not in (GrantState.ASKED, GrantState.UNKNOWN)]
        by_name = sorted(
            decided, key=lambda g: (g.controller.name, g.state is not GrantState.GIVEN, -g.changed_at)
        )
        return self._desk.pages.render(
            request,
            "wallet/grants.html",
            active="grants",
            consent=visit.place.consent,
            groups=[
                (name, [_shown(grant, visit, _) for grant in group])
                for name, group in groupby(by_name, key=lambda grant: grant.controller.name)
            ],
        )

    async def _one(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        grant = await _find(visit, request.path_params["id"])
        if grant is None:
            return self._gone(request)
        _ = self._desk.pages.translator(request)
        done = DONE.get(request.query_params.get("done", ""))
        # What the person or a delegate did about the consent stands in the log too; here only its use counts.
        reads = [
            line
            for line in await visit.owner.log(limit=200)
            if line.grant
            and line.grant.endswith(grant.id)
            and line.agent != visit.place.webid
            and not line.action.startswith(DECISIONS)
        ]
        return self._desk.pages.render(
            request,
            "wallet/grant.html",
            active="grants",
            **_shown(grant, visit, _),
            text=words.in_language(grant.purpose.text, _),
            items=[words.item_words(item, _) for item in grant.items],
            basis=words.legal_basis(grant.purpose.legal_basis, _),
            reads=len(reads),
            last=reads[0].at if reads else None,
            notices=[done] if done else [],
        )

    async def _record(self, request: Request) -> Response:
        """The consent record as it stands in the pod, to keep."""
        visit = await self._desk.visit(request)
        grant = await _find(visit, request.path_params["id"])
        if grant is None or not visit.inside(grant.record):
            return self._gone(request)
        answer = await visit.solid.request("GET", grant.record, headers={"accept": "text/turtle"})
        if answer.is_error:
            raise refusal(answer)
        headers = {
            "Content-Disposition": f'attachment; filename="consent-{grant.id}.ttl"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(answer.content, media_type="text/turtle", headers=headers)

    async def _withdraw(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        grant = await _find(visit, request.path_params["id"])
        if grant is None:
            return self._gone(request)
        await visit.owner.withdraw(grant.id)
        return RedirectResponse(f"/grants/{grant.id}?done=withdrawn", 303)

    async def _renew(self, request: Request) -> Response:
        """Give the same again for as long again; one that does not end soon, or has changed, stays as it is."""
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        grant = await _find(visit, request.path_params["id"])
        if grant is None:
            return self._gone(request)
        end = renewed_until(grant, visit.now)
        if end is None:
            return RedirectResponse(f"/grants/{grant.id}", 303)
        try:
            given = await visit.owner.answer(grant.purpose.iri, grant.items, end)
        except SolidError as error:
            if error.status != httpx.codes.CONFLICT or visit.acting is not None:
                raise
            # A newer version has taken its place: that is a new question, with its differences shown.
            return RedirectResponse(f"/requests/one?{urlencode({'purpose': grant.purpose.iri})}", 303)
        done = "/requests?done=prepared" if given is None else f"/grants/{given.id}?done=renewed"
        return RedirectResponse(done, 303)

    def _gone(self, request: Request) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            404,
            _("This consent is not there"),
            _("There is no consent with this number in your pod."),
            action=(_("My consents"), "/grants"),
        )


async def _find(visit: Visit, grant_id: str) -> OwnGrant | None:
    return next((grant for grant in await visit.owner.grants() if grant.id == grant_id), None)


def _shown(grant: OwnGrant, visit: Visit, _: Translator) -> dict[str, Any]:
    state, kind = words.state_words(grant.state, _)
    shapes = list(dict.fromkeys(words.item_words(item, _).label for item in grant.items))
    return {
        "grant": grant,
        "controller": grant.controller,
        "title": words.in_language(grant.purpose.title, _),
        "state": state,
        "badge": kind,
        "shapes": shapes,
        "live": grant.state is GrantState.GIVEN,
        "soon": ends_soon(grant, visit.now),
        "renewal": renewed_until(grant, visit.now) if visit.may(Power.GIVE) else None,
        "handling": handling(grant.purpose.legal_basis).value,
    }
