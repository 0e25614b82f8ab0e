"""What a server without UMA cannot enforce: told to the person before they consent, each point in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that our own host enforces and an access control list does not."""

    name: str
    text: Mapping[str, str]


def _limit(name: str, italian: str, english: str) -> Limit:
    return Limit(name, {"it": italian, "en": english})


LIMITS = (
    _limit(
        "purpose",
        "Il server non controlla la finalità: chi può leggere, legge per qualsiasi motivo.",
        "The server does not check the purpose: whoever may read, reads for any reason.",
    ),
    _limit(
        "properties",
        "Il server consegna i documenti interi, anche le parti che non hai concesso.",
        "The server hands over whole documents, with the parts that you did not grant.",
    ),
    _limit(
        "output_mode",
        "Il server non calcola risultati al posto dei dati: escono i dati stessi.",
        "The server computes no results in place of the data: the data themselves leave it.",
    ),
    _limit(
        "log",
        "Il server non ti mostra chi ha letto che cosa e quando.",
        "The server does not show you who read what, and when.",
    ),
    _limit(
        "end",
        "Il server non conosce la scadenza: il permesso viene tolto alla tua prossima visita dopo la data.",
        "The server knows no end date: the permission is removed at your next visit after it.",
    ),
    _limit(
        "latency",
        "Dopo la revoca il servizio può leggere ancora finché vale il lasciapassare che il server gli ha già dato.",
        "After a withdrawal the service may still read while a token lasts that the server gave it before.",
    ),
)
"""Rows of a table that a page shows as they stand; our own host has none of these limits."""
