"""My rights: what the host can say at once, requests to organisations with every step, and what recipients did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client.people import Power
from consent.client.rights import OwnRequest, RequestState, RightKind, RightsClient, moment
from pods.client import SolidError
from vocab.pages import Notice, Translator, msg
from wallet import words
from wallet.visit import Desk, Visit

KINDS: Mapping[RightKind, tuple[str, str]] = {
    RightKind.ACCESS: (
        msg("Know what an organisation holds about me"),
        msg(
            "Article 15. What this host knows is on your page of answers already; the organisation adds the rest."
        ),
    ),
    RightKind.RECTIFICATION: (
        msg("Have something corrected"),
        msg(
            "Article 16. A signed receipt is never edited: its issuer sends you a new one, and the old one stays "
            "beside it. Your own data you change yourself."
        ),
    ),
    RightKind.ERASURE: (
        msg("Have what was read erased"),
        msg("Article 17. Everybody who was served is told, and must say that it is done."),
    ),
    RightKind.RESTRICTION: (
        msg("Stop the use for now"),
        msg("Article 18. Your consents to it rest from this moment until you close the request."),
    ),
    RightKind.PORTABILITY: (
        msg("Get what an organisation holds, to take it elsewhere"),
        msg("Article 20. Everything in your pod you can download at once under My data."),
    ),
    RightKind.OBJECTION: (
        msg("Object to a use without consent"),
        msg("Article 21. For uses that rest on a public task or a legitimate interest; they end at once."),
    ),
    RightKind.AUTOMATED_DECISION: (
        msg("Ask whether a machine decides about me"),
        msg("Article 22. The organisation says whether it does, and how."),
    ),
}
STATES: Mapping[RequestState, tuple[str, str]] = {
    RequestState.RECEIVED: (msg("sent"), "wait"),
    RequestState.ACKNOWLEDGED: (msg("seen by the organisation"), "wait"),
    RequestState.EXTENDED: (msg("the organisation takes two months more"), "wait"),
    RequestState.ANSWERED: (msg("answered"), "good"),
    RequestState.REFUSED: (msg("refused, with the reason"), "off"),
    RequestState.CLOSED: (msg("closed"), "off"),
}
STEPS: Mapping[str, str] = {
    "ask": msg("You asked"),
    "acknowledge": msg("The organisation saw your request"),
    "extend": msg("The organisation takes two months more"),
    "answer": msg("The organisation answered"),
    "refuse": msg("The organisation refused"),
    "close": msg("You closed the request"),
}
SENT = Notice("success", msg("Your request is sent. The organisation must answer by the day named here."))
ACTIONS: Mapping[str, str] = {
    "read": msg("read single entries"),
    "claim": msg("got a result"),
    "aggregate": msg("counted you in a total"),
}
MOST_SHOWN = 50  # of each kind on the page of answers; the downloads hold all of them
FIELDS = ("kind", "controller", "text", "grant")
DOWNLOADS = {"csv": ("text/csv", True), "jsonld": ("application/ld+json", False)}


class Rights:
    """`/rights`, `/rights/new`, `/rights/access` with its downloads, `/rights/{id}`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/rights", self._list, methods=["GET"]),
            Route("/rights", self._ask, methods=["POST"]),
            Route("/rights/new", self._new, methods=["GET"]),
            Route("/rights/access", self._access, methods=["GET"]),
            Route("/rights/access/{form}", self._download, methods=["GET"]),
            Route("/rights/{id}", self._one, methods=["GET"]),
            Route("/rights/{id}/close", self._close, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        found = await _client(visit).own() if visit.place.consent else []
        return self._desk.pages.render(
            request,
            "wallet/rights.html",
            active="rights",
            consent=visit.place.consent,
            entries=[_shown(one, _) for one in found],
        )

    async def _new(self, request: Request) -> Response:
        return await self._form(request, await self._desk.visit(request), dict(request.query_params), "")

    async def _ask(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        asked = {name: str(form.get(name, "")) for name in FIELDS}
        if asked["kind"] not in set(RightKind):
            return await self._form(request, visit, asked, "")
        try:
            made = await _client(visit).ask(
                RightKind(asked["kind"]),
                asked["controller"],
                asked["text"],
                grants=[asked["grant"]] if asked["grant"] else [],
            )
        except SolidError as error:
            if error.status not in (404, 409, 422):
                raise
            return await self._form(
                request, visit, asked, _refusal(error, self._desk.pages.translator(request))
            )
        return RedirectResponse(f"/rights/{made.id}?done=sent", 303)

    async def _form(self, request: Request, visit: Visit, asked: Mapping[str, str], refused: str) -> Response:
        _ = self._desk.pages.translator(request)
        organisations = await _organisations(visit)
        host = _client(visit).host
        return self._desk.pages.render(
            request,
            "wallet/right-new.html",
            status=422 if refused else 200,
            active="rights",
            consent=visit.place.consent,
            asked={name: asked.get(name, "") for name in FIELDS},
            kinds=[(kind.value, _(title), _(text)) for kind, (title, text) in KINDS.items()],
            organisations=[*organisations.items(), (host, _("The host of my pod, and everybody it served"))],
            notices=[Notice("danger", refused)] if refused else [],
        )

    async def _one(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        found = await self._find(visit, request.path_params["id"])
        if found is None:
            return self._gone(request)
        return self._desk.pages.render(
            request,
            "wallet/right.html",
            active="rights",
            **_shown(found, _),
            steps=[(_(STEPS[step.step]), step) for step in found.steps],
            open=found.state is not RequestState.CLOSED,
            complaint=found.overdue or any(step.step == "refuse" for step in found.steps),
            notices=[SENT] if request.query_params.get("done") == "sent" else [],
        )

    async def _close(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        found = await self._find(visit, request.path_params["id"])
        if found is None:
            return self._gone(request)
        await _client(visit).close(found.id)
        return RedirectResponse(f"/rights/{found.id}", 303)

    async def _access(self, request: Request) -> Response:
        """The answer to art. 15 as a page: who was served, in which totals one is, what left."""
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        plain: dict[str, Any] = {}
        if visit.place.consent:
            plain = orjson.loads(await _client(visit).access(most=MOST_SHOWN))
        titles = {
            grant["purpose"]["id"]: words.in_language(grant["purpose"]["title"], _)
            for grant in plain.get("grants", [])
        }
        return self._desk.pages.render(
            request,
            "wallet/access.html",
            active="rights",
            consent=visit.place.consent,
            uses=[_use(one, titles, _) for one in plain.get("uses", [])],
            runs=[_use(one, titles, _) for one in plain.get("runs", [])],
            totals=plain.get("totals", {}),
            grants=[
                (grant, titles[grant["purpose"]["id"]], ", ".join(grant["recipients_foreseen"]) or _("none"))
                for grant in plain.get("grants", [])
            ],
        )

    async def _download(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        form = request.path_params["form"]
        if form not in DOWNLOADS or not visit.place.consent:
            return self._gone(request)
        media_type, table = DOWNLOADS[form]
        headers = {
            "Content-Disposition": f'attachment; filename="access.{form}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(await _client(visit).access(table=table), media_type=media_type, headers=headers)

    async def _find(self, visit: Visit, request_id: str) -> OwnRequest | None:
        found = await _client(visit).own() if visit.place.consent else []
        return next((one for one in found if one.id == request_id), None)

    def _gone(self, request: Request) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            404,
            _("This request is not there"),
            _("There is no request with this number of yours."),
            action=(_("My rights"), "/rights"),
        )


def _client(visit: Visit) -> RightsClient:
    return RightsClient(visit.solid, visit.place.host, whose=visit.whose)


async def _organisations(visit: Visit) -> dict[str, str]:
    """Return names by WebID of those that the person decided about; an heir finds them in the answer to art. 15."""
    if not visit.place.consent:
        return {}
    if visit.may(Power.SEE):
        found = [(name, iri) for iri, name, _count in (await visit.owner.totals()).organisations]
    else:
        report = orjson.loads(await _client(visit).access(most=MOST_SHOWN))
        found = [(grant["controller"]["name"], grant["controller"]["id"]) for grant in report["grants"]]
    return {iri: name for name, iri in sorted(found, key=lambda one: (one[0].casefold(), one[1]))}


def _shown(found: OwnRequest, _: Translator) -> dict[str, Any]:
    state, kind = STATES[found.state]
    return {
        "found": found,
        "title": _(KINDS[found.kind][0]),
        "about": _(KINDS[found.kind][1]),
        "who": found.controller_name or _("The host of your pod"),
        "state": _(state),
        "badge": kind,
    }


def _use(one: Mapping[str, Any], titles: Mapping[str, str], _: Translator) -> dict[str, Any]:
    who, action = one["recipient"], ACTIONS[one["action"]]
    return {
        "who": who["name"] if isinstance(who, dict) else who,
        "why": titles.get(one.get("purpose", ""), ""),
        "did": _(action),
        "times": one["times"],
        "first": moment(one["first"]),
        "last": moment(one["last"]),
    }


def _refusal(error: SolidError, _: Translator) -> str:
    if error.status == 409:
        return _(
            "You asked for the same already, and the answer is still owed. You find that request under My rights."
        )
    if error.status == 404:
        return _("This organisation is not registered here.")
    return _(
        "This does not fit: what rests on your consent is withdrawn, not objected to; and a request is about your "
        "own consents only."
    )
