"""The authorization server: Authlib's checks, our rows, keys and DPoP, all in the caller's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Payload, OAuth2Request

from pods.identity import accounts_sql, codes_sql, linked_sql, tokens
from pods.identity.accounts_sql import Account
from pods.identity.clients import Client, from_metadata
from pods.identity.codes_sql import Code, RefreshToken
from pods.identity.keys import SigningKeys
from pods.identity.passwords import digest, new_secret
from pods.model import WebId
from pods.protocol.dpop import Proof
from pods.storage.base import Transaction

REFRESH_SECONDS = 30 * 86400.0  # a month without use, then the person logs in again
REGISTERED_SECONDS = 7 * 86400.0  # an unused registration goes away; one in use is prolonged


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the authorization server before it becomes HTTP."""

    status: int
    body: Mapping[str, Any] | str
    headers: Sequence[tuple[str, str]]

    @property
    def location(self) -> str | None:
        """Where the browser is sent, if anywhere."""
        return next((value for name, value in self.headers if name.lower() == "location"), None)


class Parameters(OAuth2Payload):  # type: ignore[misc]  # authlib ships no types
    """The parameters of a request, each with all its values."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._lists: dict[str, list[str]] = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)
        self._data = {name: values[0] for name, values in self._lists.items()}

    @property
    def data(self) -> dict[str, str]:
        return self._data

    @property
    def datalist(self) -> dict[str, list[str]]:
        return self._lists


class Request(OAuth2Request):  # type: ignore[misc]  # authlib ships no types
    """A request to the authorization server, with the proof that came with it."""

    def __init__(
        self,
        method: str,
        pairs: Sequence[tuple[str, str]],
        *,
        authorization: str | None = None,
        proof: Proof | None = None,
    ) -> None:
        # Authlib wants to see https and takes its exception for loopback from the environment. Which origin
        # the host has is a setting of ours, so it sees a constant instead.
        headers = {} if authorization is None else {"Authorization": authorization}
        super().__init__(method, "https://authorization.invalid/", headers=headers)
        self.payload = Parameters(pairs)
        self.proof = proof

    @property
    def form(self) -> dict[str, str]:
        form: dict[str, str] = self.payload.data
        return form


class Unvouched(Exception):
    """A token is wanted for a WebID elsewhere, and nobody has looked of late whether its profile names this issuer."""

    def __init__(self, webid: WebId) -> None:
        super().__init__(webid)
        self.webid = webid


class Provider(AuthorizationServer):  # type: ignore[misc]  # authlib ships no types
    """One request's authorization server. `documented` is the client of the request, if a document names it.

    `vouched` is a WebID on another server whose profile names this issuer; of no other there are tokens for one.
    """

    def __init__(
        self,
        tx: Transaction,
        keys: SigningKeys,
        *,
        issuer: str,
        now: float,
        documented: Client | None = None,
        vouched: WebId | None = None,
    ) -> None:
        super().__init__(scopes_supported=None)
        self.tx = tx
        self.now = now
        self._keys = keys
        self._issuer = issuer
        self._documented = documented
        self._vouched = vouched
        self._granted: Request | None = None

    def query_client(self, client_id: str) -> Client | None:
        if self._documented is not None and self._documented.client_id == client_id:
            return self._documented
        if credential := accounts_sql.credential(self.tx, client_id):
            return Client(
                client_id,
                "client_secret_basic",
                grant_types=("client_credentials",),
                sealed_secret=credential.sealed_secret,
                account=credential.account,
                webid=credential.webid,
            )
        if registered := codes_sql.registered_client(self.tx, client_id, self.now):
            metadata, sealed = registered
            return from_metadata(client_id, orjson.loads(metadata), sealed_secret=sealed)
        return None

    def create_oauth2_request(self, request: Request) -> Request:
        self._granted = request
        return request

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Authlib's framework hooks have no listener here."""

    def handle_response(self, status: int, body: Any, headers: Any) -> Reply:
        fields = [
            # RFC 9207 section 2: every authorization response, errors too, says who sends it.
            (name, add_params_to_uri(value, {"iss": self._issuer}) if name == "Location" else value)
            for name, value in headers
        ]
        return Reply(status, dict(body) if not isinstance(body, str) else body, fields)

    def generate_token(
        self,
        grant_type: str,
        client: Client,
        user: Account | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        request = self._granted
        if request is None or request.proof is None or user is None:
            raise RuntimeError("a token is made for a user and a key")
        if user.webid != self._vouched and linked_sql.is_linked(self.tx, user.webid):
            raise Unvouched(user.webid)
        thumbprint = request.proof.thumbprint
        source: Code | RefreshToken | None = request.authorization_code or request.refresh_token
        granted = client.get_allowed_scope(scope)
        claims = tokens.access_token_claims(
            self._issuer, user.webid, client.client_id, thumbprint, granted, self.now
        )
        token: dict[str, Any] = {
            "access_token": self._keys.sign(claims, tokens.ACCESS_TOKEN_TYP),
            "token_type": "DPoP",
            "expires_in": tokens.ACCESS_TOKEN_SECONDS,
            "scope": granted,
        }
        if "openid" in granted.split():
            id_claims = tokens.id_token_claims(
                self._issuer,
                user.webid,
                client.client_id,
                thumbprint,
                self.now,
                authenticated=source.authenticated if source else None,
                nonce=source.nonce if isinstance(source, Code) else None,
            )
            token["id_token"] = self._keys.sign(id_claims, tokens.ID_TOKEN_TYP, client.id_token_alg)
        # RFC 6749, 6: fewer scopes are those of this access token; "the refresh token scope MUST be identical to that
        # of the refresh token included", or a client that asked for less once would be logged out.
        kept = source.scope if isinstance(source, RefreshToken) else granted
        if include_refresh_token and source is not None and "offline_access" in kept.split():
            token["refresh_token"] = self._new_refresh_token(source, client, kept, thumbprint)
        return token

    def save_token(self, token: dict[str, Any], request: Request) -> None:
        """Access tokens are signed, not stored; what was stored of a refresh token was stored when made."""
        client: Client = request.client
        if not client.has_document and client.account is None:
            codes_sql.prolong_client(self.tx, client.client_id, self.now + REGISTERED_SECONDS)

    def _new_refresh_token(
        self, source: Code | RefreshToken, client: Client, scope: str, thumbprint: str
    ) -> str:
        secret = new_secret()
        row = RefreshToken(
            digest(secret),
            source.family,
            source.account,
            client.client_id,
            scope,
            thumbprint,
            source.authenticated,
            self.now + REFRESH_SECONDS,
            source.webid,
        )
        codes_sql.add_refresh_token(self.tx, row, self.now)
        return secret


def new_family() -> str:
    """Return the name of a new line of refresh tokens."""
    return secrets.token_urlsafe(12)
