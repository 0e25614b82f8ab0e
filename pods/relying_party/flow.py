"""Solid-OIDC as a client: authorization code with PKCE (RFC 7636), DPoP (RFC 9449) and the issuer check (RFC 9207)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from pods.authn.issuers import Issuers, Unreadable
from pods.model import Clock, WebId
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from pods.relying_party.session import Session, SessionEnded

SCOPE = "openid webid offline_access"
LOGIN_SECONDS = 600.0  # a person may take this long on the provider's pages
CLOCK_SKEW = 30.0
_CONTEXT = "https://www.w3.org/ns/solid/oidc-context.jsonld"


class LoginFailed(Exception):
    """A login that did not work out. `reason` is a short code, the message says what happened.

    Reasons: unreachable, not-a-provider, denied, expired, mismatch, untrusted.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Provider:
    """What the discovery document says that we need."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None
    states_issuer: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """A login under way, kept by the server for the browser that began it."""

    provider: Provider
    state: str
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    dpop_jwk: dict[str, Any] = field(repr=False)
    return_to: str
    started_at: float


def client_document(
    client_id: str, name: str, *, home: str, redirect_uri: str, logo: str | None = None
) -> dict[str, Any]:
    """Return the client identifier document (Solid-OIDC section 5.1) to be served at `client_id`."""
    document: dict[str, Any] = {
        "@context": [_CONTEXT],
        "client_id": client_id,
        "client_name": name,
        "client_uri": home,
        "redirect_uris": [redirect_uri],
        "post_logout_redirect_uris": [home],
        "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "web",
        "dpop_bound_access_tokens": True,
    }
    return document | ({"logo_uri": logo} if logo else {})


class RelyingParty:
    """One client of any Solid-OIDC provider. `http` is a guarded client: people name the provider themselves."""

    def __init__(self, http: httpx.AsyncClient, *, client_id: str, redirect_uri: str, clock: Clock) -> None:
        self._http = http
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._issuers = Issuers(http, clock=clock)

    async def begin(self, provider_url: str, return_to: str) -> tuple[str, Pending]:
        """Return the address to send the browser to, and what to remember; raise LoginFailed."""
        provider = await self._discover(provider_url)
        key, verifier = DpopKey.generate(), secrets.token_urlsafe(48)
        pending = Pending(
            provider=provider,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            code_verifier=verifier,
            dpop_jwk=key.private_jwk(),
            return_to=return_to,
            started_at=self._clock(),
        )
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": SCOPE,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
            # RFC 9449 section 10: a code that leaks is of no use without our key.
            "dpop_jkt": key.thumbprint(),
            # OpenID Connect Core section 11: offline_access is granted only where the person was asked.
            "prompt": "consent",
        }
        separator = "&" if urlsplit(provider.authorization_endpoint).query else "?"
        return f"{provider.authorization_endpoint}{separator}{urlencode(query)}", pending

    async def complete(self, pending: Pending, answer: Mapping[str, str]) -> Session:
        """Return the session for the query that the provider sent the browser back with; raise LoginFailed."""
        if self._clock() > pending.started_at + LOGIN_SECONDS:
            raise LoginFailed("expired", "the login took too long")
        # The state ties the answer to this browser: without it a stranger could log you in as somebody else.
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise LoginFailed("mismatch", "the answer does not belong to this login")
        # RFC 9207 section 2.4: a mix-up attack sends the code of one provider to the token endpoint of another.
        stated = answer.get("iss")
        if stated != pending.provider.issuer and (stated is not None or pending.provider.states_issuer):
            raise LoginFailed("mismatch", "the answer came from another provider")
        if "error" in answer:
            raise LoginFailed("denied", answer.get("error_description") or answer["error"])
        tokens = await self._token_request(
            pending.provider.token_endpoint,
            DpopKey.from_jwk(pending.dpop_jwk),
            {
                "grant_type": "authorization_code",
                "code": answer.get("code", ""),
                "redirect_uri": self._redirect_uri,
                "client_id": self._client_id,
                "code_verifier": pending.code_verifier,
            },
        )
        webid = await self._person(tokens, pending)
        return Session(
            webid=webid,
            issuer=pending.provider.issuer,
            token_endpoint=pending.provider.token_endpoint,
            dpop_jwk=pending.dpop_jwk,
            access_token=tokens["access_token"],
            expires_at=self._clock() + float(tokens.get("expires_in", 300)),
            refresh_token=tokens.get("refresh_token"),
            id_token=tokens["id_token"],
            end_session_endpoint=pending.provider.end_session_endpoint,
            started_at=self._clock(),
        )

    async def refresh(self, session: Session) -> Session:
        """Return the session with new tokens; raise SessionEnded if the provider gives none."""
        if session.refresh_token is None:
            raise SessionEnded("the provider gave no refresh token")
        form = {
            "grant_type": "refresh_token",
            "refresh_token": session.refresh_token,
            "client_id": self._client_id,
        }
        try:
            tokens = await self._token_request(
                session.token_endpoint, DpopKey.from_jwk(session.dpop_jwk), form
            )
        except LoginFailed as error:
            raise SessionEnded(str(error)) from error
        return replace(
            session,
            access_token=tokens["access_token"],
            expires_at=self._clock() + float(tokens.get("expires_in", 300)),
            refresh_token=tokens.get("refresh_token", session.refresh_token),
        )

    def logout_address(self, session: Session, back_to: str) -> str | None:
        """Return where to send the browser to log out at the provider too, if it has such a place."""
        if session.end_session_endpoint is None:
            return None
        query = {
            "id_token_hint": session.id_token,
            "client_id": self._client_id,
            "post_logout_redirect_uri": back_to,
        }
        return f"{session.end_session_endpoint}?{urlencode(query)}"

    async def _discover(self, provider_url: str) -> Provider:
        location = provider_url.rstrip("/") + "/.well-known/openid-configuration"
        try:
            answer = await self._http.get(location, headers={"accept": "application/json"})
            answer.raise_for_status()
            document = answer.json()
            issuer = str(document["issuer"])
            # Discovery section 4.3, except for the slash at the end that nobody types.
            if issuer.rstrip("/") != provider_url.rstrip("/"):
                raise LoginFailed("not-a-provider", f"{provider_url} speaks for another provider, {issuer}")
            if "S256" not in document.get("code_challenge_methods_supported", ["S256"]):
                raise LoginFailed("not-a-provider", f"{provider_url} does not support PKCE with S256")
            return Provider(
                issuer=issuer,
                authorization_endpoint=_web_address(document["authorization_endpoint"]),
                token_endpoint=_web_address(document["token_endpoint"]),
                end_session_endpoint=document.get("end_session_endpoint"),
                states_issuer=document.get("authorization_response_iss_parameter_supported") is True,
            )
        except (httpx.HTTPStatusError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LoginFailed("not-a-provider", f"{provider_url} is no Solid-OIDC provider") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LoginFailed("unreachable", f"{provider_url} cannot be reached: {error}") from error

    async def _token_request(self, endpoint: str, key: DpopKey, form: Mapping[str, str]) -> dict[str, Any]:
        nonce: str | None = None
        try:
            for _attempt in range(2):
                proof = key.proof("POST", endpoint, at=self._clock(), nonce=nonce)
                headers = {"DPoP": proof, "accept": "application/json"}
                answer = await self._http.post(endpoint, data=dict(form), headers=headers)
                tokens = answer.json()
                # RFC 9449 section 8: the provider may ask for a proof with its nonce, once.
                if answer.status_code != 400 or tokens.get("error") != "use_dpop_nonce" or nonce is not None:
                    break
                nonce = answer.headers.get("dpop-nonce")
            if answer.status_code != 200:
                text = (
                    tokens.get("error_description") or tokens.get("error") or f"status {answer.status_code}"
                )
                raise LoginFailed("denied", f"the provider gave no token: {text}")
            if str(tokens["token_type"]).lower() != "dpop" or not isinstance(tokens["access_token"], str):
                raise LoginFailed("mismatch", "the provider gave a token that is not bound to our key")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LoginFailed("not-a-provider", "the provider's answer cannot be understood") from error
        except httpx.HTTPError as error:
            raise LoginFailed("unreachable", f"the provider cannot be reached: {error}") from error
        return dict(tokens)

    async def _person(self, tokens: Mapping[str, Any], pending: Pending) -> WebId:
        """Return whose ID token it is, after every check of OpenID Connect Core 3.1.3.7 and Solid-OIDC."""
        issuer = pending.provider.issuer
        try:
            jws = jose.parse(str(tokens.get("id_token", "")))
            await self._issuers.fetch_keys(issuer)
            key = (self._issuers.keys(issuer) or {}).get(jws.header.kid or "")
        except (jose.BadJose, Unreadable) as error:
            raise LoginFailed("mismatch", f"the ID token cannot be checked: {error}") from error
        if key is None or not key.verifies(jws.header.alg, jws.signing_input, jws.signature):
            raise LoginFailed("mismatch", "the ID token is not signed by the provider")
        claims = jws.claims
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires = claims.get("exp")
        checks = {
            "iss": claims.get("iss") == issuer,
            "aud": self._client_id in audiences,
            "azp": claims.get("azp", self._client_id) == self._client_id,
            "nonce": hmac.compare_digest(str(claims.get("nonce", "")).encode(), pending.nonce.encode()),
            "exp": isinstance(expires, int | float) and expires > self._clock() - CLOCK_SKEW,
        }
        failed = [name for name, holds in checks.items() if not holds]
        if failed:
            raise LoginFailed("mismatch", f"the ID token does not fit this login: {', '.join(failed)}")
        return await self._trusting(str(claims.get("webid") or claims.get("sub") or ""), issuer)

    async def _trusting(self, webid: str, issuer: str) -> WebId:
        """Return the WebID if its own profile names the issuer: any provider can claim to speak for anybody."""
        if urlsplit(webid).scheme not in ("https", "http"):
            raise LoginFailed("mismatch", "the provider named no WebID")
        try:
            await self._issuers.fetch_trusted(webid)
            issuers = self._issuers.trusted_by(webid) or frozenset()
        except Unreadable as error:
            raise LoginFailed("untrusted", str(error)) from error
        if issuer not in issuers:
            raise LoginFailed("untrusted", f"the profile of {webid} does not name {issuer} as its provider")
        return WebId(webid)


def _web_address(value: Any) -> str:
    if not isinstance(value, str) or urlsplit(value).scheme not in ("https", "http"):
        raise ValueError("an endpoint must be a web address")
    return value
