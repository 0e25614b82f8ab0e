"""What is said at the token endpoint: the push of a claim, and the answers of UMA 2.0 (grant, 3.3.1 to 3.3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.client.uma import ID_TOKEN_FORMAT
from consent.purpose_claim import CLAIM_FORMAT
from pods.model import WebId
from pods.protocol.dpop import Proof


@dataclass(frozen=True, slots=True)
class Push:
    """A request to the token endpoint, with its proof checked, also against replay. Who polls pushes no claim."""

    grant_type: str
    ticket: str
    claim_token: str | None
    claim_token_format: str | None
    proof: Proof
    scopes: tuple[str, ...] = ()
    """What the client asks for besides, which can only be what the ticket is for."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody came for a resource with a purpose that nobody granted: its owner may have to be asked."""

    path: str
    controller: WebId
    purpose: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the token endpoint answers."""

    status: int
    body: dict[str, Any]
    asking: Asking | None = None
    """What is left to do when the answer is on its way."""


def error(code: str, description: str) -> dict[str, Any]:
    """Return an error as OAuth 2.0 and UMA spell it."""
    return {"error": code, "error_description": description}


_WANTED: Mapping[str, Mapping[str, str]] = {
    ID_TOKEN_FORMAT: {
        "name": "webid",
        "claim_type": "http://www.w3.org/ns/solid/terms#webid",
        "friendly_name": "Solid-OIDC ID token",
    },
    CLAIM_FORMAT: {
        "name": "purpose",
        "claim_type": "https://w3id.org/dpv#hasPurpose",
        "friendly_name": "Signed purpose claim",
    },
}


def need_info(ticket: str, claim_format: str, issuer: str) -> dict[str, Any]:
    """Return the answer that asks for one claim, in the full form of `required_claims` (UMA grant, 3.3.6).

    `issuer` is named for identities: others are taken too, but only this one is for certain.
    """
    claim: dict[str, Any] = {**_WANTED[claim_format], "claim_token_format": [claim_format]}
    if claim_format == ID_TOKEN_FORMAT:  # the service itself signs the other one
        claim["issuer"] = [issuer]
    return {
        **error("need_info", "push the claim that is missing"),
        "ticket": ticket,
        "required_claims": [claim],
    }
