"""A Solid client: tokens from an issuer, requests with DPoP, graphs and documents by URL."""

from pods.client.sending import SolidError, refusal, send_with_proof
from pods.client.solid import SolidClient
from pods.client.tokens import ClientCredentials, IssuedTokens, RefreshedTokens, Tokens

__all__ = [
    "ClientCredentials",
    "IssuedTokens",
    "RefreshedTokens",
    "SolidClient",
    "SolidError",
    "Tokens",
    "refusal",
    "send_with_proof",
]
