"""HTTP Message Signatures (RFC 9421) of requests with a body: make and check."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

ALGORITHM = "ecdsa-p256-sha256"  # RFC 9421, 3.3.4: what JOSE calls ES256
_COVERED = ("@method", "@target-uri", "content-type", "content-digest", "link")
_LABEL = "sig1"
_INPUT = re.compile(rf"{_LABEL}=(\([^)]*\).*)\Z")
_SIGNATURE = re.compile(rf"{_LABEL}=:([A-Za-z0-9+/=]+):\Z")


class BadSignature(ValueError):
    """The fields do not hold a signature of the kind that this module makes."""


def content_digest(content: bytes) -> str:
    """Return the Content-Digest field of a body (RFC 9530, 2)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def parameters(key: str, at: float) -> str:
    """Return what is covered by a signature made at `at` with a key, as Signature-Input states it."""
    covered = " ".join(f'"{name}"' for name in _COVERED)
    return f'({covered});created={int(at)};keyid="{key}";alg="{ALGORITHM}"'


def base(method: str, url: str, fields: Mapping[str, str], stated: str) -> bytes:
    """Return the bytes that are signed (RFC 9421, 2.5); `fields` have lower-case names."""
    components = {"@method": method, "@target-uri": url, **fields}
    lines = [f'"{name}": {components[name]}' for name in _COVERED]
    return "\n".join((*lines, f'"@signature-params": {stated}')).encode()


def fields(stated: str, signature: bytes) -> dict[str, str]:
    """Return the two fields that carry a signature."""
    encoded = base64.b64encode(signature).decode()
    return {"signature-input": f"{_LABEL}={stated}", "signature": f"{_LABEL}=:{encoded}:"}


def taken_apart(
    method: str, url: str, received: Mapping[str, str], content: bytes
) -> tuple[bytes, bytes, str]:
    """Return what was signed, the signature and the key's name; raise BadSignature.

    For receivers: whether the key belongs to whom they trust, and whether the signature is its, is theirs to check.
    """
    stated = _INPUT.match(received.get("signature-input", ""))
    signature = _SIGNATURE.match(received.get("signature", ""))
    if stated is None or signature is None:
        raise BadSignature("there is no signature of this kind")
    if received.get("content-digest") != content_digest(content):
        raise BadSignature("the body is not what the signature covers")
    covered = re.findall(r'"([^"]+)"', stated[1].partition(")")[0])
    key = re.search(r';keyid="([^"]+)"', stated[1])
    if covered != list(_COVERED) or key is None:
        raise BadSignature("the signature covers something else")
    try:
        signed = base(method, url, received, stated[1])
    except KeyError as error:
        raise BadSignature(f"the field {error} is missing") from error
    return signed, base64.b64decode(signature[1]), key[1]
