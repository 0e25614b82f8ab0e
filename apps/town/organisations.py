"""Organisations of the demo: the municipality, a cooperative with its member shops, houses and associations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vocab.places import VENUE
from vocab.trade import SHOP

Kind = Literal["administration", "cooperative", "shop", "association"]


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation with a pod of its own. Invented ones say "(demo)" in their name."""

    id: str
    name: str
    kind: Kind
    place: str
    """Notation of its neighbourhood."""
    code: str | None = None
    """Its notation among the shops or the houses, where it is one."""

    def issuer(self, apps_url: str) -> str:
        """Return the IRI under which it signs receipts; its keys are at this IRI with `/jwks.json`."""
        return f"{apps_url}/{_ISSUER_PATHS[self.kind]}/{self.id}"


_ISSUER_PATHS: dict[Kind, str] = {
    "administration": "checkin",
    "cooperative": "valueback/shops",
    "shop": "valueback/shops",
    "association": "checkin",
}

COMUNE = Organisation("comune", "Comune di Reggio nell'Emilia (demo)", "administration", "centro-storico")
COOP = Organisation("coop", "Cooperativa Valore Comune (demo)", "cooperative", "orologio")

SHOPS = tuple(
    Organisation(code.notation, code.label["it"], "shop", code.broader or "", code.notation)
    for code in SHOP.codes
)
HOUSES = tuple(
    Organisation(
        f"casa-{code.notation}",
        f"Casa di Quartiere {code.label['it']} (demo)",
        "association",
        code.broader or "",
        code.notation,
    )
    for code in VENUE.codes
)
ASSOCIATIONS = (
    Organisation("amici-del-crostolo", "Amici del Crostolo (demo)", "association", "coviolo"),
    Organisation("pedali-comuni", "Pedali Comuni (demo)", "association", "porta-san-pietro"),
    Organisation("doposcuola-aperto", "Doposcuola Aperto (demo)", "association", "rosta-nuova"),
    Organisation("cucine-vicine", "Cucine Vicine (demo)", "association", "crocetta"),
    Organisation("nonni-digitali", "Nonni Digitali (demo)", "association", "santa-croce"),
    Organisation("circolo-multiplo", "Circolo del Multiplo (demo)", "association", "cavriago"),
)

ORGANISATIONS = (COMUNE, COOP, *SHOPS, *HOUSES, *ASSOCIATIONS)
"""All of them; ids are pod names too."""

ISSUERS_OF_PARTICIPATION = (*HOUSES, *ASSOCIATIONS)
"""Who signs participation receipts."""
