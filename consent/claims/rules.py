"""The published, versioned rules of claims: what each reads, what counts, and how much it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from consent.receipts.model import ParticipationReceipt, PurchaseReceipt, Receipt
from vocab.terms import NS

RULES = NS.removesuffix("#") + "/rules/"


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule; a changed rule is another IRI, so that a result always says what it means."""

    iri: str
    shape: str
    reads: tuple[str, ...]
    """Properties of the shape that a grant must hold for this rule to run."""
    container: str
    """Where the receipts are, relative to the pod; below it one container a month."""
    unit: str
    """Of the amount: `EUR` in cents, `minutes`, `times`."""
    title: Mapping[str, str]
    text: Mapping[str, str]
    measure: Callable[[Receipt], int | None]
    """What a verified receipt counts for, or None if it is not eligible. Knows nothing of persons."""
    happened: Callable[[Receipt], str]
    """The moment that decides whether a receipt is within the period."""


def _spent(receipt: Receipt) -> int | None:
    eligible = isinstance(receipt, PurchaseReceipt) and receipt.currency == "EUR" and receipt.total > 0
    return receipt.total if eligible and isinstance(receipt, PurchaseReceipt) else None


def _volunteered(receipt: Receipt) -> int | None:
    if not isinstance(receipt, ParticipationReceipt) or receipt.kind != "volunteering":
        return None
    return receipt.minutes or None


def _attended(receipt: Receipt) -> int | None:
    return 1 if isinstance(receipt, ParticipationReceipt) and receipt.kind == "attendance" else None


def _ordered_at(receipt: Receipt) -> str:
    return receipt.ordered_at if isinstance(receipt, PurchaseReceipt) else ""


def _started_at(receipt: Receipt) -> str:
    return receipt.started_at if isinstance(receipt, ParticipationReceipt) else ""


_PUBLISHED = (
    Rule(
        RULES + "eligible-purchases/1",
        "Purchase",
        ("orderedAt", "seller", "total"),
        "purchases/",
        "EUR",
        {"it": "Acquisti validi", "en": "Eligible purchases"},
        {
            "it": "La somma degli scontrini firmati dai negozi aderenti nel periodo; ogni scontrino conta "
            "una volta sola. Escono la somma, il numero e un'impronta per scontrino, mai il carrello.",
            "en": "The sum of the receipts that member shops signed in the period; each receipt counts "
            "once. The sum, the number and a fingerprint of each receipt leave, never the basket.",
        },
        _spent,
        _ordered_at,
    ),
    Rule(
        RULES + "volunteer-minutes/1",
        "Participation",
        ("kind", "minutes", "startedAt"),
        "participation/",
        "minutes",
        {"it": "Ore di volontariato", "en": "Hours of volunteering"},
        {
            "it": "I minuti di volontariato attestati dalle associazioni aderenti nel periodo; ogni "
            "attestato conta una volta sola. Escono la somma e il numero, mai dove o quando.",
            "en": "The minutes of volunteering that member associations certified in the period; each "
            "certificate counts once. The sum and the number leave, never where or when.",
        },
        _volunteered,
        _started_at,
    ),
    Rule(
        RULES + "attendances/1",
        "Participation",
        ("kind", "startedAt"),
        "participation/",
        "times",
        {"it": "Presenze", "en": "Attendances"},
        {
            "it": "Le presenze attestate dalle associazioni aderenti nel periodo; ognuna conta una volta.",
            "en": "The attendances that member associations certified in the period; each counts once.",
        },
        _attended,
        _started_at,
    ),
)

CLAIM_RULES: Mapping[str, Rule] = MappingProxyType({rule.iri: rule for rule in _PUBLISHED})
"""Every rule by its IRI. Rules are added, never edited."""
