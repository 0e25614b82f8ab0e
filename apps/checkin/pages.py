"""Pages of check-in: what happened goes in, a code for each person comes out; and the published keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from apps.checkin.desk import (
    MAX_PEOPLE,
    ROME,
    Activity,
    AlreadyIssued,
    BadActivity,
    Desk,
    fresh_number,
    moment,
)
from apps.handover.routes import Handover
from apps.organisations import Organisation
from apps.site.frame import Site
from consent.receipts.keys import jwks
from pods.model import Clock
from vocab.codes import CodeList
from vocab.pages import msg
from vocab.places import VENUE
from vocab.trade import KIND, ROLE, THEME

ANYBODY = {"Access-Control-Allow-Origin": "*"}
LABELS = {
    "kind": msg("What is certified"),
    "theme": msg("Theme"),
    "venue": msg("Casa di Quartiere"),
    "role": msg("Role"),
    "title": msg("Name of the activity"),
    "started_at": msg("Beginning"),
    "hours": msg("Hours"),
    "minutes": msg("Minutes"),
    "people": msg("For how many people"),
}
"""What the form calls the fields that a refusal names."""

_FIELDS = ("kind", "theme", "venue", "role", "title", "started_at", "hours", "minutes", "people")


class CheckInPages:
    """For the staff of an association or a house; the list of issuers is for everybody."""

    def __init__(self, site: Site, desk: Desk, handover: Handover, *, clock: Clock) -> None:
        self._site = site
        self._pages = site.pages
        self._desk = desk
        self._handover = handover
        self._clock = clock

    def routes(self, prefix: str) -> list[BaseRoute]:
        return [
            Route(f"{prefix}/", self._home),
            Route(f"{prefix}/staff", self._show, methods=["GET"]),
            Route(f"{prefix}/staff", self._certify, methods=["POST"]),
            Route(f"{prefix}/{{name}}/jwks.json", self._keys),
        ]

    async def _home(self, request: Request) -> Response:
        return self._pages.render(request, "checkin/home.html", active="home")

    async def _show(self, request: Request) -> Response:
        organisation = self._site.staff(request)
        now = datetime.fromtimestamp(self._clock(), ROME).strftime("%Y-%m-%dT%H:%M")
        venue = organisation.name.removeprefix("casa-")
        values = dict.fromkeys(_FIELDS, "") | {"started_at": now, "hours": "2", "people": "1"}
        known = venue if venue in VENUE.by_notation else ""
        return self._form(request, organisation, {**values, "kind": "attendance", "venue": known})

    def _form(
        self,
        request: Request,
        organisation: Organisation,
        values: Mapping[str, str],
        *,
        number: str = "",
        error: str = "",
    ) -> Response:
        _ = self._pages.translator(request)

        def options(codes: CodeList) -> list[tuple[str, str]]:
            return [(code.notation, code.label.get(_.language) or code.label["it"]) for code in codes.codes]

        return self._pages.render(
            request,
            "checkin/desk.html",
            status=422 if error else 200,
            active="desk",
            organisation=organisation.title,
            signs=organisation.receipt_key() is not None,
            kinds=options(KIND),
            themes=options(THEME),
            venues=options(VENUE),
            roles=options(ROLE),
            values=values,
            most=MAX_PEOPLE,
            number=number or fresh_number(),
            error=error,
        )

    async def _certify(self, request: Request) -> Response:
        organisation = self._site.staff(request)
        form = await self._pages.guard.form(request)
        values = {name: str(form.get(name, "")).strip() for name in _FIELDS}
        number = str(form.get("number", ""))
        try:
            activity, people = _activity(values), _whole(values["people"] or "1", "people")
            signed = await run_in_threadpool(self._desk.certificates, organisation, activity, number, people)
        except (BadActivity, AlreadyIssued) as error:
            fresh = "" if isinstance(error, AlreadyIssued) else number
            said = self._said(request, error)
            return self._form(request, organisation, values, number=fresh, error=said)
        tokens = await run_in_threadpool(self._desk.offer, signed)
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "checkin/codes.html",
            active="desk",
            organisation=organisation.title,
            title=activity.title or _label(KIND, activity.kind, _.language),
            again={name: value for name, value in values.items() if value},
            number=fresh_number(),
            codes=[
                {
                    "qr": self._handover.qr(token, _("QR code for person {number}", number=one)),
                    "link": self._handover.link(token),
                    "wallet": self._handover.open_in_wallet(token),
                }
                for one, token in enumerate(tokens, start=1)
            ],
        )

    async def _keys(self, request: Request) -> Response:
        found = self._site.organisations.named(request.path_params["name"])
        key = found.receipt_key() if found else None
        if key is None:
            _ = self._pages.translator(request)
            return self._pages.problem(
                request, 404, _("Page not found"), _("There is no page at this address.")
            )
        headers = {**ANYBODY, "Cache-Control": "public, max-age=300"}
        return JSONResponse(jwks([key.public()]), media_type="application/jwk-set+json", headers=headers)

    def _said(self, request: Request, error: BadActivity | AlreadyIssued) -> str:
        _ = self._pages.translator(request)
        if isinstance(error, AlreadyIssued):
            return _("These codes were given out already. Send the page again for new ones.")
        return _("The certificate could not be made: {reason}", reason=error.said(_, LABELS))


def _activity(values: Mapping[str, str]) -> Activity:
    minutes = _whole(values["hours"] or "0", "hours") * 60 + _whole(values["minutes"] or "0", "minutes")
    return Activity(
        kind=values["kind"],
        theme=values["theme"],
        started_at=moment(values["started_at"]),
        minutes=minutes,
        venue=values["venue"] or None,
        role=values["role"] or None,
        title=" ".join(values["title"].split()) or None,
    )


def _whole(text: str, where: str) -> int:
    if not text.isdecimal() or len(text) > 4:
        raise BadActivity(msg("a whole number"), field=where)
    return int(text)


def _label(codes: CodeList, notation: str, language: str) -> str:
    label = codes.by_notation[notation].label
    return label.get(language) or label["it"]
