"""My consents: the list in pages, narrowed by what is looked for, one consent with its receipt, and withdrawing in one step."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client import GrantsPage, LogFilter, Totals, notice_digests
from consent.client.people import Power
from consent.model import GrantState, OwnGrant, handling
from pods.client import SolidError, refusal
from vocab.pages import Notice, Translator, msg
from vocab.pages.language import reading_order
from wallet import words
from wallet.grant_choice import GrantChoice, grant_choice, organisations, states
from wallet.log_entries import grant_number
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
PAGE = 20
FEW = 8  # consents that fit on a screen or two need no form to choose among them
LOOKS = 8  # pages that are looked through for words before the reader is asked whether to go on
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
        choice, after = grant_choice(request.query_params), request.query_params.get("after", "")
        page, totals = GrantsPage([], None), Totals({}, [])
        if visit.place.consent:
            totals = await visit.owner.totals()
            page = await _page(visit, choice, after)
        by_name = sorted(
            page.grants, key=lambda g: (g.controller.name, g.state is not GrantState.GIVEN, -g.changed_at)
        )
        decided = sum(totals.states.values())
        return self._desk.pages.render(
            request,
            "wallet/grants.html",
            active="grants",
            consent=visit.place.consent,
            groups=[
                (name, [_shown(grant, visit, _) for grant in group])
                for name, group in groupby(by_name, key=lambda grant: grant.controller.name)
            ],
            found=len(page.grants),
            decided=decided,
            in_force=totals.states.get(GrantState.GIVEN, 0),
            choice=choice,
            states=states(totals, choice, _),
            organisations=organisations(totals, choice.who, _("the chosen organisation")),
            sought=choice.narrowed or decided > FEW,
            first=choice.query() if after else None,
            further=choice.query(after=page.further) if page.further is not None else "",
        )

    async def _one(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        grant = await _find(visit, request.path_params["id"])
        if grant is None:
            return self._gone(request)
        _ = self._desk.pages.translator(request)
        done = DONE.get(request.query_params.get("done", ""))
        # What the person or a delegate did about the consent stands in the log too; here only its use counts.
        about = LogFilter(purpose=grant.purpose.iri)
        reads = [
            line
            for line in (await visit.owner.log_page(about, limit=200)).lines
            if grant_number(line) == grant.id
            and line.agent != visit.place.webid
            and not line.action.startswith(DECISIONS)
        ]
        return self._desk.pages.render(
            request,
            "wallet/grant.html",
            active="grants",
            **_shown(grant, visit, _),
            notice=_notice(grant, request),
            read_in=words.language_words(grant.language, _) if grant.language else "",
            read_digest=notice_digests(grant.purpose.document).get(grant.language, ""),
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
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        grant = await _find(visit, request.path_params["id"])
        if grant is None:
            return self._gone(request)
        end = renewed_until(grant, visit.now)
        if end is None:
            return RedirectResponse(f"/grants/{grant.id}", 303)
        try:
            given = await visit.owner.answer(
                grant.purpose.iri, grant.items, end, language=_read_in(grant, str(form.get("language", "")))
            )
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


async def _page(visit: Visit, choice: GrantChoice, after: str) -> GrantsPage:
    """Return one page of what is chosen; where words are looked for the host is asked on until something is there."""
    found = await visit.owner.grants_page(choice.filter(), after=after, limit=PAGE)
    looks = 1
    while not found.grants and found.further is not None and looks < LOOKS:
        found = await visit.owner.grants_page(choice.filter(), after=found.further, limit=PAGE)
        looks += 1
    return found


def _notice(grant: OwnGrant, request: Request) -> words.NoticeWords:
    """Return the notice as it was read before the decision; where nobody said how, as its reader likes it now."""
    order = reading_order(request)
    return words.notice_words(grant.purpose, (grant.language, *order) if grant.language else order)


def _read_in(grant: OwnGrant, shown: str) -> str:
    """Return the language in which the notice was read before a renewal: as the page showed it, else as before.

    It is the same notice, for another version is a new question. Where nobody ever told, it stays open.
    """
    return shown if grant.purpose.text.get(shown) else grant.language


async def _find(visit: Visit, grant_id: str) -> OwnGrant | None:
    return await visit.owner.grant(grant_id) if visit.place.consent else None


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
