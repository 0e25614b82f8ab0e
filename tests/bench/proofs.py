"""DPoP proofs (RFC 9449) made by the thousand before a measurement, so that signing is not measured."""

import base64
import hashlib
import json
import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

ES256 = ec.ECDSA(SHA256())
COORDINATE_BYTES = 32


def encoded(content: bytes) -> str:
    """Return base64url without padding, as JOSE wants it (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class ProofKey:
    """An ES256 key and the proofs it signs."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        point = private.public_key().public_numbers()
        jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": encoded(point.x.to_bytes(COORDINATE_BYTES, "big")),
            "y": encoded(point.y.to_bytes(COORDINATE_BYTES, "big")),
        }
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
        self._header = encoded(json.dumps(header, separators=(",", ":")).encode())

    @classmethod
    def new(cls) -> "ProofKey":
        """Return a key nobody used before."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: str) -> "ProofKey":
        """Return the key that another process wrote with pem()."""
        private = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ValueError("a proof key is an elliptic curve key")
        return cls(private)

    def pem(self) -> str:
        """Return the private key for the load generator's process."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def proof(self, method: str, url: str, at: int, token: str | None = None) -> str:
        """Return a proof for one request; with a token it carries the token's hash (RFC 9449 §4.2)."""
        claims: dict[str, str | int] = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": url,
            "iat": at,
        }
        if token is not None:
            claims["ath"] = encoded(hashlib.sha256(token.encode()).digest())
        payload = encoded(json.dumps(claims, separators=(",", ":")).encode())
        signed = f"{self._header}.{payload}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ES256))
        signature = r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
        return f"{signed}.{encoded(signature)}"
