"""The authorization endpoint: a person lets an application act for them (OpenID Connect Core section 3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2 import OAuth2Error
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pods.errors import BadRequest
from pods.identity import accounts_sql, codes_sql, tokens
from pods.identity.accounts_sql import Identity
from pods.identity.clients import Client
from pods.identity.documents import BadDocument, Documents
from pods.identity.grants import register_grants
from pods.identity.keys import BadToken
from pods.identity.oauth import Provider, Reply, Request
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.site import Site, see_other, source_of
from pods.model import WebId
from pods.storage.base import Transaction
from vocab.pages import msg

Pairs = Sequence[tuple[str, str]]
UNREADABLE = msg("The application’s description at {address} cannot be used: {reason}")
NOT_YOURS = msg("This WebID is not, or no longer, one of yours. Go back and choose another.")
FRESH_SECONDS = 60  # how old a log-in may be that an application asked for just now
_ASKING = ("consent", "select_account")
UNKNOWN = msg("This host does not know the application, or no longer: it has to register again.")
OTHER_ADDRESS = msg(
    "The application wants the answer sent to an address that it did not register. Only its makers can correct that."
)
UNUSABLE = msg("The application sent a request that cannot be answered. Go back to it and start again.")


@dataclass(frozen=True, slots=True)
class _Asked:
    """An authorization request after validation."""

    client: Client
    redirect_uri: str
    scope: str
    prompts: frozenset[str]
    max_age: float | None
    login_hint: str
    last: str | None
    """Whom the application knows already, by its ID token: nobody else is meant. Empty for one that is not ours."""


class Authorize:
    """The endpoint and its page; the page stands where the session cookie is sent."""

    def __init__(self, site: Site, documents: Documents) -> None:
        self._site = site
        self._host = site.host
        self._documents = documents

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the endpoint and its page."""
        return [
            Route("/.oidc/authorize", self.endpoint, methods=["GET", "POST"]),
            self._site.route(f"{PATH}authorize", self.page),
            self._site.route(f"{PATH}authorize", self.decide, ["POST"]),
        ]

    async def endpoint(self, request: HttpRequest) -> Response:
        """Send the browser on to the page. OpenID Connect wants GET and POST (section 3.1.2.1)."""
        query = request.url.query
        if request.method == "POST":
            async with request.form(max_fields=50) as form:
                query = urlencode(
                    [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
                )
        return see_other(f"{PATH}authorize?{query}")

    async def page(self, request: HttpRequest) -> Response:
        """Answer at once where the person has decided before; otherwise ask them to log in or to decide."""
        pairs = parameters_of(request.url.query)
        documented = await self._documented(request, pairs)
        checked, who, known, identities = await self._host.store.read(
            lambda tx: self._looked_up(tx, request, pairs, documented)
        )
        if isinstance(checked, Reply):
            return _sent(checked)
        if who is None or self._too_old(who, checked) or "login" in checked.prompts:
            if "none" in checked.prompts:
                return await self._refused(pairs, documented, LoginRequiredError, checked)
            return self._to_login(pairs)
        if checked.last is not None and not identities:
            # OpenID Connect Core, 3.1.2.1, id_token_hint: for anybody else it "MUST return an error".
            return await self._refused(pairs, documented, LoginRequiredError, checked)
        if known and checked.prompts.isdisjoint(_ASKING):
            return await self._granted(pairs, documented, known, checked)
        if "none" in checked.prompts:
            return await self._refused(pairs, documented, ConsentRequiredError, checked)
        return self._site.render(
            request,
            "identity/allow.html",
            who,
            form_targets=source_of(checked.redirect_uri),
            client=checked.client,
            identities=identities,
            chosen=next(
                (one.webid for one in identities if one.webid == checked.login_hint), who.account.webid
            ),
            place=urlsplit(checked.redirect_uri).netloc or checked.redirect_uri,
            offline="offline_access" in checked.scope.split(),
            manages_consent=checked.client.client_id in self._host.settings.consent_clients,
            query=urlencode(pairs),
        )

    async def decide(self, request: HttpRequest) -> Response:
        """Take the person's decision and send the browser back to the application."""
        form = await self._site.pages.guard.form(request)
        pairs = parameters_of(str(form.get("query", "")))
        documented = await self._documented(request, pairs)
        checked, who, _, identities = await self._host.store.read(
            lambda tx: self._looked_up(tx, request, pairs, documented)
        )
        if isinstance(checked, Reply):
            return _sent(checked)
        if who is None:
            return self._to_login(pairs)
        if form.get("decision") == "allow":
            webid = str(form.get("webid", "")) or who.account.webid
            if not any(one.webid == webid for one in identities):
                raise BadRequest(NOT_YOURS)
            chosen = replace(who.account, webid=WebId(webid))
            return await self._granted(pairs, documented, replace(who, account=chosen), checked)
        return await self._granted(pairs, documented, None, checked)

    def _looked_up(
        self, tx: Transaction, request: HttpRequest, pairs: Pairs, documented: Client | None
    ) -> tuple[_Asked | Reply, LoggedIn | None, LoggedIn | None, list[Identity]]:
        """Return what is asked or why not, who is logged in, as whom they let it in before, and their WebIDs."""
        checked = self._checked(tx, pairs, documented)
        who = self._site.sessions.current(tx, request)
        if who is None or isinstance(checked, Reply):
            return checked, who, None, []
        identities = self._host.accounts.webids(tx, who.account)
        if checked.last is not None:
            identities = [one for one in identities if one.webid == checked.last]
        return checked, who, self._approved(tx, who, checked), identities

    async def _documented(self, request: HttpRequest, pairs: Pairs) -> Client | None:
        client_id = dict(pairs).get("client_id", "")
        if not client_id.startswith(("https://", "http://")):
            return None
        try:
            return await self._documents.client(client_id)
        except BadDocument as error:
            _ = self._site.pages.translator(request)
            raise BadRequest(_(UNREADABLE, address=client_id, reason=str(error))) from error

    def _provider(self, tx: Transaction, documented: Client | None) -> Provider:
        host = self._host
        issuer = self._site.addresses.issuer
        return register_grants(
            Provider(tx, host.keys, issuer=issuer, now=host.clock(), documented=documented)
        )

    def _checked(self, tx: Transaction, pairs: Pairs, documented: Client | None) -> _Asked | Reply:
        """Return what is asked, or the error for the application; raise BadRequest for one we cannot send."""
        provider = self._provider(tx, documented)
        request = Request("GET", pairs)
        try:
            grant = provider.get_consent_grant(request)
        except OAuth2Error as error:
            # RFC 6749 section 4.1.2.1: never redirect to an address that is not known to be the client's.
            if not error.redirect_uri:
                raise BadRequest(_why_not(provider, request.payload.data)) from error
            reply: Reply = provider.handle_error_response(request, error)
            return reply
        except ValueError as error:  # Authlib refuses to put strange characters into its messages
            raise BadRequest(_why_not(provider, request.payload.data)) from error
        parameters = request.payload.data
        max_age, hint = parameters.get("max_age", ""), parameters.get("id_token_hint")
        last = self._known_by(hint, parameters.get("prompt", "")) if hint else None
        return _Asked(
            request.client,
            grant.redirect_uri,
            request.scope,
            frozenset(parameters.get("prompt", "").split()),
            float(_number(max_age)) if max_age else None,
            last or parameters.get("login_hint", ""),
            last,
        )

    def _known_by(self, id_token: str, prompts: str) -> str | None:
        """Return whom an ID token of ours names, however old; of another only where nobody can be asked."""
        try:
            return str(self._host.keys.verify(id_token, tokens.ID_TOKEN_TYP, expired=True).get("webid"))
        except BadToken:
            return "" if "none" in prompts.split() else None

    def _approved(self, tx: Transaction, who: LoggedIn, asked: _Asked) -> LoggedIn | None:
        """Return who lets the application in without being asked again, as the WebID chosen the last time."""
        approved = codes_sql.approved(tx, who.account.id, asked.client.client_id)
        if approved is None or not asked.client.keeps_approval(asked.redirect_uri):
            return None
        scope, webid = approved
        known = self._acting(tx, who, webid) if set(asked.scope.split()) <= set(scope.split()) else None
        # A hint at another of the person's WebIDs is a wish to change, which they have to confirm.
        other = asked.login_hint != webid and self._acting(tx, who, asked.login_hint) is not None
        return None if other else known

    def _acting(self, tx: Transaction, who: LoggedIn, webid: str) -> LoggedIn | None:
        account = accounts_sql.acting_as(tx, who.account.id, webid)
        return replace(who, account=account) if account else None

    def _too_old(self, who: LoggedIn, asked: _Asked) -> bool:
        return asked.max_age is not None and self._host.clock() - who.since > asked.max_age

    def _to_login(self, pairs: Pairs) -> Response:
        # Asked again, `prompt=login` and `max_age=0` would go round for ever: what follows must be a log-in of
        # the last minute, and that it was one is checked when the browser comes back.
        asked = dict(pairs)
        left = [(name, value) for name, value in pairs if name not in ("prompt", "max_age")]
        words = asked.get("prompt", "").split()
        if rest := [word for word in words if word != "login"]:
            left.append(("prompt", " ".join(rest)))
        if "login" in words or "max_age" in asked:
            left.append(("max_age", str(max(FRESH_SECONDS, _number(asked.get("max_age", "0"))))))
        way = f"{PATH}authorize?{urlencode(left)}"
        return see_other(f"{PATH}login?{urlencode({'next': way})}")

    async def _granted(
        self, pairs: Pairs, documented: Client | None, who: LoggedIn | None, asked: _Asked
    ) -> Response:
        def answer(tx: Transaction) -> Reply:
            provider = self._provider(tx, documented)
            request = Request("GET", pairs)
            user = (who.account, who.since) if who else None
            grant = provider.get_consent_grant(request, user)
            if who:
                client_id = asked.client.client_id
                account = who.account
                at = self._host.clock()
                codes_sql.approve(tx, account.id, client_id, asked.scope, account.webid, at)
            reply: Reply = provider.create_authorization_response(request, grant_user=user, grant=grant)
            return reply

        return _sent(await self._host.commits.submit(answer))

    async def _refused(
        self, pairs: Pairs, documented: Client | None, error: type[OAuth2Error], asked: _Asked
    ) -> Response:
        refusal = error(redirect_uri=asked.redirect_uri, state=dict(pairs).get("state"))
        return _sent(
            await self._host.store.read(
                lambda tx: self._provider(tx, documented).handle_error_response(
                    Request("GET", pairs), refusal
                )
            )
        )


def parameters_of(query: str) -> list[tuple[str, str]]:
    """Return the parameters of a request; raise BadRequest if they cannot be read."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise BadRequest(UNUSABLE) from error


def _why_not(provider: Provider, parameters: Mapping[str, str]) -> str:
    """Return what a person can do about a request that can be answered to no address."""
    client = provider.query_client(parameters.get("client_id", ""))
    if client is None:
        return UNKNOWN
    wanted = parameters.get("redirect_uri")
    return OTHER_ADDRESS if wanted and not client.check_redirect_uri(wanted) else UNUSABLE


def _sent(reply: Reply) -> Response:
    """Return the redirect to the application, kept out of caches since it carries a code."""
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return RedirectResponse(reply.location or PATH, 303, headers=headers)


def _number(text: str) -> int:
    """Return a number of seconds; what is none asks for a new log-in, as the strictest reading does."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
