"""Preferences (RFC 7240) about a container: which of its triples are wanted, and how many members at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_PREFER = 4096  # characters
_LDP = "http://www.w3.org/ns/ldp#"
_MINIMAL = frozenset({_LDP + "PreferMinimalContainer", _LDP + "PreferEmptyContainer"})
_CONTAINMENT = _LDP + "PreferContainment"
_TOKEN = re.compile(
    r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?\s*([;,]|\Z)'
)


@dataclass(frozen=True, slots=True)
class Preference:
    """What a client would rather have of a container."""

    minimal: bool = False
    """Without containment triples, and without what is said about members (LDP 1.0, 7.2)."""
    most: int | None = None
    """Members in one answer (LDP Paging 1.0, max-member-count); None for all of them."""


NONE = Preference()


@lru_cache(maxsize=1024)
def read(field: str) -> Preference:
    """Return what a Prefer field asks for; what we do not know is ignored (RFC 7240, 2)."""
    for name, value, parameters in _preferences(field[:MAX_PREFER]):
        if name == "return" and value == "representation":
            include, omit = (parameters.get(each, "").split() for each in ("include", "omit"))
            minimal = not _MINIMAL.isdisjoint(include) and _CONTAINMENT not in include
            most = parameters.get("max-member-count", "")
            return Preference(
                minimal or _CONTAINMENT in omit,
                int(most) if most.isascii() and most.isdigit() and len(most) < 10 else None,
            )
    return NONE


def _preferences(field: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Give each preference with its value and its parameters, names in lower case."""
    position = 0
    current: tuple[str, str, dict[str, str]] | None = None
    while match := _TOKEN.match(field, position):
        name, value = match[1].lower(), match[2] if match[2] is not None else (match[3] or "")
        if current is None:
            current = (name, value, {})
        else:
            current[2].setdefault(name, value)
        if match[4] != ";":
            yield current
            current = None
        if match.end() == position or match.end() >= len(field):
            return
        position = match.end()
