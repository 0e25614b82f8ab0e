"""Pages for an organisation: publish a programme, invite, see how many take part, ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from apps.insight import asking
from apps.insight.asking import PLACES, Asked, measure_key, months
from apps.insight.declaring import BadDraft, Draft, declaration
from apps.insight.fields import FUNCTIONS, codes, dimensions, in_language, label, measure_label, measures
from apps.insight.host import Host
from apps.insight.pages.public import PublicPages, summary, terms
from apps.insight.pages.words import last_part, precisions
from apps.organisations import Organisation
from apps.site.frame import Site
from pods.client import SolidError
from pods.errors import NotFound
from vocab.pages import Notice, msg
from vocab.pages.language import language_of

DEFAULTS = {
    "l0": "4",
    "rho_total": "1",
    "k_min": "10",
    "min_participants": "50",
    "from": "2017-01",
    "to": "2017-12",
}
NOTICES = {
    "published": Notice("success", msg("The programme is published. Now invite people.")),
    "invited": Notice("success", msg("Everybody who may be asked finds the request in their inbox.")),
}


class StaffPages:
    """What an organisation does with its own programmes; never a person, and no exact figure."""

    def __init__(self, site: Site, host: Host, public: PublicPages) -> None:
        self._site = site
        self._pages = site.pages
        self._host = host
        self._public = public
        self._prefix = site.prefix

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the staff pages."""
        staff = f"{self._prefix}/staff"
        programme = f"{staff}/programmes/{{name}}"
        return [
            Route(staff, self._home, methods=["GET"]),
            Route(f"{staff}/new", self._new, methods=["GET"]),
            Route(f"{staff}/new", self._publish, methods=["POST"]),
            Route(programme, self._programme, methods=["GET"]),
            Route(f"{programme}/invite", self._invite, methods=["POST"]),
            Route(f"{programme}/participants", self._participants, methods=["POST"]),
            Route(f"{programme}/ask", self._ask, methods=["POST"]),
        ]

    async def _home(self, request: Request) -> Response:
        own = self._site.staff(request)
        found = [one for one in await self._host.programmes() if one["controller"] == own.webid]
        language = language_of(request)
        return self._pages.render(
            request,
            "insight/staff.html",
            active="staff",
            organisation=own.title,
            may_publish=own.purpose_jwk is not None,
            programmes=[summary(one, language) for one in found],
        )

    async def _new(self, request: Request) -> Response:
        self._site.staff(request)
        return self._entry(request, Draft(DEFAULTS, ["Profile.district", "Profile.ageClass"], ["people"]))

    async def _publish(self, request: Request) -> Response:
        own = self._site.staff(request)
        form = await self._pages.guard.form(request)
        draft = Draft(_texts(form), _several(form, "dimensions"), _several(form, "measures"))
        _ = self._pages.translator(request)
        try:
            version = await self._host.version(draft.values.get("id", "").strip())
            document = declaration(draft, version=version, recipient=own.title)
            published = await self._host.publish(own, document)
        except BadDraft as error:
            reason = _("{field}: write a number", field=error.name)
            return self._entry(request, draft, error=reason)
        except SolidError as error:
            return self._entry(request, draft, error=error.detail or str(error))
        place = last_part(published.programme or "")
        return RedirectResponse(f"{self._prefix}/staff/programmes/{place}?done=published", 303)

    def _entry(self, request: Request, draft: Draft, error: str = "") -> Response:
        language = language_of(request)
        return self._pages.render(
            request,
            "insight/new.html",
            status=422 if error else 200,
            active="staff",
            draft=draft,
            error=error,
            dimensions=[
                (f"{shape.name}.{one.name}", label(f"{shape.name}.{one.name}", language))
                for shape, one in dimensions()
            ],
            measures=[
                {
                    "measure": one,
                    "function": FUNCTIONS[one.function],
                    "of": measure_label(one.document(), language),
                    "upper": draft.values.get(
                        f"upper {one.key}", str(one.upper // (100 if one.money else 1))
                    ),
                }
                for one in measures()
            ],
        )

    async def _programme(self, request: Request) -> Response:
        own = self._site.staff(request)
        return await self._shown(request, own, Asked())

    async def _shown(self, request: Request, own: Organisation, asked: Asked, error: str = "") -> Response:
        name = request.path_params["name"]
        found = await self._own(own, name)
        language = language_of(request)
        _ = self._pages.translator(request)
        document = found["terms"]
        every = months(document["period"])
        return self._pages.render(
            request,
            "insight/staff_programme.html",
            status=422 if error else 200,
            active="staff",
            programme={**summary(found, language), **terms(document, language)},
            notices=[NOTICES[done]] if (done := request.query_params.get("done")) in NOTICES else (),
            error=error,
            asked=asked,
            places=range(PLACES),
            measures=[(measure_key(one), self._measure_words(request, one)) for one in document["measures"]],
            dimensions=[(one, label(one, language)) for one in document["dimensions"]],
            conditions=[
                {
                    "name": one,
                    "label": label(one, language),
                    "codes": [(code.notation, in_language(code.label, language)) for code in listed.codes],
                }
                for one in document["dimensions"]
                if (listed := codes(one)) is not None
            ],
            months=[(one, one) for one in every],
            first=asked.first or every[0],
            last=asked.last or every[-1],
            precisions=precisions(found["budget"]["rho_left"], self._pages.formats(request), _),
            questions=self._public.entries(request, await self._host.questions(name), {}),
        )

    def _measure_words(self, request: Request, measure: dict[str, Any]) -> str:
        _ = self._pages.translator(request)
        function = FUNCTIONS[measure["function"]]
        text = _(function)
        return (
            f"{text}: {label(measure['property'], language_of(request))}" if "property" in measure else text
        )

    async def _invite(self, request: Request) -> Response:
        own = self._site.staff(request)
        await self._pages.guard.form(request)
        name = request.path_params["name"]
        found = await self._own(own, name)
        await self._host.invite(own, found["purpose"])
        return self._back(name, done="invited")

    async def _participants(self, request: Request) -> Response:
        own = self._site.staff(request)
        await self._pages.guard.form(request)
        name = request.path_params["name"]
        found = await self._own(own, name)
        try:
            await self._host.participants(own, found["purpose"])
        except SolidError as error:
            return await self._shown(request, own, Asked(), error.detail or str(error))
        return self._back(name)

    async def _ask(self, request: Request) -> Response:
        own = self._site.staff(request)
        form = await self._pages.guard.form(request)
        name = request.path_params["name"]
        found = await self._own(own, name)
        asked = Asked(
            measure=str(form.get("measure", "")),
            group_by=[str(form.get(f"by{place}", "")) for place in range(PLACES)],
            where={one: _several(form, f"in {one}") for one in found["terms"]["dimensions"]},
            first=str(form.get("from", "")),
            last=str(form.get("to", "")),
            rho=str(form.get("rho", "")),
        )
        try:
            query = asking.query(asked, found["id"], found["terms"])
            answer = await self._host.ask(own, query, found["purpose"])
        except SolidError as error:
            return await self._shown(request, own, asked, error.detail or str(error))
        return RedirectResponse(f"{self._prefix}/releases/{last_part(answer['id'])}", 303)

    async def _own(self, own: Organisation, name: str) -> dict[str, Any]:
        found = await self._host.programme(name)
        if found["controller"] != own.webid:
            raise NotFound(f"{name} is a programme of another organisation.")
        return found

    def _back(self, name: str, **query: str) -> Response:
        place = f"{self._prefix}/staff/programmes/{name}"
        return RedirectResponse(f"{place}?{urlencode(query)}" if query else place, 303)


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _several(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]
