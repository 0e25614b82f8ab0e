"""What stands around the content of every page: who is logged in, for whom they act, and the menu that fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from consent.client.people import Power
from pods.relying_party import Login
from vocab.pages import Navigation, Pages, User, msg
from wallet import acting
from wallet.acting import ANY
from wallet.delegation_words import banner

NAVIGATION = (
    Navigation(msg("Home"), "/", "home"),
    Navigation(msg("Requests"), "/requests", "requests"),
    Navigation(msg("My consents"), "/grants", "grants"),
    Navigation(msg("Who read what"), "/log", "log"),
    Navigation(msg("My data"), "/data", "data"),
    Navigation(msg("Receive a receipt"), "/receive", "receive"),
)
FOR_OTHERS = (
    (Navigation(msg("Start"), "/", "home"), ANY),
    (Navigation(msg("Requests"), "/requests", "requests"), frozenset({Power.SEE})),
    (Navigation(msg("Consents"), "/grants", "grants"), frozenset({Power.SEE})),
    (Navigation(msg("Who read what"), "/log", "log"), frozenset({Power.SEE})),
    (Navigation(msg("Rights"), "/rights", "rights"), frozenset({Power.RIGHTS})),
)
"""The menu while one acts for somebody, and the powers of which one is needed for an entry."""


def surroundings(request: Request, login: Login, pages: Pages) -> Mapping[str, Any]:
    """Return what every template finds beside its own values; `may` holds the powers over what the page shows."""
    _ = pages.translator(request)
    person = login.current(request)
    if person is None:
        return {"user": None, "acting": None, "may": ANY}
    user = User(str(person.known.get("name", "")) or _("Logged in"), logout="/logout", home="/preferences")
    for_whom = acting.kept(person.known)
    if for_whom is None:
        return {"user": user, "acting": None, "may": ANY}
    held = frozenset(Power(power) for power in for_whom.powers)
    shown = banner(for_whom, _, pages.formats(request))
    return {
        "user": user,
        "acting": shown,
        "may": held,
        "banner": "wallet/acting-banner.html",
        "title_prefix": _("For {name}", name=for_whom.name) + ": ",
        "navigation": tuple(entry for entry, powers in FOR_OTHERS if not powers.isdisjoint(held)),
    }
