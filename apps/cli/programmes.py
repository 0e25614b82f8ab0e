"""The programmes that the demo's organisations publish: what they ask for, in the words that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vocab.claim_rules import ELIGIBLE_PURCHASES

NEIGHBOURHOOD = "vita-di-quartiere"
RETURN = "ristorno-2017"

CONTACTS = {
    "comune": ("urp@comune.example", "dpo@comune.example"),
    "coop": ("soci@coop.example", "dpo@coop.example"),
}
YEAR = {"from": "2017-01", "to": "2017-12"}


def neighbourhood_life(recipient: str, valid_until: str) -> dict[str, Any]:
    """Return the administration's declaration: totals over profile, participation and purchases, with a budget."""
    return {
        "id": NEIGHBOURHOOD,
        "version": 1,
        "title": {"it": "Vita di quartiere", "en": "Neighbourhood life"},
        "text": {
            "it": (
                "Il Comune vuole sapere, per ambito e per età, quante persone partecipano alle attività delle Case "
                "di Quartiere e quanto si spende nei negozi vicini, per decidere orari, spazi e aperture. Riceve "
                "solo totali a cui è aggiunto del rumore: nessuno vede i tuoi dati."
            ),
            "en": (
                "The municipality wants to know, by district and age, how many people take part in the activities "
                "of the neighbourhood houses and how much is spent in shops nearby, to decide on hours, spaces and "
                "openings. It gets totals with added noise only: nobody sees your data."
            ),
        },
        "consequence_of_refusal": {
            "it": "Non cambia nulla: tutti i servizi restano uguali. Il Comune non sa chi ha detto di no.",
            "en": "Nothing changes: all services stay the same. The municipality does not learn who said no.",
        },
        "legal_basis": "gdpr:A6-1-a",
        "items": [
            {
                "shape": "Profile",
                "properties": ["ageClass", "district", "gender", "householdSize", "neighbourhood"],
                "mode": "aggregateOnly",
            },
            {
                "shape": "Participation",
                "properties": ["district", "kind", "minutes", "startedAt", "theme"],
                "mode": "aggregateOnly",
            },
            {
                "shape": "Purchase",
                "properties": ["category", "district", "lineAmount", "orderedAt", "quantity"],
                "mode": "aggregateOnly",
            },
        ],
        "recipients": [recipient],
        "retention_days": 3650,
        "valid_until": valid_until,
        "programme": {
            "dimensions": [
                "Profile.ageClass",
                "Profile.district",
                "Profile.gender",
                "Profile.householdSize",
                "Profile.neighbourhood",
                "Participation.district",
                "Participation.kind",
                "Participation.theme",
                "Purchase.category",
                "Purchase.district",
            ],
            "measures": [
                {"function": "people"},
                {"function": "sum", "property": "Participation.minutes", "lower": 0, "upper": 2400},
                {"function": "sum", "property": "Purchase.lineAmount", "lower": 0, "upper": 100_000},
            ],
            "l0": 6,
            "rho_total": 4.0,
            "k_min": 10,
            "min_participants": 30,
            "period": YEAR,
        },
    }


def patronage_refund(shops: Sequence[str], valid_until: str) -> dict[str, Any]:
    """Return the cooperative's programme: 2 % of what members buy in member shops, 60 % of it back to them."""
    return {
        "name": RETURN,
        "title": {"it": "Ristorno dei soci", "en": "Members' patronage refund"},
        "text": {
            "it": (
                "Una parte di quanto i soci spendono nei negozi aderenti torna indietro: a ciascuno in proporzione, "
                "e al quartiere attraverso un fondo comune che i soci assegnano con il voto."
            ),
            "en": (
                "Part of what members spend in member shops comes back: to each in proportion, and to the "
                "neighbourhood through a common pool that members assign by vote."
            ),
        },
        "rule": ELIGIBLE_PURCHASES.iri,
        "issuers": sorted(shops),
        "period": YEAR,
        "rate": {"cents": 2, "per": 100},
        "member_bp": 6000,
        "budget": 50_000_00,
        "projects": [
            _project(
                "ciclofficina",
                "Ciclofficina di quartiere",
                "Neighbourhood bicycle workshop",
                "Attrezzi e turni per riparare le biciclette insieme.",
                "Tools and shifts to mend bicycles together.",
            ),
            _project(
                "orti",
                "Orti condivisi",
                "Shared gardens",
                "Nuovi orti accanto alla Casa di Quartiere.",
                "New plots beside the neighbourhood house.",
            ),
            _project(
                "doposcuola",
                "Doposcuola aperto",
                "Open after-school club",
                "Aiuto nei compiti tre pomeriggi a settimana.",
                "Help with homework three afternoons a week.",
            ),
        ],
        "vote_days": 14,
        "valid_until": valid_until,
    }


def _project(identifier: str, title: str, title_en: str, text: str, text_en: str) -> dict[str, Any]:
    return {"id": identifier, "title": {"it": title, "en": title_en}, "text": {"it": text, "en": text_en}}
