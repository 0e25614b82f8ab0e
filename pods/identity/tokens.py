"""The claims of access tokens (RFC 9068) and ID tokens (OpenID Connect Core, Solid-OIDC section 4)."""

from __future__ import annotations

import secrets
from typing import Any

from pods.model import WebId

ACCESS_TOKEN_SECONDS = 600  # short, since a token cannot be taken back; refreshing is cheap
ID_TOKEN_SECONDS = 600
ACCESS_TOKEN_TYP = "at+jwt"
ID_TOKEN_TYP = "JWT"


def access_token_claims(
    issuer: str, webid: WebId, client_id: str, thumbprint: str, scope: str, at: float
) -> dict[str, Any]:
    """Return the claims of an access token for Solid resource servers, bound to the client's key."""
    return {
        "iss": issuer,
        "sub": webid,
        "webid": webid,
        "aud": ["solid"],
        "client_id": client_id,
        "scope": scope,
        "cnf": {"jkt": thumbprint},
        "iat": int(at),
        "exp": int(at) + ACCESS_TOKEN_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }


def id_token_claims(
    issuer: str,
    webid: WebId,
    client_id: str,
    thumbprint: str,
    at: float,
    *,
    authenticated: float | None = None,
    nonce: str | None = None,
) -> dict[str, Any]:
    """Return the claims of an ID token; its audience `solid` lets authorization servers take it."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": webid,
        "webid": webid,
        "aud": [client_id, "solid"],
        "azp": client_id,
        "cnf": {"jkt": thumbprint},
        "iat": int(at),
        "exp": int(at) + ID_TOKEN_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    if authenticated is not None:
        claims["auth_time"] = int(authenticated)
    if nonce is not None:
        claims["nonce"] = nonce
    return claims
