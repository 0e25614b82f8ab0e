"""Rows of the public register: controllers and their purpose declarations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from consent.declarations import canonical_json, declaration_from_json
from consent.model import Controller, ControllerState, PurposeDeclaration, Verification
from pods.model import WebId
from pods.storage.base import Transaction

_CONTROLLER = "iri, name, kind, contact, dpo, jwks, state, registered_at"
_PURPOSE = "SELECT document, controller, digest FROM purpose"


def controller(tx: Transaction, iri: str) -> Controller | None:
    """Return a registered organisation."""
    rows = tx.execute(f"SELECT {_CONTROLLER} FROM controller WHERE iri = ?", (iri,))  # noqa: S608  # constants only
    return _controller(rows[0]) if rows else None


def controllers(tx: Transaction) -> list[Controller]:
    """Return all registered organisations by name."""
    rows = tx.execute(f"SELECT {_CONTROLLER} FROM controller ORDER BY name, iri")  # noqa: S608  # constants only
    return [_controller(row) for row in rows]


def names(tx: Transaction, iris: Collection[str]) -> dict[str, str]:
    """Return the registered names among these WebIDs."""
    return {iri: found.name for iri in iris if (found := controller(tx, iri)) is not None}


def save_controller(tx: Transaction, value: Controller) -> None:
    """Insert an organisation or replace what is known about it."""
    tx.execute(
        "INSERT INTO controller (iri, name, kind, contact, dpo, jwks, state, registered_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (iri) DO UPDATE SET name = excluded.name,"
        " kind = excluded.kind, contact = excluded.contact, dpo = excluded.dpo, jwks = excluded.jwks,"
        " state = excluded.state",
        (
            *(value.iri, value.name, value.kind, value.contact, value.dpo),
            *(orjson.dumps(dict(value.jwks)).decode(), value.state.value, value.registered_at),
        ),
    )


def add_verification(tx: Transaction, iri: str, value: Verification) -> None:
    """Note what an approval rests on; earlier ones stay."""
    tx.execute(
        "INSERT INTO verification (controller, at, evidence, keys) VALUES (?, ?, ?, ?)",
        (iri, value.at, value.evidence, orjson.dumps(value.keys).decode()),
    )


def verifications(tx: Transaction) -> dict[str, Verification]:
    """Return the newest verification of each controller that has one."""
    rows = tx.execute("SELECT controller, at, evidence, keys FROM verification ORDER BY at")
    return {
        iri: Verification(float(at), evidence, tuple(orjson.loads(keys))) for iri, at, evidence, keys in rows
    }


class Purposes:
    """Published declarations on the host at `origin`. A row is added once and never touched again."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def by_iri(self, tx: Transaction, iri: str) -> PurposeDeclaration | None:
        """Return one version, or None if there is none or it is not what was published any more.

        The digest is taken of the document as it stands now: a declaration that was edited in place matches
        no grant (attack 11, purpose drift).
        """
        rows = tx.execute(f"{_PURPOSE} WHERE iri = ?", (iri,))
        return self._intact(rows[0]) if rows else None

    def leant_on(self, row: Sequence[Any]) -> tuple[PurposeDeclaration | None, ControllerState | None]:
        """Return what a grant leans on, of a row that names it: its declaration if it is intact, its controller's state."""
        document, publisher, digest, state = row
        purpose = self._intact((document, publisher, digest)) if document is not None else None
        return purpose, ControllerState(state) if state is not None else None

    def all(self, tx: Transaction) -> list[PurposeDeclaration]:
        """Return every version of every purpose, the newest first."""
        rows = tx.execute(f"{_PURPOSE} ORDER BY published_at DESC, identifier, version DESC")
        return [found for row in rows if (found := self._intact(row)) is not None]

    def latest(self, tx: Transaction, identifier: str) -> PurposeDeclaration | None:
        """Return the newest version of a purpose."""
        rows = tx.execute(f"{_PURPOSE} WHERE identifier = ? ORDER BY version DESC LIMIT 1", (identifier,))
        return self._intact(rows[0]) if rows else None

    def add(self, tx: Transaction, purpose: PurposeDeclaration, at: float) -> None:
        """Add a version."""
        tx.execute(
            "INSERT INTO purpose (iri, identifier, version, controller, document, digest, published_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(purpose.iri, purpose.identifier, purpose.version, purpose.controller),
                *(canonical_json(dict(purpose.document)).decode(), purpose.digest, at),
            ),
        )

    def titles(self, tx: Transaction, iris: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Return the titles of purposes by IRI, for those that are published here."""
        return {iri: found.title for iri in iris if (found := self.by_iri(tx, iri)) is not None}

    def _intact(self, row: Sequence[Any]) -> PurposeDeclaration | None:
        document, owner, digest = row
        found = declaration_from_json(document, owner, self._origin)
        return found if found.digest == digest else None


def _controller(row: Sequence[Any]) -> Controller:
    iri, name, kind, contact, dpo, jwks, state, registered_at = row
    return Controller(
        WebId(iri), name, kind, contact, dpo, orjson.loads(jwks), ControllerState(state), registered_at
    )
