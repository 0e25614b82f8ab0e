"""Forms of passkeys: log in with one, add, rename and remove; the script beside them speaks to the authenticator."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pods.errors import BadRequest, Conflict, NotFound, PodError, TooManyRequests
from pods.identity import accounts_sql, passkeys_sql
from pods.identity.accounts import TOO_OFTEN
from pods.identity.confirmation import confirmed
from pods.identity.passkeys import BAD_ANSWER, Passkeys
from pods.identity.peer import address_of
from pods.identity.security_pages import SecurityPages
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.site import Site, see_other, way_back
from pods.storage.base import Transaction
from vocab.pages import msg

SCRIPT = Path(__file__).resolve().parent / "static" / "passkey.js"
MOST_CHALLENGES = 100  # for one address in a quarter of an hour
NO_PASSKEY = msg("There is no such passkey.")
LAST_KEY = msg("This passkey is the only way into your account. Set a password or add another passkey first.")


class PasskeyPages:
    """The forms; each also tells what went wrong on the page that it stands on."""

    def __init__(self, site: Site, passkeys: Passkeys, security: SecurityPages) -> None:
        self._site = site
        self._host = site.host
        self._passkeys = passkeys
        self._security = security

    def routes(self) -> list[BaseRoute]:
        """Return the routes of these forms and their script."""
        route = self._site.route
        return [
            Route(f"{PATH}passkey.js", self.script),
            route(f"{PATH}passkeys/options", self.options, ["POST"]),
            route(f"{PATH}passkeys/login", self.log_in, ["POST"]),
            route(f"{PATH}passkeys", self.add, ["POST"]),
            route(f"{PATH}passkeys/rename", self.rename, ["POST"]),
            route(f"{PATH}passkeys/remove", self.remove, ["POST"]),
        ]

    async def script(self, request: Request) -> Response:
        """Return the script."""
        return FileResponse(SCRIPT, media_type="text/javascript", headers={"cache-control": "max-age=3600"})

    async def options(self, request: Request) -> Response:
        """Return what the authenticator is to be asked, with a challenge that is good once."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        accounts, subject = self._host.accounts, f"passkey {address_of(request)}"
        registering = form.get("purpose") == "create"

        def make(tx: Transaction) -> dict[str, object]:
            if accounts.attempts(tx, subject) >= MOST_CHALLENGES:
                raise TooManyRequests(TOO_OFTEN)
            accounts.note_attempt(tx, subject)
            if registering and who is not None:
                return self._passkeys.to_register(tx, who.account)
            return self._passkeys.to_log_in(tx)

        return JSONResponse(await self._host.commits.submit(make), headers={"cache-control": "no-store"})

    async def log_in(self, request: Request) -> Response:
        """Start a session for whoever's passkey signed."""
        form = await self._site.pages.guard.form(request)
        answer, way = str(form.get("credential", "")), way_back(str(form.get("next", "")))

        def start(tx: Transaction) -> str:
            account = accounts_sql.account_by_id(tx, self._passkeys.account_of(tx, answer))
            if account is None:
                raise BadRequest(BAD_ANSWER)
            self._site.sessions.end(tx, request)  # whoever used this browser before is logged out
            return self._site.sessions.start(tx, account, request)

        response = see_other(way)
        self._site.sessions.put(response, await self._host.commits.submit(start))
        return response

    async def add(self, request: Request) -> Response:
        """Add the passkey that the authenticator just made."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        answer, label = str(form.get("credential", "")), str(form.get("label", ""))
        try:
            # A passkey lets in for good: whoever found an open session must not leave one behind.
            await confirmed(self._site, request, who, str(form.get("present", "")))
            await self._host.commits.submit(
                lambda tx: self._passkeys.register(tx, who.account, answer, label)
            )
        except PodError as error:
            return await self._security.show(request, who, problem=str(error))
        return see_other(f"{PATH}security?done=passkey")

    async def rename(self, request: Request) -> Response:
        """Call a passkey otherwise."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        key, label = str(form.get("id", "")), str(form.get("label", ""))
        if not await self._host.commits.submit(lambda tx: self._passkeys.rename(tx, who.account, key, label)):
            raise NotFound(NO_PASSKEY)
        return see_other(f"{PATH}security")

    async def remove(self, request: Request) -> Response:
        """Remove a passkey, unless it is the only way in."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        key = str(form.get("id", ""))
        await self._host.commits.submit(lambda tx: self._remove(tx, who, key))
        return see_other(f"{PATH}security?done=removed")

    def _remove(self, tx: Transaction, who: LoggedIn, key: str) -> None:
        if who.account.password is None and len(self._passkeys.of(tx, who.account)) == 1:
            raise Conflict(LAST_KEY)
        if not passkeys_sql.remove(tx, who.account.id, key):
            raise NotFound(NO_PASSKEY)
