"""Ways into an account, on one page: passkeys, recovery codes and the browsers that are logged in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.errors import PodError
from pods.identity import codes_sql, recovery_sql, sessions_sql
from pods.identity.confirmation import confirmed
from pods.identity.passkeys import Passkeys
from pods.identity.passkeys_sql import Passkey
from pods.identity.recovery_sql import new_codes
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.sessions_sql import Session
from pods.identity.site import Site, see_other
from pods.storage.base import Transaction
from vocab.pages import Notice, msg

_DONE = {
    "passkey": msg("The passkey is there. You can log in with it from now on."),
    "removed": msg("The passkey is removed."),
    "ended": msg("The session is ended."),
}


class SecurityPages:
    """The page and its forms, but for those of passkeys."""

    def __init__(self, site: Site, passkeys: Passkeys) -> None:
        self._site = site
        self._host = site.host
        self._passkeys = passkeys

    def routes(self) -> list[BaseRoute]:
        """Return the routes of these pages."""
        route = self._site.route
        return [
            route(f"{PATH}security", self.page),
            route(f"{PATH}security/codes", self.make_codes, ["POST"]),
            route(f"{PATH}sessions/end", self.end_session, ["POST"]),
            route(f"{PATH}sessions/end-all", self.end_all, ["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the ways into the account."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        return await self.show(request, who)

    async def make_codes(self, request: Request) -> Response:
        """Make new recovery codes, which void the old ones, and show them this once."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        codes = new_codes()
        try:
            await confirmed(self._site, request, who, str(form.get("present", "")))
            await self._host.commits.submit(lambda tx: recovery_sql.replace_codes(tx, who.account.id, codes))
        except PodError as error:
            return await self.show(request, who, problem=str(error))
        return self._site.render(request, "identity/codes.html", who, codes=codes)

    async def end_session(self, request: Request) -> Response:
        """End the session of one browser."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        named = str(form.get("session", ""))
        await self._host.commits.submit(lambda tx: sessions_sql.end_named(tx, who.account.id, named))
        return see_other(f"{PATH}security?done=ended")

    async def end_all(self, request: Request) -> Response:
        """Log out everywhere: every browser, this one too, and every application."""
        await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)

        def end(tx: Transaction) -> None:
            sessions_sql.end_sessions(tx, who.account.id)
            codes_sql.end_all(tx, who.account.id)

        await self._host.commits.submit(end)
        response = see_other(f"{PATH}login?out")
        self._site.sessions.clear(response)
        return response

    async def show(self, request: Request, who: LoggedIn, *, problem: str = "") -> Response:
        """Show the page, with what went wrong."""

        def look(tx: Transaction) -> tuple[list[Passkey], list[Session], int]:
            return (
                self._passkeys.of(tx, who.account),
                sessions_sql.sessions_of(tx, who.account.id, self._host.clock()),
                recovery_sql.codes_left(tx, who.account.id),
            )

        passkeys, sessions, codes = await self._host.store.read(look)
        done = _DONE.get(request.query_params.get("done", ""))
        notices = [Notice("danger", problem)] if problem else [Notice("success", done)] if done else []
        return self._site.render(
            request,
            "identity/security.html",
            who,
            status=400 if problem else 200,
            notices=notices,
            account=who.account,
            passkeys=passkeys,
            sessions=sessions,
            here=who.session,
            codes=codes,
        )
