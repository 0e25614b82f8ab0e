"""Publishing purposes: a version is added once and never changes; a changed purpose is a new version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from consent import declarations
from consent.bases import NOT_FOR_ADMINISTRATIONS
from consent.controllers import approved
from consent.model import PurposeDeclaration
from consent.registry_sql import Purposes
from consent.versions import require_true_claim
from pods.errors import BadContent, Conflict, Forbidden, Unprocessable
from pods.model import WebId
from pods.storage.base import Transaction
from vocab.schemas import SchemaError

Published = Callable[[Transaction, PurposeDeclaration, float], None]
"""Told of a new version in the transaction that adds it; aggregation opens the programme's budget there."""


class Publisher:
    """Adds declarations to the register of the host at `origin`."""

    def __init__(self, origin: str, *, published: Sequence[Published] = ()) -> None:
        self._origin = origin
        self._purposes = Purposes(origin)
        self._published = tuple(published)

    def publish(
        self, tx: Transaction, webid: WebId, document: Any, at: float
    ) -> tuple[PurposeDeclaration, bool]:
        """Publish a version for the controller with this WebID; say too whether it is new.

        The same document again is the same answer. Another document under a version that exists raises
        Conflict, and so does a purpose of somebody else's; a gap in the versions is Unprocessable.
        """
        purpose, existing = self._checked(tx, webid, document, at)
        if existing is not None:
            return existing, False
        self._purposes.add(tx, purpose, at)
        for told in self._published:
            told(tx, purpose, at)
        return purpose, True

    def announced(self, tx: Transaction, webid: WebId, document: Any, at: float) -> PurposeDeclaration | None:
        """Return the version that `publish` would add, or None if it is there; raise what `publish` raises."""
        purpose, existing = self._checked(tx, webid, document, at)
        return purpose if existing is None else None

    def _checked(
        self, tx: Transaction, webid: WebId, document: Any, at: float
    ) -> tuple[PurposeDeclaration, PurposeDeclaration | None]:
        owner = approved(tx, webid)
        try:
            declarations.check(document)
        except (SchemaError, declarations.BadDeclaration) as error:
            raise BadContent(str(error)) from error
        purpose = declarations.declaration(document, owner.iri, self._origin)
        latest = self._purposes.latest(tx, purpose.identifier)
        if latest is not None and latest.controller != owner.iri:
            raise Forbidden(
                f"The purpose {purpose.identifier!r} belongs to another controller; choose another id."
            )
        existing = self._purposes.by_iri(tx, purpose.iri)
        if existing is not None:
            if existing.digest == purpose.digest:
                return purpose, existing
            raise Conflict(
                f"Version {purpose.version} of {purpose.identifier!r} is published and never changes; publish "
                f"version {latest.version + 1 if latest else 1}."
            )
        self._require_order(purpose, latest)
        if not purpose.active(at):
            raise Unprocessable("purpose-declaration at /valid_until: the day is over; name a later one.")
        if (owner.kind, purpose.legal_basis) == ("administration", NOT_FOR_ADMINISTRATIONS):
            raise Unprocessable(
                "purpose-declaration at /legal_basis: a public administration cannot rest on legitimate interest "
                "in its tasks (GDPR, article 6(1), last sentence)."
            )
        require_true_claim(purpose, latest)
        return purpose, None

    def _require_order(self, purpose: PurposeDeclaration, latest: PurposeDeclaration | None) -> None:
        wanted = 1 if latest is None else latest.version + 1
        if purpose.version != wanted:
            raise Unprocessable(f"purpose-declaration at /version: the next version is {wanted}.")
        revised = None if latest is None else latest.iri
        if purpose.revision_of is not None and purpose.revision_of != revised:
            raise Unprocessable(
                "purpose-declaration at /revision_of: "
                + (
                    f"version {purpose.version} revises {revised}."
                    if revised
                    else "a first version revises nothing."
                )
            )
