"""Cross-origin access (Solid Protocol, 7): any origin may ask, since nothing here is granted by a cookie."""

from __future__ import annotations

from collections.abc import Mapping

METHODS = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"
EXPOSED = (
    "Accept-Encoding, Accept-Patch, Accept-Post, Accept-Put, Accept-Ranges, Allow, Content-Disposition, Content-Length, "
    "Content-Location, Content-Range, Content-Type, Date, DPoP-Nonce, ETag, Last-Modified, Link, Location, "
    "Preference-Applied, Retry-After, Updates-Via, Vary, WAC-Allow, WWW-Authenticate"
)
"""Solid Protocol, 7: all that answers hold, by name."""
MAX_AGE = "7200"  # seconds that a browser may remember a preflight; browsers cap it here
_VARY = (b"vary", b"Accept, Authorization, Origin")
_EXPOSE = (b"access-control-expose-headers", EXPOSED.encode())


def fields(request: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return the fields that every answer carries, of whatever status."""
    origin = request.get(b"origin")
    if origin is None:
        return [_VARY]
    # The origin is echoed, never "*", and credentials are never allowed.
    return [_VARY, (b"access-control-allow-origin", origin), _EXPOSE]


def preflight(request: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return the further fields of an answer to OPTIONS; none unless it is a preflight."""
    if b"access-control-request-method" not in request:
        return []
    found = [
        (b"access-control-allow-methods", METHODS.encode()),
        (b"access-control-max-age", MAX_AGE.encode()),
    ]
    asked = request.get(b"access-control-request-headers")
    # The list is echoed: which headers mean something is for the resource to say, not for the preflight.
    if asked is not None:
        found.append((b"access-control-allow-headers", asked))
    return found
