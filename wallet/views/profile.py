"""The private profile as a form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vocab.pages import Notice, Translator, msg
from vocab.places import NEIGHBOURHOOD
from vocab.shapes import PROFILE, Property
from wallet import profile
from wallet.visit import Desk, Visit

ERRORS: Mapping[str, str] = {
    "name": msg("Write between 1 and 200 characters."),
    "year": msg("Write a year with four digits, such as 1975."),
    "email": msg("Write an address such as giulia@example.org."),
    "choice": msg("Choose one of the list."),
}
AUTOCOMPLETE: Mapping[str, str] = {"name": "name", "email": "email", "birthYear": "bday-year"}


class ProfilePages:
    """`/data/profile`: shown, and written back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/data/profile", self._show, methods=["GET"]),
            Route("/data/profile", self._save, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        found = await profile.read(visit.solid, _address(visit), visit.place.webid)
        saved = "saved" in request.query_params
        notices = [Notice("success", msg("Your profile is saved."))] if saved else []
        return self._form(
            request, visit, profile.form_values(found.record), found.etag or "", notices=notices
        )

    async def _save(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        found = await profile.read(visit.solid, _address(visit), visit.place.webid)
        fields = {item.name: str(form.get(item.name, "")) for item in profile.editable()}
        try:
            await profile.write(visit.solid, found, visit.place.webid, fields, str(form.get("version", "")))
        except profile.BadField as error:
            version = str(form.get("version", ""))
            return self._form(
                request, visit, fields, version, errors={error.field: ERRORS[error.reason]}, status=422
            )
        except profile.ChangedMeanwhile:
            notice = Notice(
                "warning",
                msg(
                    "Your profile was changed elsewhere meanwhile. This is how it stands now; please edit it again."
                ),
            )
            values = profile.form_values(found.record)
            return self._form(request, visit, values, found.etag or "", notices=[notice], status=409)
        return RedirectResponse("/data/profile?saved=1", 303)

    def _form(
        self,
        request: Request,
        visit: Visit,
        values: Mapping[str, str],
        version: str,
        *,
        errors: Mapping[str, str] | None = None,
        notices: list[Notice] | None = None,
        status: int = 200,
    ) -> Response:
        _ = self._desk.pages.translator(request)
        failed = {name: _(text) for name, text in (errors or {}).items()}
        return self._desk.pages.render(
            request,
            "wallet/profile.html",
            status=status,
            active="data",
            fields=[
                {
                    "name": item.name,
                    "label": item.label.get(_.language) or item.label["it"],
                    "value": values.get(item.name, ""),
                    "options": _options(item, _),
                    "required": item.required,
                    "type": "email" if item.name == "email" else "text",
                    "inputmode": "numeric" if item.kind == "integer" else "",
                    "autocomplete": AUTOCOMPLETE.get(item.name, ""),
                    "error": failed.get(item.name, ""),
                }
                for item in profile.editable()
            ],
            district=_district(values.get("neighbourhood", ""), _),
            version=version,
            relative=_address(visit).removeprefix(visit.place.storage),
            notices=notices or [],
        )


def _address(visit: Visit) -> str:
    return urljoin(visit.place.storage, PROFILE.document or "profile/private.ttl")


def _options(item: Property, _: Translator) -> list[tuple[str, str]]:
    codes = item.codes.codes if item.codes else ()
    return [(code.notation, code.label.get(_.language) or code.label["it"]) for code in codes]


def _district(neighbourhood: str, _: Translator) -> str:
    quarter = NEIGHBOURHOOD.by_notation.get(neighbourhood)
    codes = PROFILE.by_name["district"].codes
    above = codes.by_notation.get(quarter.broader or "") if quarter and codes else None
    return (above.label.get(_.language) or above.label["it"]) if above else ""
