"""Pages for an organisation whose data got out: report it, see whom it concerns, tell the authority and the people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from apps.breaches.entered import FIELDS, MOST_WORDS, Entered, too_long
from apps.breaches.history import in_words
from apps.organisations import Organisation
from apps.site.errors import NotStaff
from apps.site.frame import Site
from consent.client.breaches import BreachClient, BreachStep
from pods.client import SolidError
from pods.model import Clock
from vocab.pages import Notice, Translator, msg
from vocab.pages.language import language_of
from vocab.shapes import SHAPES

STATES = {
    "open": (msg("the authority was not told yet"), "wait"),
    "reported": (msg("the authority was told"), "good"),
    "closed": (msg("closed"), "off"),
}
DONE = {
    "opened": Notice("success", msg("The entry is open. Nobody was told yet.")),
    "note": Notice("success", msg("The note is in the register.")),
    "describe": Notice("success", msg("The description is saved.")),
    "report": Notice("success", msg("The register says that the authority was told.")),
    "tell": Notice("success", msg("The notice is in the inboxes of the people concerned.")),
    "publish": Notice("success", msg("The breach stands on the public page.")),
    "close": Notice("success", msg("The entry is closed; it stays in the register.")),
}
NEEDED = {
    BreachStep.NOTE: msg("Write the note."),
    BreachStep.CLOSE: msg("Say why the entry is closed."),
}
TOLD = ("consequences", "measures", "contact")
MARKDOWN = "text/markdown; charset=utf-8"


class BreachPages:
    """What everybody reads, and what an organisation does about its own breaches: it counts people and sees none."""

    def __init__(self, site: Site, *, clock: Clock) -> None:
        self._site = site
        self._pages = site.pages
        self._prefix = site.prefix
        self._clock = clock
        self._public = f"{site.clients.host}/.consent/breaches"

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the desk."""
        staff = f"{self._prefix}/staff"
        return [
            Route(f"{self._prefix}/", self._home),
            Route(staff, self._list, methods=["GET"]),
            Route(f"{staff}/new", self._new, methods=["GET"]),
            Route(f"{staff}/new", self._report, methods=["POST"]),
            Route(f"{staff}/{{name:str}}", self._one, methods=["GET"]),
            Route(f"{staff}/{{name:str}}/notification.md", self._notification, methods=["GET"]),
            Route(f"{staff}/{{name:str}}/steps", self._step, methods=["POST"]),
        ]

    async def _home(self, request: Request) -> Response:
        return self._pages.render(request, "breaches/home.html", active="home", public=self._public)

    async def _list(self, request: Request) -> Response:
        own = self._own(request)
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "breaches/staff.html",
            active="staff",
            organisation=own.title,
            breaches=[_shown(one, _) for one in await self._register(own).own()],
        )

    async def _new(self, request: Request) -> Response:
        return self._form(request, self._own(request), Entered())

    async def _report(self, request: Request) -> Response:
        own = self._own(request)
        form = await self._pages.guard.form(request)
        entered = Entered({name: _text(form, name) for name in FIELDS}, _several(form, "data"))
        wrong = entered.wrong(self._clock())
        if wrong:
            return self._form(request, own, entered, wrong)
        try:
            made = await self._register(own).report(entered.document())
        except SolidError as error:
            return self._form(request, own, entered, refused=_refused(error))
        return self._back(made["id"], "opened")

    def _form(
        self,
        request: Request,
        own: Organisation,
        entered: Entered,
        wrong: Mapping[str, str] | None = None,
        refused: str = "",
    ) -> Response:
        _ = self._pages.translator(request)
        return self._pages.render(
            request,
            "breaches/new.html",
            status=422 if wrong or refused else 200,
            active="staff",
            organisation=own.title,
            entered=entered,
            wrong={name: _(text, most=MOST_WORDS) for name, text in (wrong or {}).items()},
            refused=refused,
            kinds=[(name, shape.label[language_of(request)]) for name, shape in SHAPES.items()],
        )

    async def _one(self, request: Request) -> Response:
        own = self._own(request)
        return self._page(request, own, await self._found(request, own))

    def _page(
        self, request: Request, own: Organisation, breach: dict[str, Any], error: str = "", status: int = 200
    ) -> Response:
        done = request.query_params.get("done", "")
        return self._pages.render(
            request,
            "breaches/breach.html",
            status=status,
            active="staff",
            organisation=own.title,
            breach=_shown(breach, self._pages.translator(request)),
            error=error,
            notices=[DONE[done]] if done in DONE and not error else (),
            public=self._public,
        )

    async def _notification(self, request: Request) -> Response:
        """The draft for the authority, to be kept and filled in."""
        own = self._own(request)
        breach = await self._found(request, own)
        content = await self._register(own).notification(breach["id"], language_of(request))
        name = f'attachment; filename="notification-{breach["id"]}.md"'
        headers = {"content-disposition": name, "cache-control": "no-store"}
        return Response(content, media_type=MARKDOWN, headers=headers)

    async def _step(self, request: Request) -> Response:
        own = self._own(request)
        form = await self._pages.guard.form(request)
        breach = await self._found(request, own)
        _ = self._pages.translator(request)
        try:
            step = BreachStep(_text(form, "step"))
        except ValueError as error:
            raise HTTPException(404) from error
        words = {name: text for name in ("text", *TOLD) if (text := _text(form, name))}
        late = step is BreachStep.REPORT and breach["overdue"]
        needed = msg("The 72 hours are over: say why only now.") if late else NEEDED.get(step)
        if needed is not None and "text" not in words:
            return self._page(request, own, breach, _(needed), 422)
        for text in too_long(words).values():
            return self._page(request, own, {**breach, **words}, _(text, most=MOST_WORDS), 422)
        try:
            await self._register(own).step(breach["id"], step, **words)
        except SolidError as error:
            return self._page(request, own, {**breach, **words}, _refused(error), 422)
        return self._back(breach["id"], step.value)

    def _own(self, request: Request) -> Organisation:
        """Return the organisation whose account is logged in; raise LoginNeeded or NotStaff."""
        own = self._site.staff(request)
        if not own.client_id:  # the pod host would not know whose entries to show
            raise NotStaff
        return own

    def _register(self, own: Organisation) -> BreachClient:
        """Return the register as this organisation sees it; raise Forbidden if its file holds no credentials."""
        clients = self._site.clients
        return BreachClient(clients.solid(own.name), clients.host)

    async def _found(self, request: Request, own: Organisation) -> dict[str, Any]:
        name = request.path_params["name"]
        try:
            found = await self._register(own).one(name) if name.isalnum() else {}
        except SolidError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            found = {}
        if "affected" not in found:  # what is only public is not ours to handle
            raise HTTPException(404)
        return found

    def _back(self, name: str, done: str) -> Response:
        return RedirectResponse(f"{self._prefix}/staff/{name}?done={done}", 303)


def _shown(breach: Mapping[str, Any], _: Translator) -> dict[str, Any]:
    state, badge = STATES[breach["state"]]
    left = breach["hours_left"]
    return {
        **breach,
        "words": _(state),
        "badge": badge,
        "left": left,
        "late_by": -left if left is not None and left < 0 else 0,
        "kinds": [SHAPES[name].label[_.language] for name in breach["data"] if name in SHAPES],
        "described": all(breach[name] for name in TOLD),
        "over": breach["state"] == "closed",
        "entries": [{"at": one["at"], "text": in_words(one["text"], _)} for one in breach["entries"]],
    }


def _refused(error: SolidError) -> str:
    if error.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise error
    return error.detail or str(error)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\0", "").replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _several(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]
