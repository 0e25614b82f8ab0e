"""The provider's endpoints for programs: discovery, keys, tokens, registration of clients."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.authn.issuers import Issuers, Unreadable
from pods.errors import BadRequest, TooLarge, Unauthenticated
from pods.http.callers import limited_body
from pods.http.openapi import FORM, OBJECT, TEXT, Schema, described, form
from pods.identity import codes_sql, discovery
from pods.identity.clients import Client, from_metadata
from pods.identity.documents import BadDocument, Documents
from pods.identity.grants import register_grants
from pods.identity.host import Addresses, Host
from pods.identity.key_file import ALGORITHMS
from pods.identity.oauth import REGISTERED_SECONDS, Provider, Reply, Request, Unvouched
from pods.identity.passwords import digest, new_secret, seal
from pods.identity.peer import address_of
from pods.model import WebId
from pods.protocol.dpop import Proof
from pods.storage.base import Transaction

MOST_REGISTRATIONS = 100  # of clients, from one address in a quarter of an hour
MAX_FORM = 64 * 1024  # bytes; a token request needs some hundred
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}  # RFC 6749 section 5.1


class Endpoints:
    """Answers programs. What a browser shows is in `authorize` and `account_pages`."""

    def __init__(self, host: Host, documents: Documents) -> None:
        self._host = host
        self._documents = documents
        self._issuers = Issuers(host.http, clock=host.clock)
        self._addresses = Addresses(host.settings.pod_url, host.settings.issuer)

    def routes(self) -> list[BaseRoute]:
        """Return the routes of these endpoints."""
        router = APIRouter(tags=["identity"])
        add = router.add_api_route
        for place in ("openid-configuration", "oauth-authorization-server"):
            add(f"/.well-known/{place}", self.configuration, methods=["GET"], **described(OBJECT))
            # Some clients append the path to the issuer as it stands, slash and all.
            add(f"//.well-known/{place}", self.configuration, methods=["GET"], include_in_schema=False)
        add("/.oidc/jwks", self.jwks, methods=["GET"], **described(OBJECT))
        add("/.oidc/token", self.token, methods=["POST"], **_of_form(_TOKEN_FIELDS, OBJECT))
        add("/.oidc/revoke", self.revoke, methods=["POST"], **_of_form(form(["token"], ["client_id"])))
        for method in ("GET", "POST"):
            add("/.oidc/userinfo", self.userinfo, methods=[method], **described(OBJECT, token=True))
        registering = described(OBJECT, status=201, body=_CLIENT, oauth=True)
        add("/.oidc/register", self.register, methods=["POST"], **registering)
        return list(router.routes)

    async def configuration(self, request: HttpRequest) -> Response:
        """Return the discovery document."""
        return _json(discovery.configuration(self._addresses), headers={"cache-control": "max-age=300"})

    async def jwks(self, request: HttpRequest) -> Response:
        """Return the public keys."""
        return _json(self._host.keys.jwks(), headers={"cache-control": "max-age=300"})

    async def token(self, request: HttpRequest) -> Response:
        """Change a code, a refresh token or client credentials into tokens (RFC 6749 section 3.2)."""
        try:
            pairs = await _form(request)
        except BadRequest as error:
            return _error("invalid_request", str(error))
        try:
            proof = await self._host.verifier.proof("POST", self._addresses.token, request.headers.raw)
        except Unauthenticated as error:
            # RFC 9449 section 5: every token here is bound to a key, and a wrong proof is a 400.
            nonce = dict(error.headers).get("dpop-nonce")
            if nonce is not None:  # section 8: try again with this nonce
                return _error("use_dpop_nonce", str(error), headers={"dpop-nonce": nonce})
            return _error("invalid_dpop_proof", str(error))
        try:
            documented = await self._documented(dict(pairs).get("client_id", ""))
        except BadDocument as error:
            return _error("invalid_client", f"The client document cannot be used: {error}")
        authorization, vouched = request.headers.get("authorization"), None
        try:
            reply = await self._host.commits.submit(
                lambda tx: self._exchange(tx, pairs, authorization, proof, documented)
            )
        except Unvouched as unvouched:
            # Nothing of it was committed; with an answer of the profile it is done anew.
            vouched = unvouched.webid
            try:
                named = await self._names_us(vouched)
            except Unreadable as error:
                return _error("temporarily_unavailable", str(error), 503)
            if not named:
                return _error("invalid_grant", f"The profile of {vouched} does not name this issuer.")
            reply = await self._host.commits.submit(
                lambda tx: self._exchange(tx, pairs, authorization, proof, documented, vouched)
            )
        headers = {name.lower(): value for name, value in reply.headers if name.lower() != "content-type"}
        if reply.status == 401:
            # RFC 7617, 2: a realm is required. What was wrong stands in the body (RFC 6749, 5.2).
            headers["www-authenticate"] = f'Basic realm="{self._addresses.issuer}", charset="UTF-8"'
        return _json(reply.body, reply.status, headers={**headers, **_NO_STORE})

    def _exchange(
        self,
        tx: Transaction,
        pairs: list[tuple[str, str]],
        authorization: str | None,
        proof: Proof,
        documented: Client | None,
        vouched: WebId | None = None,
    ) -> Reply:
        provider = register_grants(
            Provider(
                tx,
                self._host.keys,
                issuer=self._addresses.issuer,
                now=self._host.clock(),
                documented=documented,
                vouched=vouched,
            )
        )
        request = Request("POST", pairs, authorization=authorization, proof=proof)
        try:
            reply: Reply = provider.create_token_response(request)
        except ValueError:
            # Authlib puts parameters into its messages, and refuses messages with characters not allowed there.
            return Reply(
                400, {"error": "invalid_request", "error_description": "A parameter is not usable."}, ()
            )
        return reply

    async def _names_us(self, webid: WebId) -> bool:
        """Say whether the profile of a WebID elsewhere names this issuer, as of ten minutes ago (Solid-OIDC, 5).

        Whoever takes the tokens looks too. But here nobody asks the profile whether its own issuer is in it.
        """
        trusted = self._issuers.trusted_by(webid)
        if trusted is None:
            await self._issuers.fetch_trusted(webid)
            trusted = self._issuers.trusted_by(webid)
        return trusted is not None and self._addresses.issuer in trusted

    async def revoke(self, request: HttpRequest) -> Response:
        """End a refresh token and all that came of the same log-in (RFC 7009); who has the token may end it.

        Access tokens cannot be taken back, they die in minutes; a client that ends one is answered alike.
        """
        try:
            token = dict(await _form(request)).get("token", "")
        except BadRequest as error:
            return _error("invalid_request", str(error))
        if not token:
            return _error("invalid_request", "token: the token that is to end is missing")

        def end(tx: Transaction) -> None:
            found = codes_sql.refresh_token(tx, digest(token))
            if found is not None:
                codes_sql.end_family(tx, found.family)

        await self._host.commits.submit(end)
        return Response(status_code=200, headers=_NO_STORE)

    async def userinfo(self, request: HttpRequest) -> Response:
        """Return who the access token speaks for (OpenID Connect Core section 5.3): the WebID and nothing else."""
        agent = await self._host.verifier.agent_async(
            request.method, self._addresses.userinfo, request.headers.raw
        )
        if agent.webid is None or agent.issuer != self._addresses.issuer:
            raise Unauthenticated("The access token of this provider is missing.")
        return _json({"sub": agent.webid, "webid": agent.webid}, headers=_NO_STORE)

    async def register(self, request: HttpRequest) -> Response:
        """Register a client that has no document (RFC 7591); it expires unless it is used."""
        try:
            metadata = orjson.loads(await limited_body(request, MAX_FORM))
            if not isinstance(metadata, dict):
                raise ValueError("the body must be a JSON object")
            # RFC 7591, 2: arrays; the documents of clients, which are JSON-LD, may say one value without.
            if not isinstance(metadata.get("redirect_uris"), list):
                raise ValueError("redirect_uris: a list of addresses is needed")
            method = metadata.setdefault("token_endpoint_auth_method", "client_secret_basic")
            if method not in discovery.AUTH_METHODS:
                raise ValueError(f"token_endpoint_auth_method: one of {', '.join(discovery.AUTH_METHODS)}")
            # OpenID Connect Dynamic Client Registration, 2: "The default, if omitted, is RS256."
            metadata.setdefault("id_token_signed_response_alg", "RS256")
            secret = None if method == "none" else new_secret()
            client_id, sealed = secrets.token_urlsafe(16), None if secret is None else seal(secret)
            client = from_metadata(client_id, metadata, sealed_secret=sealed)
            if "authorization_code" not in client.grant_types:
                raise ValueError(
                    "grant_types: only authorization_code, with or without refresh_token, is of use"
                )
        except (ValueError, TooLarge) as error:
            kind = "invalid_redirect_uri" if "redirect_uris" in str(error) else "invalid_client_metadata"
            return _error(kind, str(error))
        now = self._host.clock()
        subject = f"client registration {address_of(request)}"
        expires = now + REGISTERED_SECONDS
        kept = {name: metadata[name] for name in _REGISTERED if name in metadata}

        def keep(tx: Transaction) -> bool:
            if self._host.accounts.attempts(tx, subject) >= MOST_REGISTRATIONS:
                return False
            self._host.accounts.note_attempt(tx, subject)
            codes_sql.register_client(tx, client_id, orjson.dumps(kept).decode(), sealed, expires, now)
            return True

        if not await self._host.commits.submit(keep):
            return _error("invalid_request", "Too many registrations from your address; wait a while.", 429)
        answer: dict[str, Any] = {
            **kept,
            "client_id": client_id,
            "client_id_issued_at": int(now),
            "grant_types": list(client.grant_types),
            "response_types": ["code"],
        }
        if secret is not None:
            answer |= {"client_secret": secret, "client_secret_expires_at": int(expires)}
        return _json(answer, 201, headers=_NO_STORE)

    async def _documented(self, client_id: str) -> Client | None:
        if not client_id.startswith(("https://", "http://")):
            return None
        return await self._documents.client(client_id)


def _of_form(fields: Schema, answer: Schema | None = None) -> dict[str, Any]:
    return described(answer, body=fields, body_types=(FORM,), oauth=True)


_TOKEN_FIELDS = form(
    ["grant_type"],
    ["code", "redirect_uri", "code_verifier", "refresh_token", "client_id", "client_secret", "scope"],
)
_CLIENT: Schema = {
    "type": "object",
    "required": ["redirect_uris"],
    "properties": {
        "redirect_uris": {"type": "array", "items": TEXT, "minItems": 1},
        "client_name": TEXT,
        "grant_types": {"type": "array", "items": TEXT},
        "token_endpoint_auth_method": TEXT,
        "id_token_signed_response_alg": {"enum": list(ALGORITHMS)},
        "scope": TEXT,
    },
}
_REGISTERED = (
    *("redirect_uris", "client_name", "client_uri", "grant_types", "token_endpoint_auth_method"),
    *("post_logout_redirect_uris", "scope", "application_type", "id_token_signed_response_alg"),
)


async def _form(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the parameters of a form; raise BadRequest if it cannot be read."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise BadRequest(f"The body must be {FORM}.")
    try:
        pairs = parse_qsl(
            (await limited_body(request, MAX_FORM)).decode(), keep_blank_values=True, max_num_fields=50
        )
    except (ValueError, TooLarge) as error:
        raise BadRequest("The form cannot be read.") from error
    names = [name for name, _ in pairs]
    # RFC 6749 section 3.2: parameters must not be included more than once.
    if len(names) != len(set(names)):
        raise BadRequest("A parameter came twice.")
    return pairs


def _json(content: Any, status: int = 200, *, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers=headers, media_type="application/json")


def _error(
    error: str, description: str, status: int = 400, *, headers: dict[str, str] | None = None
) -> Response:
    body = {"error": error, "error_description": description}
    return _json(body, status, headers={**_NO_STORE, **(headers or {})})
