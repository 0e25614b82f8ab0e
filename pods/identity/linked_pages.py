"""The page on which people link a WebID that lies on another server to their account, and unlink it."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.errors import BadRequest, Conflict, NotFound, PodError, TooManyRequests
from pods.identity import linked_sql
from pods.identity.linked_sql import Claim
from pods.identity.ownership import external, require_control, statements
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.site import Site, see_other
from pods.model import WebId
from pods.storage.base import Transaction
from vocab.pages import Notice, msg

PLACE = f"{PATH}webids"
CLAIM_SECONDS = 86400.0  # a profile may be on a server where a change takes a visit to somebody
MOST_LINKED = 20
MOST_LOOKS = 20  # at profiles elsewhere, by one account in the window of the accounts' throttle
LINKED = msg(
    "The WebID is linked. You can take the second statement out of the profile again; the first must stay."
)
UNLINKED = msg("The WebID is unlinked: applications that acted as it get no new access from now on.")
NOT_LINKED = msg("This WebID is not linked to your account.")
NOT_CLAIMED = msg("There is nothing to check for this WebID any more; start again.")
TOO_MANY = msg("An account has at most 20 linked WebIDs; unlink one first.")
TOO_OFTEN = msg("Too many attempts; wait a quarter of an hour.")
_DONE = {"linked": LINKED, "unlinked": UNLINKED}


class LinkedPages:
    """The page for who is logged in."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._host = site.host

    def routes(self) -> list[BaseRoute]:
        """Return the routes of this page."""
        route = self._site.route
        return [
            route(PLACE, self.page),
            route(PLACE, self.claim, ["POST"]),
            route(f"{PLACE}/check", self.check, ["POST"]),
            route(f"{PLACE}/unlink", self.unlink, ["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show what is linked, what is still to be shown, and the form for another."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        done = _DONE.get(request.query_params.get("done", ""))
        return await self._page(request, who, [Notice("success", done)] if done else [])

    async def claim(self, request: Request) -> Response:
        """Make the text that shows whose the WebID is; nothing is fetched yet."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        given = str(form.get("webid", ""))

        def begin(tx: Transaction) -> None:
            webid, now = external(given, self._site.addresses.origin), self._host.clock()
            there = linked_sql.linked(tx, who.account.id)
            pending = linked_sql.claims(tx, who.account.id, now)
            if len(there) + len(pending) >= MOST_LINKED:
                raise Conflict(TOO_MANY)
            if webid not in {*(one.webid for one in there), *(one.webid for one in pending)}:
                claim = Claim(webid, secrets.token_urlsafe(24), now + CLAIM_SECONDS)
                linked_sql.add_claim(tx, who.account.id, claim, now)

        try:
            await self._host.commits.submit(begin)
        except PodError as error:
            return await self._page(request, who, [Notice("danger", str(error))], status=400, given=given)
        return see_other(PLACE)

    async def check(self, request: Request) -> Response:
        """Read the profile, and link the WebID if it says what it should."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        account, webid = who.account.id, WebId(str(form.get("webid", "")))
        subject = f"webid {account}"

        def claimed(tx: Transaction) -> Claim:
            if self._host.accounts.attempts(tx, subject) >= MOST_LOOKS:
                raise TooManyRequests(TOO_OFTEN)
            self._host.accounts.note_attempt(tx, subject)
            return self._claim(tx, who, webid)

        def link(tx: Transaction) -> None:
            self._claim(tx, who, webid)  # once: of two checks at a time the second finds none
            linked_sql.link(tx, account, webid, self._host.clock())

        try:
            claim = await self._host.commits.submit(claimed)
            await require_control(self._host.http, webid, self._site.addresses.issuer, claim.token)
            await self._host.commits.submit(link)
        except PodError as error:
            return await self._page(request, who, [Notice("danger", str(error))], status=400)
        return see_other(f"{PLACE}?done=linked")

    async def unlink(self, request: Request) -> Response:
        """Unlink a WebID, or give up linking it."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        account, webid = who.account.id, str(form.get("webid", ""))

        def unlink(tx: Transaction) -> bool:
            linked_sql.drop_claim(tx, account, webid)
            return linked_sql.unlink(tx, account, webid)

        if await self._host.commits.submit(unlink):
            return see_other(f"{PLACE}?done=unlinked")
        if form.get("pending"):
            return see_other(PLACE)
        raise NotFound(NOT_LINKED)

    def _claim(self, tx: Transaction, who: LoggedIn, webid: str) -> Claim:
        for one in linked_sql.claims(tx, who.account.id, self._host.clock()):
            if one.webid == webid:
                return one
        raise BadRequest(NOT_CLAIMED)

    async def _page(
        self, request: Request, who: LoggedIn, notices: list[Notice], *, status: int = 200, given: str = ""
    ) -> Response:
        account, issuer = who.account.id, self._site.addresses.issuer
        linked, claims = await self._host.store.read(
            lambda tx: (
                linked_sql.linked(tx, account),
                linked_sql.claims(tx, account, self._host.clock()),
            )
        )
        return self._site.render(
            request,
            "identity/webids.html",
            who,
            status=status,
            notices=notices,
            linked=linked,
            pending=[(one, statements(one.webid, issuer, one.token)) for one in claims],
            given=given,
        )
