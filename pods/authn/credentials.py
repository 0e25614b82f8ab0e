"""The access token and the proof among the header fields of a request, as they came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pods.authn.challenge import refusal

Headers = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[bytes, bytes]]
"""Header fields with lower-case names: a mapping, or the raw pairs of an ASGI scope."""


def credentials(headers: Headers) -> tuple[str | None, str | None]:
    """Return the fields Authorization and DPoP; raise Unauthenticated where one came twice."""
    if type(headers) is dict and b"authorization" in headers and b"dpop" in headers:
        # The data plane's mapping, whose fields were joined where one came twice: no token and no proof then.
        return headers[b"authorization"].decode("latin-1"), headers[b"dpop"].decode("latin-1")
    pairs: Iterable[tuple[Any, Any]] = headers.items() if isinstance(headers, Mapping) else headers
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in (b"authorization", b"dpop", "authorization", "dpop"):
            key = name if isinstance(name, str) else name.decode("ascii")
            # RFC 9449 section 4.3, check 1: not more than one. Two tokens are an attempt to confuse.
            if key in found:
                raise refusal("invalid_request", f"the {key} header came twice")
            found[key] = value if isinstance(value, str) else value.decode("latin-1")
    return found.get("authorization"), found.get("dpop")
