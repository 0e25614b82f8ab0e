"""What the host attests: grants, records, receipts and status lists, each read in the caller's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from consent import chapters, records, registry_sql
from consent.credentials import granted, recorded, status, status_sql
from consent.credentials.keys import AssertionKeys
from consent.credentials.recorded import Told
from consent.grants_sql import GRANTS_PATH, Grants
from consent.model import Grant
from consent.overview import Overview
from consent.registry_sql import Purposes
from consent.states import GrantState
from pods.errors import NotFound
from pods.model import WebId
from pods.storage.base import Transaction

_STANDS = frozenset({GrantState.GIVEN, GrantState.SUSPENDED})


class Issuing:
    """Makes credentials without their proof; `secret` hides in each list how many grants it has."""

    def __init__(
        self,
        origin: str,
        keys: AssertionKeys,
        secret: bytes,
        *,
        draw: Callable[[], int] = lambda: secrets.randbelow(status.ENTRIES),
    ) -> None:
        self._origin = origin
        self._issuer = keys.issuer
        self._draw = draw
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)
        self._overview = Overview(origin)
        # A list of decoys takes a millisecond to draw, and is the same for good.
        self._decoys = lru_cache(maxsize=256)(lambda number: status.decoys(secret, number))

    def grant(self, tx: Transaction, webid: WebId, grant_id: str, at: float) -> dict[str, Any]:
        """Return a grant in force, or at rest, for the person who gave it or for its grantee; NotFound for others."""
        grant = self._own(tx, webid, grant_id)
        if grant is not None and grant.state_at(at) in _STANDS:
            pod = tx.pod_by_key(grant.pod)
            root = pod.root if pod is not None else "/"
            record = self._origin + records.record_path(root, grant.id)
            return granted.own_credential(grant, record, self._issuer, self._origin, self._status(tx, grant))
        grant = self._grants.by_id(tx, grant_id)
        opaque = self._overview.opaque(tx, grant) if grant is not None else None
        if (
            grant is None
            or opaque is None
            or grant.controller != webid
            or grant.state_at(at) not in _STANDS
            # A grantee does not even learn that a grant for aggregates exists.
            or not opaque.items
        ):
            raise _no_grant()
        entries = self._status(tx, grant)
        return granted.service_credential(grant, self._issuer, self._origin, entries, opaque.resources)

    def record(self, tx: Transaction, webid: WebId, grant_id: str, kind: str, at: float) -> Told:
        """Return the record or the receipt of a decision for the person who took it; NotFound for others."""
        grant = self._own(tx, webid, grant_id)
        purpose = self._purposes.by_iri(tx, grant.purpose) if grant is not None else None
        controller = registry_sql.controller(tx, grant.controller) if grant is not None else None
        pod = tx.pod_by_key(grant.pod) if grant is not None else None
        if grant is None or purpose is None or controller is None or pod is None:
            raise _no_grant()
        document = self._origin + records.record_path(pod.root, grant.id)
        told = chapters.still_open(tx, self._origin, pod, grant.id)
        statements = records.statements(
            *(document, grant, purpose, controller, told.events),
            control=self._origin + GRANTS_PATH + grant.id,
            earlier=told.earlier,
            agreed=told.agreed,
        )
        iri = f"{self._origin}{granted.CREDENTIALS_PATH}{grant.id}/{kind}"
        try:
            return recorded.credential(iri, kind, document, statements, self._issuer, at)
        except LookupError as error:
            raise NotFound("There is no receipt: this consent was never given.") from error

    def status_list(self, tx: Transaction, number: int, at: float) -> dict[str, Any]:
        """Return a list as it is in this transaction; NotFound where no grant has a place yet."""
        block, purpose = status.block_of(number)
        if block > status_sql.newest_block(tx):
            raise NotFound("There is no status list of this number.")
        bits = status.with_bits(self._decoys(number), status_sql.taken(tx, block, purpose))
        return status.list_credential(self._origin, self._issuer, number, bits, at)

    def _own(self, tx: Transaction, webid: WebId, grant_id: str) -> Grant | None:
        grant = self._grants.by_id(tx, grant_id)
        pod = tx.pod_by_key(grant.pod) if grant is not None else None
        return grant if pod is not None and pod.owner == webid else None

    def _status(self, tx: Transaction, grant: Grant) -> list[dict[str, Any]]:
        def free(block: int, place: int) -> bool:
            numbers = (status.number_of(block, purpose) for purpose in status.StatusPurpose)
            return not any(status.bit(self._decoys(number), place) for number in numbers)

        block, place = status_sql.place(tx, grant.id, free, self._draw)
        return status.entries(self._origin, block, place)


def _no_grant() -> NotFound:
    return NotFound("There is no grant of this name for you; GET /.consent/grants lists yours.")
