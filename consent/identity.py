"""Who pushes a claim: Solid-OIDC ID tokens (section 4), bound to the client's key."""

from __future__ import annotations

from dataclasses import dataclass

from pods.identity.keys import BadToken, SigningKeys
from pods.identity.tokens import ID_TOKEN_TYP
from pods.model import WebId

CLOCK_SKEW = 30  # seconds that an issuer's clock may be ahead


class BadIdentity(ValueError):
    """An ID token that does not say who sends it; the message says why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A client, the agent it acts for, and the key it proves."""

    webid: WebId
    client_id: str
    thumbprint: str


class IdTokens:
    """Reads ID tokens of the host's own issuer. Organisations that ask for data have an account there."""

    def __init__(self, keys: SigningKeys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    def read(self, unverified_token: str, at: float) -> Identity:
        """Return what the token proves; raise BadIdentity."""
        try:
            claims = self._keys.verify(unverified_token, ID_TOKEN_TYP)
        except BadToken as error:
            raise BadIdentity(f"ID token: {error}") from error
        # Attack 17, mix-up: nobody else may vouch for the people and organisations of this host.
        if claims.get("iss") != self._issuer:
            raise BadIdentity(f"ID token: iss must be {self._issuer}")
        audience = claims.get("aud")
        if not isinstance(audience, list) or "solid" not in audience:
            raise BadIdentity("ID token: aud must contain 'solid'")
        issued_at = claims.get("iat")
        if not isinstance(issued_at, int) or issued_at > at + CLOCK_SKEW:
            raise BadIdentity("ID token: iat is missing or lies ahead")
        confirmation = claims.get("cnf")
        thumbprint = confirmation.get("jkt") if isinstance(confirmation, dict) else None
        webid, client_id = claims.get("webid"), claims.get("azp")
        if not (isinstance(webid, str) and isinstance(client_id, str) and isinstance(thumbprint, str)):
            raise BadIdentity("ID token: webid, azp and cnf.jkt are needed")
        return Identity(WebId(webid), client_id, thumbprint)
