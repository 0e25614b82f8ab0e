"""Logging out at the wish of an application (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from pods.errors import BadRequest
from pods.identity import codes_sql, tokens
from pods.identity.authorize import parameters_of
from pods.identity.clients import Client, from_metadata
from pods.identity.documents import BadDocument, Documents
from pods.identity.keys import BadToken
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.site import Site, see_other, source_of
from vocab.pages import msg

UNKNOWN_RETURN = msg("The application wants you to return to an address that it did not register.")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the application asks for, checked."""

    webid: str | None
    """Whom it had logged in, by its ID token; None if it does not say."""
    back: str | None
    """Where the browser goes afterwards."""


class LogOut:
    """The end-session endpoint and its page."""

    def __init__(self, site: Site, documents: Documents) -> None:
        self._site = site
        self._host = site.host
        self._documents = documents

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the endpoint and its page."""
        return [
            self._site.route("/.oidc/logout", self.endpoint, ["GET", "POST"]),
            self._site.route(f"{PATH}leave", self.page),
            self._site.route(f"{PATH}leave", self.leave, ["POST"]),
        ]

    async def endpoint(self, request: Request) -> Response:
        """Send the browser on to where the session cookie is sent."""
        query = request.url.query
        if request.method == "POST":
            async with request.form(max_fields=20) as form:
                query = urlencode(
                    [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
                )
        return see_other(f"{PATH}leave?{query}")

    async def page(self, request: Request) -> Response:
        """Log out at once if the application proves that it had logged this person in; ask otherwise."""
        wish = await self._wish(request.url.query)
        who = await self._site.current(request)
        if who is None or await self._is_of(who, wish.webid):
            return await self._left(request, wish)
        targets = source_of(wish.back) if wish.back else []
        return self._site.render(
            request, "identity/leave.html", who, form_targets=targets, query=request.url.query
        )

    async def _is_of(self, who: LoggedIn, webid: str | None) -> bool:
        identities = await self._host.store.read(lambda tx: self._host.accounts.webids(tx, who.account))
        return any(one.webid == webid for one in identities)

    async def leave(self, request: Request) -> Response:
        """Log out after the person confirmed it."""
        form = await self._site.pages.guard.form(request)
        return await self._left(request, await self._wish(str(form.get("query", ""))))

    async def _left(self, request: Request, wish: _Wish) -> Response:
        await self._host.commits.submit(lambda tx: self._site.sessions.end(tx, request))
        response = RedirectResponse(wish.back or f"{PATH}login?out", 303)
        self._site.sessions.clear(response)
        return response

    async def _wish(self, query: str) -> _Wish:
        parameters = dict(parameters_of(query))
        hint = parameters.get("id_token_hint")
        webid, client_id = None, parameters.get("client_id", "")
        if hint:
            try:
                # An expired ID token is the usual case here (section 2): it is a hint, and gives nothing.
                claims = self._host.keys.verify(hint, tokens.ID_TOKEN_TYP, expired=True)
            except BadToken as error:
                raise BadRequest(str(error)) from error
            webid, client_id = str(claims.get("webid")), str(claims.get("azp"))
        back = parameters.get("post_logout_redirect_uri")
        if not back:
            return _Wish(webid, None)
        # Section 3: only to an address that the client registered, or the page is a tool for phishing.
        client = await self._client(client_id)
        if client is None or back not in client.post_logout_uris:
            raise BadRequest(UNKNOWN_RETURN)
        state = parameters.get("state")
        joint = "&" if urlsplit(back).query else "?"
        return _Wish(webid, f"{back}{joint}{urlencode({'state': state})}" if state else back)

    async def _client(self, client_id: str) -> Client | None:
        if client_id.startswith(("https://", "http://")):
            try:
                return await self._documents.client(client_id)
            except BadDocument as error:
                raise BadRequest(str(error)) from error
        found = await self._host.store.read(
            lambda tx: codes_sql.registered_client(tx, client_id, self._host.clock())
        )
        return from_metadata(client_id, orjson.loads(found[0]), sealed_secret=found[1]) if found else None
