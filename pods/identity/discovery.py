"""What clients learn of the provider: OpenID Connect Discovery 1.0, RFC 8414, and its public keys."""

from __future__ import annotations

from typing import Any

from pods.identity.clients import SCOPES
from pods.identity.host import Addresses
from pods.identity.key_file import ALGORITHMS
from pods.protocol import jose

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")


def configuration(addresses: Addresses) -> dict[str, Any]:
    """Return the discovery document."""
    return {
        "issuer": addresses.issuer,
        "authorization_endpoint": addresses.authorize,
        "token_endpoint": addresses.token,
        "jwks_uri": addresses.jwks,
        "registration_endpoint": addresses.register,
        "end_session_endpoint": addresses.logout,
        "revocation_endpoint": addresses.revoke,
        "userinfo_endpoint": addresses.userinfo,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": ["public"],
        # OpenID Connect Discovery section 3: "The algorithm RS256 MUST be included."
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": list(jose.ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": ["iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "webid", "cnf"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["it", "en"],
        # Solid-OIDC section 7: says that the provider is one for Solid.
        "solid_oidc_supported": "https://solidproject.org/TR/solid-oidc",
    }
