"""Who pushes a claim: Solid-OIDC ID tokens (section 4) of our issuer and of others, bound to the client's key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pods.authn.issuers import Issuers, Unreadable
from pods.identity.keys import BadToken, SigningKeys
from pods.identity.tokens import ID_TOKEN_TYP
from pods.model import WebId
from pods.protocol import jose

CLOCK_SKEW = 30  # seconds that an issuer's clock may be ahead
_FOREIGN_TYPES = frozenset({None, ID_TOKEN_TYP.lower()})


class BadIdentity(ValueError):
    """An ID token that does not say who sends it; the message says why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A client, the agent it acts for, and the key it proves."""

    webid: WebId
    client_id: str
    thumbprint: str


class IdTokens:
    """Reads ID tokens of the host's own issuer, and of the issuers that a WebID's profile names.

    So an organisation with an account elsewhere can be a controller here.
    """

    def __init__(self, keys: SigningKeys, issuer: str, issuers: Issuers) -> None:
        self._keys = keys
        self._issuer = issuer
        self._issuers = issuers
        self._own_webids = issuer.rstrip("/") + "/"

    async def learn(self, unverified_token: str, thumbprint: str) -> None:
        """Fetch what `read` must know of another issuer, for whoever proved the key that the token names.

        Attack 16: a stranger who has not even the token's key makes us fetch nothing; the guard bounds the rest.
        """
        try:
            claims = jose.parse(unverified_token).claims
            identity = _said(claims)
            issuer = str(claims.get("iss"))
        except (jose.BadJose, BadIdentity):
            return
        foreign = issuer != self._issuer and not identity.webid.startswith(self._own_webids)
        if not foreign or identity.thumbprint != thumbprint:
            return
        kid = jose.parse(unverified_token).header.kid or ""
        try:
            keys = self._issuers.keys(issuer)
            if keys is None or (kid not in keys and self._issuers.forget_keys(issuer)):
                await self._issuers.fetch_keys(issuer)
            if self._issuers.trusted_by(identity.webid) is None:
                await self._issuers.fetch_trusted(identity.webid)
        except Unreadable:
            return  # `read` says so in its refusal

    def read(self, unverified_token: str, at: float) -> Identity:
        """Return what the token proves; raise BadIdentity."""
        try:
            unverified = jose.parse(unverified_token)
        except jose.BadJose as error:
            raise BadIdentity(f"ID token: {error}") from error
        issuer = unverified.claims.get("iss")
        if issuer == self._issuer:
            try:
                self._keys.verify(unverified_token, ID_TOKEN_TYP)
            except BadToken as error:
                raise BadIdentity(f"ID token: {error}") from error
        identity = _said(unverified.claims)
        _require_times(unverified.claims, at)
        if issuer != self._issuer:
            self._require_foreign(unverified, str(issuer), identity)
        return identity

    def _require_foreign(self, unverified: jose.Jws, issuer: str, identity: Identity) -> None:
        # Attack 17, mix-up: nobody else may vouch for the people and organisations of this host.
        if identity.webid.startswith(self._own_webids):
            raise BadIdentity(f"ID token: iss must be {self._issuer} for a WebID of this host")
        if unverified.header.typ not in _FOREIGN_TYPES:
            raise BadIdentity("ID token: typ is not that of an ID token")
        try:
            keys, trusted = self._issuers.keys(issuer), self._issuers.trusted_by(identity.webid)
        except Unreadable as error:
            raise BadIdentity(f"ID token: {error}") from error
        key = keys.get(unverified.header.kid or "") if keys is not None else None
        if key is None or not key.verifies(
            unverified.header.alg, unverified.signing_input, unverified.signature
        ):
            raise BadIdentity("ID token: it is not signed by its issuer")
        # Solid-OIDC section 5: the profile decides which issuers may speak for its owner.
        if trusted is None or issuer not in trusted:
            raise BadIdentity("ID token: the WebID's profile does not name the token's issuer")


def _said(unverified_claims: Mapping[str, Any]) -> Identity:
    audience = unverified_claims.get("aud")
    if not isinstance(audience, list) or "solid" not in audience:
        raise BadIdentity("ID token: aud must contain 'solid'")
    confirmation = unverified_claims.get("cnf")
    thumbprint = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    webid, client_id = unverified_claims.get("webid"), unverified_claims.get("azp")
    if not (isinstance(webid, str) and isinstance(client_id, str) and isinstance(thumbprint, str)):
        raise BadIdentity("ID token: webid, azp and cnf.jkt are needed")
    return Identity(WebId(webid), client_id, thumbprint)


def _require_times(claims: Mapping[str, Any], at: float) -> None:
    issued_at, expires_at = claims.get("iat"), claims.get("exp")
    if not isinstance(issued_at, int | float) or issued_at > at + CLOCK_SKEW:
        raise BadIdentity("ID token: iat is missing or lies ahead")
    if not isinstance(expires_at, int | float) or expires_at <= at:
        raise BadIdentity("ID token: it has expired; get a new one")
