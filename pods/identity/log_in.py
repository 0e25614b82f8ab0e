"""Logging in and out of the provider's pages."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.errors import TooManyRequests
from pods.identity.accounts_sql import Account
from pods.identity.peer import address_of
from pods.identity.sessions import PATH
from pods.identity.site import Site, form_targets, see_other, way_back
from pods.storage.base import Transaction
from vocab.pages import Notice, msg

# One sentence for every reason: who guesses must not learn which names exist.
WRONG = msg("The name or the password is wrong.")
LOGGED_OUT = msg("You are logged out here.")


class LogIn:
    """The log-in page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[BaseRoute]:
        """Return the routes of these pages."""
        return [
            self._site.route(f"{PATH}login", self.page),
            self._site.route(f"{PATH}login", self.log_in, ["POST"]),
            self._site.route(f"{PATH}logout", self.log_out, ["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the form."""
        notices = [Notice("success", LOGGED_OUT)] if "out" in request.query_params else []
        return self._form(request, way_back(request.query_params.get("next", "")), notices=notices)

    async def log_in(self, request: Request) -> Response:
        """Check the password and start a session."""
        form = await self._site.pages.guard.form(request)
        login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
        way = way_back(str(form.get("next", "")))
        address = address_of(request)
        accounts = self._site.host.accounts
        try:
            account = await self._site.host.commits.submit(
                lambda tx: accounts.begin_log_in(tx, login, address)
            )
        except TooManyRequests as error:
            notice = Notice("warning", str(error))
            return self._form(
                request, way, login=login, status=429, notices=[notice], headers=dict(error.headers)
            )
        if not await self._site.matches(account, password) or account is None:
            return self._form(request, way, login=login, status=401, notices=[Notice("danger", WRONG)])
        return await self._start(request, account, way, lambda tx: accounts.end_log_in(tx, login, address))

    async def log_out(self, request: Request) -> Response:
        """End the session of this browser."""
        await self._site.pages.guard.form(request)
        await self._site.host.commits.submit(lambda tx: self._site.sessions.end(tx, request))
        response = see_other(f"{PATH}login?out")
        self._site.sessions.clear(response)
        return response

    async def _start(
        self, request: Request, account: Account, way: str, end: Callable[[Transaction], None]
    ) -> Response:
        def start(tx: Transaction) -> str:
            end(tx)
            self._site.sessions.end(tx, request)  # whoever used this browser before is logged out
            return self._site.sessions.start(tx, account, request)

        response = see_other(way)
        self._site.sessions.put(response, await self._site.host.commits.submit(start))
        return response

    def _form(
        self,
        request: Request,
        way: str,
        *,
        login: str = "",
        status: int = 200,
        notices: list[Notice] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return self._site.render(
            request,
            "identity/login.html",
            None,
            status=status,
            headers=headers,
            form_targets=form_targets(way),
            notices=notices or [],
            way=way,
            login=login,
        )
