"""Programmes as parts of purpose declarations: their terms, and the budget that opens when one is published."""

from __future__ import annotations

from collections.abc import Callable

from consent.aggregation import budget_sql
from consent.aggregation.budget_sql import Budget
from consent.aggregation.eligible_sql import covers
from consent.aggregation.errors import QueryRefused
from consent.aggregation.fields import Fields
from consent.aggregation.programme import Programme, programme
from consent.model import PurposeDeclaration
from pods.errors import NotFound
from pods.storage.base import Transaction


class Programmes:
    """Reads terms out of declarations. `published` is told of every new declaration."""

    def __init__(self, fields: Fields, new_secret: Callable[[], bytes]) -> None:
        self.fields = fields
        self._new_secret = new_secret

    def terms(self, purpose: PurposeDeclaration) -> Programme:
        """Return the programme that is part of a declaration; raise NotFound where there is none."""
        document = purpose.document.get("programme")
        if purpose.programme is None or document is None:
            raise NotFound(f"{purpose.iri} declares no aggregate programme.")
        return programme(purpose.programme, document, self.fields)

    def published(self, tx: Transaction, purpose: PurposeDeclaration, at: float) -> None:
        """Open the budget in the transaction that publishes; raise QueryRefused for terms that cannot hold."""
        if "programme" not in purpose.document:
            return
        try:
            terms = self.terms(purpose)
        except QueryRefused as error:
            raise QueryRefused("/programme" + error.pointer, error.sentence) from error
        named = {
            **{f"/programme/dimensions/{i}": one for i, one in enumerate(terms.dimensions.values())},
            **{f"/programme/measures/{i}": one.field for i, one in enumerate(terms.measures.values())},
        }
        for pointer, field in named.items():
            if field is None:
                continue
            dated = self.fields.date_of(field.shape)
            for needed in (field, dated) if dated is not None else (field,):
                if not covers(purpose.items, frozenset({(needed.shape, needed.property_name)})):
                    message = (
                        f"{needed.name!r} is not among the items with the mode aggregateOnly; add it there"
                    )
                    raise QueryRefused(pointer, message)
        budget_sql.open_budget(
            tx,
            Budget(
                programme=terms.iri,
                purpose=purpose.iri,
                controller=purpose.controller,
                rho_total=terms.rho_total,
                rho_spent=0,
                secret=self._new_secret(),
                opened_at=at,
            ),
        )
