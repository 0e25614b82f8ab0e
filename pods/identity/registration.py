"""Opening an account with its pod, both in one transaction."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.errors import PodError, TooManyRequests
from pods.identity.opening import open_pod
from pods.identity.passwords import HashedPassword
from pods.identity.peer import address_of
from pods.identity.sessions import PATH
from pods.identity.site import Site, form_targets, see_other, way_back
from pods.storage.base import Transaction
from vocab.pages import Notice, msg

MAX_DISPLAY_NAME = 100
MOST_REGISTRATIONS = 20  # from one address in the window of the accounts' throttle
TOO_MANY = msg("Too many accounts were opened from here; wait a quarter of an hour.")
NAME_MISSING = msg("Write the name that others shall see.")
DIFFERENT = msg("The two passwords differ; type the same one twice.")


class Registration:
    """The page on which people open an account."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._host = site.host

    def routes(self) -> list[BaseRoute]:
        """Return the routes of this page."""
        return [
            self._site.route(f"{PATH}register", self.page),
            self._site.route(f"{PATH}register", self.register, ["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the form."""
        return self._form(request, {"next": way_back(request.query_params.get("next", ""))})

    async def register(self, request: Request) -> Response:
        """Open the account and the pod, and log the person in."""
        form = await self._site.pages.guard.form(request)
        given = {name: str(form.get(name, "")).strip() for name in ("name", "display_name", "email")}
        given["next"] = way_back(str(form.get("next", "")))
        password = str(form.get("password", ""))
        try:
            if not 0 < len(given["display_name"]) <= MAX_DISPLAY_NAME:
                return self._form(request, given, NAME_MISSING)
            if password != str(form.get("again", "")):
                return self._form(request, given, DIFFERENT)
            secret = await self._site.hash(password)
            cookie = await self._host.commits.submit(lambda tx: self._open(tx, request, given, secret))
        except PodError as error:
            return self._form(request, given, str(error))
        response = see_other(given["next"])
        self._site.sessions.put(response, cookie)
        return response

    def _open(
        self, tx: Transaction, request: Request, given: dict[str, str], password: HashedPassword | None
    ) -> str:
        host, addresses = self._host, self._site.addresses
        subject = f"registration {address_of(request)}"
        if host.accounts.attempts(tx, subject) >= MOST_REGISTRATIONS:
            raise TooManyRequests(TOO_MANY)
        account = host.accounts.create(
            tx,
            given["name"],
            email=given["email"] or None,
            password=password,
            webid=addresses.webid(given["name"]),
        )
        open_pod(tx, self._site, account.name, account.webid, given["display_name"])
        host.accounts.note_attempt(tx, subject)
        self._site.sessions.end(tx, request)  # whoever used this browser before is logged out
        return self._site.sessions.start(tx, account, request)

    def _form(self, request: Request, given: dict[str, str], problem: str = "") -> Response:
        way = given["next"]
        return self._site.render(
            request,
            "identity/register.html",
            None,
            status=400 if problem else 200,
            form_targets=form_targets(way),
            notices=[Notice("danger", problem)] if problem else [],
            given={"name": "", "display_name": "", "email": "", **given},
            way=way,
            origin=self._site.addresses.origin,
        )
