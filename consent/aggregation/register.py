"""The public register as JSON: programmes with what is left of their budget, questions, releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from consent import registry_sql
from consent.aggregation import budget_sql, register_sql
from consent.aggregation.budget_sql import Budget
from consent.aggregation.head_counts import PARTICIPANTS
from consent.aggregation.programme import MICRO
from consent.aggregation.register_sql import Question
from consent.aggregation.sealing import RELEASES
from consent.model import PurposeDeclaration
from consent.registry_sql import Purposes
from consent.wire import timestamp
from pods.errors import NotFound
from pods.storage.base import Transaction

PROGRAMMES = "/.consent/programmes/"
QUESTIONS = "/.consent/questions/"
PAGE = 100  # questions of one answer


class Register:
    """Reads what everybody may see. Nothing in it was computed from a pod without noise."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._purposes = Purposes(origin)

    def programmes(self, tx: Transaction) -> list[dict[str, Any]]:
        """Return all programmes, the newest first."""
        return [self._programme(tx, budget) for budget in budget_sql.budgets(tx)]

    def programme(self, tx: Transaction, name: str) -> dict[str, Any]:
        """Return one programme with its ledger; raise NotFound."""
        budget = budget_sql.budget_of(tx, self._origin + PROGRAMMES + name)
        ledger = [
            {
                "number": line.number,
                "at": timestamp(line.at),
                "event": line.event,
                "release": self._origin + RELEASES + line.release,
                "rho": line.rho / MICRO,
                "rho_spent": line.rho_spent / MICRO,
                "content": line.content,
                "previous": line.previous,
                "digest": line.digest,
            }
            for line in budget_sql.lines(tx, budget.programme)
        ]
        return {**self._programme(tx, budget), "ledger": ledger}

    def questions(self, tx: Transaction, name: str, before: float) -> list[dict[str, Any]]:
        """Return questions of a programme, the newest first; raise NotFound for an unknown programme."""
        budget = budget_sql.budget_of(tx, self._origin + PROGRAMMES + name)
        found = register_sql.questions(tx, budget.programme, before=before, limit=PAGE)
        return [self.question_json(tx, one) for one in found]

    def question(self, tx: Transaction, identifier: str) -> dict[str, Any]:
        """Return a question; raise NotFound."""
        found = register_sql.question(tx, identifier)
        if found is None:
            raise NotFound(f"There is no question {identifier}.")
        return self.question_json(tx, found)

    def release(self, tx: Transaction, identifier: str) -> dict[str, Any]:
        """Return a released document; raise NotFound."""
        body = budget_sql.document(tx, identifier)
        if body is None:
            raise NotFound(
                f"There is no release {identifier}; a question that failed or is running has none."
            )
        document: dict[str, Any] = orjson.loads(body)
        return document

    def question_json(self, tx: Transaction, question: Question) -> dict[str, Any]:
        """Return a question as the register shows it."""
        asker = registry_sql.controller(tx, question.asked_by)
        return {
            "id": self._origin + QUESTIONS + question.id,
            "programme": question.programme,
            "asked_at": timestamp(question.asked_at),
            "asked_by": question.asked_by,
            "asked_by_name": asker.name if asker else question.asked_by,
            "query": question.body,
            "snapshot": question.snapshot,
            "outcome": question.outcome,
            "rho": question.rho / MICRO,
            "reason": question.reason,
            "release": self._origin + RELEASES + question.release if question.release else None,
        }

    def _programme(self, tx: Transaction, budget: Budget) -> dict[str, Any]:
        purpose = self._purposes.by_iri(tx, budget.purpose)
        if purpose is None:
            raise NotFound(f"The declaration of {budget.programme} is not as it was published.")
        controller = registry_sql.controller(tx, budget.controller)
        return {
            "id": budget.programme,
            "purpose": budget.purpose,
            "controller": budget.controller,
            "controller_name": controller.name if controller else budget.controller,
            **_texts(purpose),
            "terms": purpose.document["programme"],
            "opened_at": timestamp(budget.opened_at),
            "budget": budget_json(budget),
            "participants": _participants(tx, budget),
        }


def budget_json(budget: Budget) -> dict[str, float]:
    """Return total, spent and left as rho."""
    return {
        "rho_total": budget.rho_total / MICRO,
        "rho_spent": budget.rho_spent / MICRO,
        "rho_left": budget.rho_left / MICRO,
    }


def _texts(purpose: PurposeDeclaration) -> Mapping[str, Any]:
    return {
        "title": dict(purpose.title),
        "text": dict(purpose.text),
        "valid_until": purpose.document["valid_until"],
    }


def _participants(tx: Transaction, budget: Budget) -> dict[str, Any] | None:
    """Return the newest noisy head count; there is none before the first was paid for."""
    body = budget_sql.newest(tx, budget.programme, PARTICIPANTS)
    if body is None:
        return None
    counted = orjson.loads(body)
    return {name: counted[name] for name in ("people", "low", "high", "snapshot", "id")}
