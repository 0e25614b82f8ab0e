"""Coming back into an account without its password: with a recovery code, or a link that the operator gave."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.errors import BadRequest, PodError
from pods.identity import accounts_sql, codes_sql, recovery_sql, sessions_sql
from pods.identity.passwords import HashedPassword
from pods.identity.peer import address_of
from pods.identity.registration import DIFFERENT
from pods.identity.sessions import PATH
from pods.identity.site import Site, see_other
from pods.storage.base import Transaction
from vocab.pages import Notice, msg

# One sentence for every reason: who guesses must not learn which names exist, nor which codes were used.
NOT_RECOVERED = msg("The name or the code is wrong, or the code was used before.")


class Recovery:
    """The page on which people set a new password."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._host = site.host

    def routes(self) -> list[BaseRoute]:
        """Return the routes of this page."""
        return [
            self._site.route(f"{PATH}recover", self.page),
            self._site.route(f"{PATH}recover", self.recover, ["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the form."""
        return self._form(request, link=request.query_params.get("link", ""))

    async def recover(self, request: Request) -> Response:
        """Set the new password, end whatever the old one let in, and log the person in."""
        form = await self._site.pages.guard.form(request)
        login, code, link = (str(form.get(name, "")).strip() for name in ("login", "code", "link"))
        password, accounts, address = str(form.get("password", "")), self._host.accounts, address_of(request)
        try:
            if password != str(form.get("again", "")):
                raise BadRequest(DIFFERENT)
            # Hashed whether the code is right or not: the time taken tells nothing.
            secret = await self._site.hash(password)
            await self._host.commits.submit(lambda tx: accounts.begin_log_in(tx, login, address))
            cookie = await self._host.commits.submit(
                lambda tx: self._renew(tx, request, login, link or code, secret)
            )
        except PodError as error:
            return self._form(request, login=login, link=link, problem=str(error))
        response = see_other(f"{PATH}?done=changed")
        self._site.sessions.put(response, cookie)
        return response

    def _renew(
        self, tx: Transaction, request: Request, login: str, code: str, secret: HashedPassword | None
    ) -> str:
        account = accounts_sql.account_by_login(tx, login)
        if account is None or recovery_sql.owner(tx, code, self._host.clock()) != account.id:
            raise BadRequest(NOT_RECOVERED)
        recovery_sql.spend(tx, code)
        if secret is not None:
            self._host.accounts.set_password(tx, account, secret)
        sessions_sql.end_sessions(tx, account.id)
        codes_sql.end_all(tx, account.id)
        self._host.accounts.end_log_in(tx, login, address_of(request))
        return self._site.sessions.start(tx, account, request)

    def _form(self, request: Request, *, login: str = "", link: str = "", problem: str = "") -> Response:
        return self._site.render(
            request,
            "identity/recover.html",
            None,
            status=400 if problem else 200,
            notices=[Notice("danger", problem)] if problem else [],
            login=login,
            link=link,
        )
