"""Text for Turtle that is written by hand on hot paths: quoted literals and IRIs, escaped."""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_SPECIAL = re.compile(r'[\x00-\x1f"\\\x7f]')
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def quoted(text: str) -> str:
    """Return a text between quotes (Turtle 1.1, production STRING_LITERAL_QUOTE and section 6.4)."""
    if _SPECIAL.search(text) is None:
        return f'"{text}"'
    return f'"{_SPECIAL.sub(_escape, text)}"'


@lru_cache(maxsize=4096)
def angled(iri: str) -> str:
    """Return an IRI between angle brackets; what an IRIREF may not hold is percent-encoded."""
    return f"<{_NOT_IN_IRI.sub(lambda found: f'%{ord(found[0]):02X}', iri)}>"


def _escape(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[0]) or f"\\u{ord(found[0]):04X}"
