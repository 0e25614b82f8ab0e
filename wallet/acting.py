"""Acting for somebody in the wallet: for whom, with which powers, and which pages are open meanwhile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from consent.client.people import Delegated, Power

KEPT = "acting"
"""What the session remembers it under."""

ANY = frozenset(Power)
_DECIDES = frozenset({Power.GIVE, Power.REFUSE})
_SEES, _GIVES = frozenset({Power.SEE}), frozenset({Power.GIVE})
_WITHDRAWS, _RIGHTS = frozenset({Power.WITHDRAW}), frozenset({Power.RIGHTS})

OPEN: tuple[tuple[str, re.Pattern[str], frozenset[Power]], ...] = tuple(
    (method, re.compile(path), powers)
    for method, path, powers in (
        ("GET", r"/", ANY),
        ("GET", r"/requests(/one|/together)?", _SEES),
        ("POST", r"/requests/answer", _DECIDES),
        ("POST", r"/requests/together", _GIVES),
        ("GET", r"/grants(/\w+)?", _SEES),
        ("POST", r"/grants/\w+/withdraw", _WITHDRAWS),
        ("POST", r"/grants/\w+/renew", _GIVES),
        ("GET", r"/log", _SEES),
        ("GET", r"/rights(/.*)?", _RIGHTS),
        ("POST", r"/rights(/\w+/close)?", _RIGHTS),
    )
)
"""The pages that work for somebody else, and the powers of which one is needed. Every other page is one's own only.

The host decides about each request all the same; this table keeps a page from being shown that would be refused.
"""


@dataclass(frozen=True, slots=True)
class Acting:
    """For whom somebody acts, as the host said it at this visit."""

    id: str
    person: str
    name: str
    storage: str
    kind: str
    powers: tuple[str, ...]
    ends: float | None
    prepares_only: bool

    def plain(self) -> dict[str, Any]:
        """Return it for keeping with a session."""
        return asdict(self)

    def may_open(self, method: str, path: str) -> bool:
        """Say whether a page is open meanwhile."""
        wanted = "GET" if method == "HEAD" else method
        held = {Power(power) for power in self.powers}
        return any(
            method_ == wanted and pattern.fullmatch(path) and not powers.isdisjoint(held)
            for method_, pattern, powers in OPEN
        )


def of_delegation(one: Delegated) -> Acting:
    """Return what acting under a delegation means."""
    powers = tuple(power.value for power in Power if power in one.powers)
    name = one.person_name or one.person
    return Acting(one.id, one.person, name, one.storage, one.kind.value, powers, one.ends, one.prepares_only)


def host_of(storage: str) -> str:
    """Return the origin of the host on which a storage lies."""
    parts = urlsplit(storage)
    return f"{parts.scheme}://{parts.netloc}"


def kept(known: Mapping[str, Any]) -> Acting | None:
    """Return for whom a session acts; None for its own person."""
    plain = known.get(KEPT)
    return Acting(**{**plain, "powers": tuple(plain["powers"])}) if plain else None


def own(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a session remembers of its own person."""
    return {name: value for name, value in known.items() if name != KEPT}


class ActingOver(Exception):
    """The time is over, or one side ended it: nothing more happens in the other person's name."""


class OnlyForOneself(Exception):
    """The page is not among those that are open while one acts for somebody."""
