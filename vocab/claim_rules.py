"""The published, versioned rules of claims, in a closed language: what each reads, keeps, adds up, and in which unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vocab.codes import Label, label
from vocab.terms import NS

RULES = NS.removesuffix("#") + "/rules/"
LANGUAGE = RULES + "language/1"
"""How a rule is read: of the verified receipts of its shape whose moment lies in the months asked about, it keeps
those in which every condition holds by equality, and adds up one whole number of each, or one. A receipt that comes
to nothing is not counted; each counts once in a programme. There is no other operation, no loop and no text."""
RESULT_TYP = "claim-result+jwt"
"""The `typ` of a signed result, so that it passes for nothing else (RFC 8725 section 3.11)."""
YIELDS = ("amount", "count", "nullifiers")
"""What leaves of every rule: the sum, the number of receipts, and a fingerprint of each."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """One version of a rule; a changed rule is another IRI, so that a result always says what it means."""

    iri: str
    shape: str
    reads: tuple[str, ...]
    """Properties of the shape that a grant must hold for this rule to run."""
    moment: str
    """The property that decides whether a receipt lies within a period."""
    where: tuple[tuple[str, str], ...]
    """Property and value: a receipt counts only if all of these hold."""
    adds: str | None
    """The property that is added up, a whole number; without it each receipt counts for one."""
    unit: str
    """Of the amount: `EUR` in cents, `minutes`, `times`."""
    title: Label
    text: Label

    def document(self) -> dict[str, Any]:
        """Return the rule as it is published; its digest stands in every result."""
        return {
            "id": self.iri,
            "language": LANGUAGE,
            "shape": self.shape,
            "reads": list(self.reads),
            "moment": self.moment,
            "where": dict(self.where),
            "adds": self.adds,
            "unit": self.unit,
            "yields": list(YIELDS),
            "title": dict(self.title),
            "text": dict(self.text),
        }


ELIGIBLE_PURCHASES = RuleText(
    RULES + "eligible-purchases/1",
    "Purchase",
    ("orderedAt", "seller", "total"),
    "orderedAt",
    (("currency", "EUR"),),
    "total",
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
    "startedAt",
    (("kind", "volunteering"),),
    "minutes",
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
    "startedAt",
    (("kind", "attendance"),),
    None,
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
