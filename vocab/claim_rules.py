"""The published, versioned rules of claims: what each reads, what it counts, and in which unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vocab.codes import Label, label
from vocab.terms import NS

RULES = NS.removesuffix("#") + "/rules/"


@dataclass(frozen=True, slots=True)
class RuleText:
    """One version of a rule; a changed rule is another IRI, so that a result always says what it means."""

    iri: str
    shape: str
    reads: tuple[str, ...]
    """Properties of the shape that a grant must hold for this rule to run."""
    unit: str
    """Of the amount: `EUR` in cents, `minutes`, `times`."""
    title: Label
    text: Label


ELIGIBLE_PURCHASES = RuleText(
    RULES + "eligible-purchases/1",
    "Purchase",
    ("orderedAt", "seller", "total"),
    "EUR",
    label("Acquisti validi", "Eligible purchases"),
    label(
        "La somma degli scontrini firmati dai negozi aderenti nel periodo; ogni scontrino conta una volta "
        "sola. Escono la somma, il numero e un'impronta per scontrino, mai il carrello.",
        "The sum of the receipts that member shops signed in the period; each receipt counts once. The sum, "
        "the number and a fingerprint of each receipt leave, never the basket.",
    ),
)
VOLUNTEER_MINUTES = RuleText(
    RULES + "volunteer-minutes/1",
    "Participation",
    ("kind", "minutes", "startedAt"),
    "minutes",
    label("Ore di volontariato", "Hours of volunteering"),
    label(
        "I minuti di volontariato attestati dalle associazioni aderenti nel periodo; ogni attestato conta "
        "una volta sola. Escono la somma e il numero, mai dove o quando.",
        "The minutes of volunteering that member associations certified in the period; each certificate "
        "counts once. The sum and the number leave, never where or when.",
    ),
)
ATTENDANCES = RuleText(
    RULES + "attendances/1",
    "Participation",
    ("kind", "startedAt"),
    "times",
    label("Presenze", "Attendances"),
    label(
        "Le presenze attestate dalle associazioni aderenti nel periodo; ognuna conta una volta sola. Escono "
        "il numero e un'impronta per presenza.",
        "The attendances that member associations certified in the period; each counts once. The number and "
        "a fingerprint of each leave.",
    ),
)

RULE_TEXTS: Mapping[str, RuleText] = MappingProxyType(
    {rule.iri: rule for rule in (ELIGIBLE_PURCHASES, VOLUNTEER_MINUTES, ATTENDANCES)}
)
"""Every rule by its IRI. Rules are added, never edited."""
