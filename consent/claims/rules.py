"""The closed language of rules over verified receipts: one receipt at a time, nothing known of persons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from consent.declarations import digest
from consent.receipts.model import ParticipationReceipt, PurchaseReceipt, Receipt
from vocab.claim_rules import RULE_TEXTS, RuleText
from vocab.shapes import SHAPES

FIELDS: Mapping[str, tuple[type[Receipt], Mapping[str, str]]] = MappingProxyType(
    {
        "Purchase": (
            PurchaseReceipt,
            {"orderedAt": "ordered_at", "total": "total", "currency": "currency", "seller": "seller"},
        ),
        "Participation": (
            ParticipationReceipt,
            {"startedAt": "started_at", "minutes": "minutes", "kind": "kind", "theme": "theme"},
        ),
    }
)
"""What a rule may name of a receipt, by shape; a rule that names anything else is not loaded."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A published rule that is ready to be applied, with the digest of all that was published of it."""

    text: RuleText
    digest: str

    @property
    def iri(self) -> str:
        return self.text.iri

    @property
    def container(self) -> str:
        """Where the receipts are, relative to the pod; below it there is one container a month."""
        return SHAPES[self.text.shape].container

    def happened(self, receipt: Receipt) -> str | None:
        """Return the moment that decides about the period; None for a receipt of another shape."""
        kind, names = FIELDS[self.text.shape]
        return str(getattr(receipt, names[self.text.moment])) if isinstance(receipt, kind) else None

    def measure(self, receipt: Receipt) -> int | None:
        """Return what a verified receipt counts for, or None if it is not eligible."""
        kind, names = FIELDS[self.text.shape]
        if not isinstance(receipt, kind):
            return None
        if any(getattr(receipt, names[name]) != value for name, value in self.text.where):
            return None
        if self.text.adds is None:
            return 1
        return int(getattr(receipt, names[self.text.adds])) or None


def loaded(text: RuleText) -> Rule:
    """Return a rule that can be applied; raise ValueError if it names what the language does not know."""
    names = FIELDS[text.shape][1]
    used = {text.moment, *(name for name, _ in text.where), *([text.adds] if text.adds else [])}
    if unknown := used - set(names):
        raise ValueError(f"{text.iri}: a rule over {text.shape} cannot name {', '.join(sorted(unknown))}")
    return Rule(text, digest(text.document()))


CLAIM_RULES: Mapping[str, Rule] = MappingProxyType({iri: loaded(text) for iri, text in RULE_TEXTS.items()})
"""Every rule by its IRI."""
