"""What each published rule counts of a verified receipt, and which moment of it decides about the period."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from consent.receipts.model import ParticipationReceipt, PurchaseReceipt, Receipt
from vocab.claim_rules import ATTENDANCES, ELIGIBLE_PURCHASES, VOLUNTEER_MINUTES, RuleText
from vocab.shapes import SHAPES


@dataclass(frozen=True, slots=True)
class Rule:
    """A published rule with its computation. It sees one receipt at a time and knows nothing of persons."""

    text: RuleText
    measure: Callable[[Receipt], int | None]
    """What a verified receipt counts for, or None if it is not eligible."""

    @property
    def iri(self) -> str:
        return self.text.iri

    @property
    def container(self) -> str:
        """Where the receipts are, relative to the pod; below it there is one container a month."""
        return SHAPES[self.text.shape].container


def happened(receipt: Receipt) -> str:
    """Return the moment that decides whether a receipt lies within a period."""
    return receipt.ordered_at if isinstance(receipt, PurchaseReceipt) else receipt.started_at


def _spent(receipt: Receipt) -> int | None:
    if not isinstance(receipt, PurchaseReceipt) or receipt.currency != "EUR":
        return None
    return receipt.total or None


def _volunteered(receipt: Receipt) -> int | None:
    if not isinstance(receipt, ParticipationReceipt) or receipt.kind != "volunteering":
        return None
    return receipt.minutes or None


def _attended(receipt: Receipt) -> int | None:
    return 1 if isinstance(receipt, ParticipationReceipt) and receipt.kind == "attendance" else None


_COMPUTED = (
    Rule(ELIGIBLE_PURCHASES, _spent),
    Rule(VOLUNTEER_MINUTES, _volunteered),
    Rule(ATTENDANCES, _attended),
)

CLAIM_RULES: Mapping[str, Rule] = MappingProxyType({rule.iri: rule for rule in _COMPUTED})
"""Every rule by its IRI."""
