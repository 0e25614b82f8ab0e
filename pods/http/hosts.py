"""Host names that this host answers to; a request for another one was sent astray, or tries to confuse (RFC 9110, 7.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from pods.errors import BadRequest, Misdirected
from pods.settings import BadSetting

EVERY = "*"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)


class Hosts:
    """The Host fields that are taken: names with a port where it is not the scheme's own.

    Without a list it is the name in the host's own address. This machine's names for itself are always taken: a
    proxy or a probe beside the host uses them, and no name that a stranger registered is one of them (rebinding).
    """

    def __init__(self, pod_url: str, names: Sequence[str] = ()) -> None:
        own = urlsplit(pod_url)
        port = own.port or _DEFAULT_PORTS.get(own.scheme, 0)
        listed = names or (own.netloc.rpartition("@")[2],)
        for name in listed:
            if not name.isascii() or "/" in name:
                raise BadSetting(
                    f"hosts: {name!r} is not a host name such as pods.example or pods.example:8443"
                )
        self._every = EVERY in listed
        self._taken = frozenset(
            spelling.encode()
            for name in listed
            for spelling in _spellings(name.lower(), port, _DEFAULT_PORTS.get(own.scheme))
        )

    def require(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Raise Misdirected unless the request names this host, and BadRequest unless it names one (RFC 9112, 3.2)."""
        found: bytes | None = None
        for name, value in headers:
            if name == b"host":
                if found is not None:
                    raise BadRequest("The request has more than one Host field.")
                found = value
        if found is None:
            raise BadRequest("The Host field is missing.")
        if found in self._taken or self._every:
            return
        if not (found.lower() in self._taken or _LOOPBACK.fullmatch(found)):
            raise Misdirected("This host does not answer under the name that the request gives.")


def _spellings(name: str, port: int, default: int | None) -> tuple[str, ...]:
    bare, colon, given = name.rpartition(":")
    if not colon or given.endswith("]") or not given.isdigit():
        bare, number = name, port
    else:
        number = int(given)
    return (f"{bare}:{number}", bare) if number == default else (f"{bare}:{number}",)
