"""What a person and a controller see of grants: pending requests, own decisions, and opaque grants."""

from __future__ import annotations

from consent import grants_sql, people_sql, records, registry_sql, shaped_sql
from consent.controllers import approved
from consent.grants_sql import Grants
from consent.model import (
    ConsentRequest,
    ControllerState,
    Grant,
    GrantState,
    OutputMode,
    OwnGrant,
    ServiceGrant,
)
from consent.registry_sql import Purposes
from pods.errors import Forbidden, NotFound
from pods.model import WebId
from pods.storage.base import Pod, Transaction
from vocab.shapes import SHAPES

_QUESTIONS = frozenset({GrantState.UNKNOWN, GrantState.ASKED, GrantState.DEFERRED})
VISIBLE = (OutputMode.ROWS, OutputMode.CLAIM, OutputMode.APPEND)
"""Modes whose grants a controller may list; of the others it may not even know that they exist."""


class Overview:
    """Lists grants on the host at `origin`."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)

    def requests(self, tx: Transaction, pod: Pod, at: float) -> list[ConsentRequest]:
        """Return what the owner of a pod was asked and can still answer, the newest first."""
        found = []
        for iri, asked_at in grants_sql.asked(tx, pod.key, at):
            request = self._answerable(tx, pod, iri, asked_at, at)
            if request is not None:
                found.append(request)
        return found

    def offer(self, tx: Transaction, pod: Pod, iri: str, at: float) -> ConsentRequest | None:
        """Return a purpose that a link or a QR code led the owner of a pod to, asked or not; None if it is over."""
        return self._answerable(tx, pod, iri, at, at)

    def _answerable(
        self, tx: Transaction, pod: Pod, iri: str, asked_at: float, at: float
    ) -> ConsentRequest | None:
        purpose = self._purposes.by_iri(tx, iri)
        controller = registry_sql.controller(tx, purpose.controller) if purpose else None
        if purpose is None or controller is None or controller.state is not ControllerState.APPROVED:
            return None
        latest = self._purposes.latest(tx, purpose.identifier)
        if not purpose.active(at) or latest is None or latest.iri != iri:
            return None
        put_off = people_sql.deferred_until(tx, pod.key, purpose.identifier) is not None
        current = self._grants.by_purpose(tx, pod.key, iri)
        deferrable = not put_off and current is not None and current.state is GrantState.ASKED
        return ConsentRequest(purpose, controller, asked_at, deferrable)

    def own(self, tx: Transaction, pod: Pod, at: float) -> list[OwnGrant]:
        """Return everything that the owner of a pod decided, the latest change first."""
        decided = [grant for grant in self._grants.of_pod(tx, pod.key) if grant.state not in _QUESTIONS]
        return [found for grant in decided if (found := self.of(tx, pod, grant, at)) is not None]

    def of(self, tx: Transaction, pod: Pod, grant: Grant, at: float) -> OwnGrant | None:
        """Return one decision as its owner sees it, or None if its declaration is not intact any more."""
        purpose = self._purposes.by_iri(tx, grant.purpose)
        controller = registry_sql.controller(tx, grant.controller)
        if purpose is None or controller is None:
            return None
        return OwnGrant(
            id=grant.id,
            purpose=purpose,
            controller=controller,
            items=grant.items,
            state=grant.state_at(at),
            given_at=grant.given_at,
            expires_at=grant.expires_at,
            changed_at=grants_sql.changed_at(tx, grant.id),
            record=self._origin + records.record_path(pod.root, grant.id),
        )

    def of_controller(self, tx: Transaction, webid: WebId | None, iri: str, at: float) -> list[ServiceGrant]:
        """Return the grants in force for a controller's purpose, telling nothing about who gave them."""
        owner = approved(tx, webid)
        purpose = self._purposes.by_iri(tx, iri)
        if purpose is None:
            raise NotFound(f"{iri} is no purpose that is published here.")
        if purpose.controller != owner.iri:
            raise Forbidden("Only the controller that published a purpose may list its grants.")
        if not any(item.mode in VISIBLE for item in purpose.items):
            raise Forbidden("This purpose is for aggregates only: nobody learns who gave consent to it.")
        grants = self._grants.of_purpose(tx, iri, at) if purpose.active(at) else []
        seen = [self.opaque(tx, grant) for grant in grants if grant.digest == purpose.digest]
        return [grant for grant in seen if grant.items]

    def opaque(self, tx: Transaction, grant: Grant) -> ServiceGrant:
        """Return a grant as its grantee may know it; without items it may not know of it at all."""
        items = tuple(item for item in grant.items if item.mode in VISIBLE)
        pod = tx.pod_by_key(grant.pod)
        shapes = [item.shape for item in items if item.mode is OutputMode.ROWS]
        resources = tuple(
            f"{self._origin}{pod.root}{SHAPES[shape].container}"
            for shape in shapes
            if pod is not None and shaped_sql.any_of(tx, pod.key, shape)
        )
        return ServiceGrant(grant.id, grant.pairwise, items, grant.expires_at, resources)
