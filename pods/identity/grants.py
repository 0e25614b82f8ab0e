"""The three ways to a token: authorization code with PKCE, refresh token, client credentials."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, grants
from authlib.oauth2.rfc7636 import CodeChallenge

from pods.identity import accounts_sql, codes_sql
from pods.identity.accounts_sql import Account
from pods.identity.client_auth import client_by_basic
from pods.identity.clients import Client
from pods.identity.codes_sql import Code, RefreshToken
from pods.identity.oauth import Provider, Request, new_family
from pods.identity.passwords import digest

CODE_SECONDS = 60.0  # OAuth 2.1 section 4.1.2 allows ten minutes; a browser needs seconds
REUSE_GRACE = 10.0  # seconds: two tabs may refresh at once, and an answer may be lost on the way
_WITH_SECRET = ("client_secret_basic", "client_secret_post")


class Pkce(CodeChallenge):  # type: ignore[misc]  # authlib ships no types
    """PKCE with S256 for every client, asked for at the authorization endpoint already (RFC 9700, 2.1.1)."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        parameters = grant.request.payload.data
        # Without a method the RFC means `plain`, which protects nothing that the front channel leaks.
        if not parameters.get("code_challenge") or parameters.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: send code_challenge with code_challenge_method=S256")
        super().validate_code_challenge(grant, redirect_uri)
        for name in ("request", "request_uri", "registration"):
            if name in parameters:
                raise InvalidRequestError(f"{name} is not supported", error=f"{name}_not_supported")
        prompts = parameters.get("prompt", "").split()
        if "none" in prompts and len(prompts) > 1:
            # OpenID Connect Core 3.1.2.1: nobody can be asked and not be asked.
            raise InvalidRequestError("prompt: none stands alone")
        if parameters.get("response_mode", "query") != "query":
            raise InvalidRequestError("response_mode must be query")


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # authlib ships no types
    """A code for the browser to carry; the client changes it into tokens."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none", *_WITH_SECRET)
    server: Provider
    request: Request

    def save_authorization_code(self, code: str, request: Request) -> None:
        parameters = request.payload.data
        session: tuple[Account, float] = request.user
        account, authenticated = session
        row = Code(
            digest(code),
            new_family(),
            account.id,
            request.client.client_id,
            parameters["redirect_uri"],
            request.scope,
            parameters.get("nonce"),
            parameters["code_challenge"],
            parameters.get("dpop_jkt"),
            authenticated,
            self.server.now + CODE_SECONDS,
            account.webid,
        )
        codes_sql.add_code(self.server.tx, row, self.server.now)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = codes_sql.code(self.server.tx, digest(code))
        if found is None or found.client_id != client.client_id or found.expires <= self.server.now:
            return None
        if found.used is not None:
            # RFC 6749 section 4.1.2: a code that comes twice was stolen once; end what came of it.
            codes_sql.end_family(self.server.tx, found.family)
            return None
        # RFC 9449 section 10: the code is worth nothing without the key it was asked for with.
        if found.thumbprint is not None and found.thumbprint != _thumbprint(self.request):
            return None
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes_sql.use_code(self.server.tx, authorization_code.digest, self.server.now)

    def authenticate_user(self, authorization_code: Code) -> Account | None:
        return accounts_sql.acting_as(self.server.tx, authorization_code.account, authorization_code.webid)


class RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]  # authlib ships no types
    """A refresh token for new tokens and its successor."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none", *_WITH_SECRET)
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: Provider
    request: Request

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        found = codes_sql.refresh_token(self.server.tx, digest(refresh_token))
        # RFC 9449 section 5: bound to the key, so that a stolen one is of no use without it.
        if found is None or found.expires <= self.server.now or found.thumbprint != _thumbprint(self.request):
            return None
        if found.used is not None and found.used + REUSE_GRACE < self.server.now:
            # RFC 9700 section 4.14.2: two holders of one token; nobody knows which is the thief.
            codes_sql.end_family(self.server.tx, found.family)
            return None
        return found

    def authenticate_user(self, refresh_token: RefreshToken) -> Account | None:
        return accounts_sql.acting_as(self.server.tx, refresh_token.account, refresh_token.webid)

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        if refresh_token.used is None:
            codes_sql.use_refresh_token(self.server.tx, refresh_token.digest, self.server.now)


class ClientCredentialsGrant(grants.ClientCredentialsGrant):  # type: ignore[misc]  # authlib ships no types
    """A script's id and secret for a token of the account that it acts for."""

    TOKEN_ENDPOINT_AUTH_METHODS = _WITH_SECRET
    server: Provider
    request: Request

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        client: Client = self.request.client
        account = accounts_sql.acting_as(self.server.tx, client.account or 0, client.webid)
        if account is None:
            raise InvalidGrantError("The account of these credentials is gone.")
        accounts_sql.mark_used(self.server.tx, client.client_id, self.server.now)
        # No scope is needed: the credentials stand for the whole account.
        token = self.generate_token(
            user=account, scope=self.request.payload.scope or "webid", include_refresh_token=False
        )
        self.save_token(token)
        return 200, token, self.TOKEN_RESPONSE_HEADER


def register_grants(provider: Provider) -> Provider:
    """Give the provider its three grants."""
    provider.register_client_auth_method("client_secret_basic", client_by_basic)
    provider.register_grant(AuthorizationCodeGrant, [Pkce(required=True)])
    provider.register_grant(RefreshTokenGrant)
    provider.register_grant(ClientCredentialsGrant)
    return provider


def _thumbprint(request: Request) -> str | None:
    return request.proof.thumbprint if request.proof else None
