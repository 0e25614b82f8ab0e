"""The pages of an account: what it is, its password, and the scripts that may act for it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.errors import BadRequest, NotFound, PodError
from pods.identity import accounts_sql, codes_sql, sessions_sql
from pods.identity.authorize import NOT_YOURS
from pods.identity.confirmation import confirmed
from pods.identity.registration import DIFFERENT
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.site import Site, see_other
from pods.model import WebId
from pods.storage.base import Transaction
from vocab.pages import Notice, msg

CHANGED = msg("The password is changed. You were logged out everywhere else.")
SHUT_OUT = msg("The application is shut out: at the latest in ten minutes it reaches nothing any more.")
NOT_LET_IN = msg("This application is not let in.")
REVOKED = msg("The credentials are revoked: they get no new access from now on.")
_DONE = {"changed": CHANGED, "revoked": REVOKED, "shut": SHUT_OUT}


class AccountPages:
    """Pages for who is logged in."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._host = site.host

    def routes(self) -> list[BaseRoute]:
        """Return the routes of these pages."""
        route = self._site.route
        return [
            route(PATH, self.home),
            route(PATH.rstrip("/"), self.to_home),
            route(f"{PATH}password", self.password_page),
            route(f"{PATH}password", self.change_password, ["POST"]),
            route(f"{PATH}applications/revoke", self.shut_out, ["POST"]),
            route(f"{PATH}credentials", self.make_credentials, ["POST"]),
            route(f"{PATH}credentials/revoke", self.revoke_credentials, ["POST"]),
        ]

    async def to_home(self, request: Request) -> Response:
        """Send to the home page, whose address ends with a slash."""
        return see_other(PATH)

    async def home(self, request: Request) -> Response:
        """Show the account."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        done = _DONE.get(request.query_params.get("done", ""))
        return await self._home(request, who, notices=[Notice("success", done)] if done else [])

    async def password_page(self, request: Request) -> Response:
        """Show the form for a new password."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        return self._site.render(request, "identity/password.html", who)

    async def change_password(self, request: Request) -> Response:
        """Replace the password, and end every session and application that the old one let in."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        present, new = str(form.get("present", "")), str(form.get("password", ""))
        accounts = self._host.accounts
        try:
            await confirmed(self._site, request, who, present)
        except BadRequest as error:
            return self._password_problem(request, who, str(error))
        if new != str(form.get("again", "")):
            return self._password_problem(request, who, DIFFERENT)
        try:
            secret = await self._site.hash(new)
        except PodError as error:
            return self._password_problem(request, who, str(error))

        def change(tx: Transaction) -> str:
            if secret is not None:
                accounts.set_password(tx, who.account, secret)
            sessions_sql.end_sessions(tx, who.account.id)
            codes_sql.end_all(tx, who.account.id)
            return self._site.sessions.start(tx, who.account, request)

        response = see_other(f"{PATH}?done=changed")
        self._site.sessions.put(response, await self._host.commits.submit(change))
        return response

    async def shut_out(self, request: Request) -> Response:
        """Take back what an application was allowed."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        client_id = str(form.get("client_id", ""))
        if not await self._host.commits.submit(lambda tx: codes_sql.shut_out(tx, who.account.id, client_id)):
            raise NotFound(NOT_LET_IN)
        return see_other(f"{PATH}?done=shut")

    async def make_credentials(self, request: Request) -> Response:
        """Make client credentials and show their secret, this once."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        label, webid = str(form.get("label", "")), str(form.get("webid", "")) or who.account.webid

        def make(tx: Transaction) -> tuple[str, str]:
            if accounts_sql.acting_as(tx, who.account.id, webid) is None:
                raise BadRequest(NOT_YOURS)
            return self._host.accounts.credentials(tx, WebId(webid), label)

        try:
            client_id, secret = await self._host.commits.submit(make)
        except PodError as error:
            return await self._home(request, who, notices=[Notice("danger", str(error))], status=400)
        return self._site.render(
            request,
            "identity/secret.html",
            who,
            client_id=client_id,
            secret=secret,
            token_url=self._site.addresses.token,
        )

    async def revoke_credentials(self, request: Request) -> Response:
        """Revoke client credentials."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        client_id = str(form.get("client_id", ""))
        await self._host.commits.submit(
            lambda tx: self._host.accounts.revoke_credential(tx, who.account, client_id)
        )
        return see_other(f"{PATH}?done=revoked")

    async def _home(
        self, request: Request, who: LoggedIn, *, notices: list[Notice], status: int = 200
    ) -> Response:
        credentials, applications, identities = await self._host.store.read(
            lambda tx: (
                self._host.accounts.list_credentials(tx, who.account),
                codes_sql.approvals(tx, who.account.id),
                self._host.accounts.webids(tx, who.account),
            )
        )
        return self._site.render(
            request,
            "identity/home.html",
            who,
            status=status,
            notices=notices,
            account=who.account,
            identities=identities,
            origin=self._site.addresses.origin,
            issuer=self._site.addresses.issuer,
            credentials=credentials,
            applications=applications,
        )

    def _password_problem(self, request: Request, who: LoggedIn, problem: str) -> Response:
        notices = [Notice("danger", problem)]
        return self._site.render(request, "identity/password.html", who, status=400, notices=notices)
