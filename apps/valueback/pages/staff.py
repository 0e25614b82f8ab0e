"""Pages for cooperatives: publish a programme, invite, run it, close the vote, take the books."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from apps.site.frame import Site
from apps.valueback.addresses import Addresses
from apps.valueback.model import BadProgramme, BadRun, Phase, Programme
from apps.valueback.pages.entry import LABELS, blank, filled, read
from apps.valueback.pages.words import PHASES, text
from apps.valueback.publishing import require_owner
from apps.valueback.service import ValueBack
from apps.valueback.working import Worker
from pods.model import Clock
from vocab.claim_rules import RULE_TEXTS


class StaffPages:
    """What an organisation sees of its own programmes; never a person, and no sum of one."""

    def __init__(
        self, site: Site, service: ValueBack, worker: Worker, addresses: Addresses, *, clock: Clock
    ) -> None:
        self._site = site
        self._pages = site.pages
        self._service = service
        self._worker = worker
        self._addresses = addresses
        self._clock = clock

    def routes(self, prefix: str) -> list[BaseRoute]:
        staff = f"{prefix}/staff"
        programme = f"{staff}/programmes/{{name}}/{{version:int}}"
        return [
            Route(staff, self._home, methods=["GET"]),
            Route(f"{staff}/programmes/new", self._new, methods=["GET"]),
            Route(f"{staff}/programmes/new", self._publish, methods=["POST"]),
            Route(programme, self._programme, methods=["GET"]),
            Route(f"{programme}/invite", self._invite, methods=["POST"]),
            Route(f"{programme}/runs", self._start, methods=["POST"]),
            Route(f"{programme}/books.beancount", self._books, methods=["GET"]),
            Route(f"{staff}/runs/{{run}}", self._run, methods=["GET"]),
            Route(f"{staff}/runs/{{run}}/close", self._close, methods=["POST"]),
        ]

    async def _home(self, request: Request) -> Response:
        own = self._site.staff(request)
        found = [
            one for one in await run_in_threadpool(self._service.programmes) if one.organisation == own.name
        ]
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "valueback/staff.html",
            active="staff",
            organisation=own.title,
            may_publish=own.purpose_jwk is not None,
            programmes=[
                {"title": text(one.title, _), "programme": one, "href": self._place(one)} for one in found
            ],
        )

    async def _new(self, request: Request) -> Response:
        self._site.staff(request)
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        return self._entry(request, blank(today))

    def _entry(self, request: Request, values: dict[str, Any], error: str = "") -> Response:
        _ = self._pages.translator(request)
        members = [
            (one.receipt_issuer, one.title)
            for one in self._site.organisations.issuers("")
            if one.receipt_issuer
        ]
        return self._pages.render(
            request,
            "valueback/new.html",
            status=422 if error else 200,
            active="staff",
            values=values,
            rules=[(rule.iri, text(rule.title, _), text(rule.text, _)) for rule in RULE_TEXTS.values()],
            shops=[one for one in members if one[0].startswith(self._addresses.shops)],
            associations=[one for one in members if not one[0].startswith(self._addresses.shops)],
            error=error,
        )

    async def _publish(self, request: Request) -> Response:
        own = self._site.staff(request)
        form = await self._pages.guard.form(request)
        try:
            published = await self._service.publishing.publish(own, read(form))
        except BadProgramme as error:
            _ = self._pages.translator(request)
            return self._entry(
                request, filled(form), _("Not published yet: {reason}", reason=error.said(_, LABELS))
            )
        return RedirectResponse(self._place(published), 303)

    async def _programme(self, request: Request) -> Response:
        own = self._site.staff(request)
        name, version = request.path_params["name"], request.path_params["version"]
        found, runs = await run_in_threadpool(self._service.programme, name, version)
        left = await run_in_threadpool(self._service.budget_left, own, found)
        _ = self._pages.translator(request)
        next_month = max((one.run.last for one in runs), default="")
        return self._pages.render(
            request,
            "valueback/staff_programme.html",
            active="staff",
            title=text(found.title, _),
            programme=found,
            place=self._place(found),
            left=left,
            invited="invited" in request.query_params,
            error=request.query_params.get("error", ""),
            next_first=_after(next_month) if next_month else found.first,
            runs=[
                {
                    "href": f"{self._addresses.base}/staff/runs/{one.run.id}",
                    "first": one.run.first,
                    "last": one.run.last,
                    "phase": _(PHASES[one.run.phase][0]),
                    "badge": PHASES[one.run.phase][1],
                }
                for one in runs
            ],
        )

    async def _invite(self, request: Request) -> Response:
        own = self._site.staff(request)
        await self._pages.guard.form(request)
        found = await self._found(request)
        await self._service.publishing.invite(own, found)
        return RedirectResponse(f"{self._place(found)}?invited=1", 303)

    async def _start(self, request: Request) -> Response:
        own = self._site.staff(request)
        form = await self._pages.guard.form(request)
        found = await self._found(request)
        first, last = str(form.get("first", "")), str(form.get("last", ""))
        try:
            run = await run_in_threadpool(self._service.start, own, found, first, last)
        except BadRun:
            return RedirectResponse(f"{self._place(found)}?error=period", 303)
        self._worker.wake()
        return RedirectResponse(f"{self._addresses.base}/staff/runs/{run.id}", 303)

    async def _run(self, request: Request) -> Response:
        own = self._site.staff(request)
        run_id = request.path_params["run"]
        found, run, progress = await run_in_threadpool(self._service.progress, own, run_id)
        _ = self._pages.translator(request)
        over = run.vote_until is not None and self._clock() >= run.vote_until
        return self._pages.render(
            request,
            "valueback/staff_run.html",
            active="staff",
            title=text(found.title, _),
            programme=found,
            place=self._place(found),
            run=run,
            phase=_(PHASES[run.phase][0]),
            badge=PHASES[run.phase][1],
            working=run.phase in (Phase.COLLECTING, Phase.POSTING, Phase.DELIVERING),
            may_close=run.phase is Phase.VOTING and over,
            progress={name: progress.get(name, 0) for name in _PROGRESS},
            public=self._addresses.run(run_id),
            close=f"{self._addresses.base}/staff/runs/{run_id}/close",
        )

    async def _close(self, request: Request) -> Response:
        own = self._site.staff(request)
        await self._pages.guard.form(request)
        run = await self._service.close(own, request.path_params["run"])
        return RedirectResponse(f"{self._addresses.base}/staff/runs/{run.id}", 303)

    async def _books(self, request: Request) -> Response:
        own = self._site.staff(request)
        found = await self._found(request)
        content = await run_in_threadpool(self._service.books, own, found)
        name = f"{found.name}-{found.version}.beancount"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, media_type="text/plain; charset=utf-8", headers=headers)

    async def _found(self, request: Request) -> Programme:
        own = self._site.staff(request)
        name, version = request.path_params["name"], request.path_params["version"]
        found, _runs = await run_in_threadpool(self._service.programme, name, version)
        require_owner(own, found)
        return found

    def _place(self, programme: Programme) -> str:
        return f"{self._addresses.base}/staff/programmes/{programme.name}/{programme.version}"


_PROGRESS = ("counted", "empty", "withdrawn", "disputed", "members", "sent", "refused", "waiting")


def _after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1:04}-01" if number == 12 else f"{year:04}-{number + 1:02}"
