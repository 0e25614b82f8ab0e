"""What a person and a controller see of grants: pending requests, own decisions, and opaque grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent import (
    decided_sql,
    elsewhere_sql,
    grants_sql,
    notice_sql,
    people_sql,
    records,
    registry_sql,
    shaped_sql,
)
from consent.controllers import approved
from consent.decided_sql import Place
from consent.grant_filter import EVERY_GRANT, GrantFilter
from consent.grants_sql import Grants
from consent.model import (
    ConsentRequest,
    ControllerState,
    Grant,
    GrantId,
    GrantState,
    OutputMode,
    OwnGrant,
    PurposeDeclaration,
    ServiceGrant,
)
from consent.registry_sql import Purposes
from pods.errors import Forbidden, NotFound
from pods.model import WebId
from pods.storage.base import Pod, Transaction
from vocab.shapes import SHAPES

_QUESTIONS = frozenset(decided_sql.QUESTIONS)
VISIBLE = (OutputMode.ROWS, OutputMode.CLAIM, OutputMode.APPEND)
"""Modes whose grants a controller may list; of the others it may not even know that they exist."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some decisions of a person, and the place after which the next ones follow; None after the last."""

    grants: Sequence[OwnGrant]
    further: Place | None


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

    def deferred(self, tx: Transaction, pod: Pod, at: float) -> list[tuple[ConsentRequest, float]]:
        """Return what the owner of a pod put off, each with the time at which the question comes back."""
        found = []
        for identifier, until in people_sql.deferrals(tx, pod.key, at):
            latest = self._purposes.latest(tx, identifier)
            request = self._answerable(tx, pod, latest.iri, at, at) if latest is not None else None
            if request is not None:
                found.append((request, until))
        return found

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

    def page(
        self,
        tx: Transaction,
        pod: Pod,
        at: float,
        *,
        after: Place | None = None,
        limit: int,
        wanted: GrantFilter = EVERY_GRANT,
    ) -> Page:
        """Return some of what `own` returns, from a place on, as far as it is wanted."""
        places = decided_sql.page(tx, pod.key, after, limit, wanted=wanted, at=at)
        grants = [self._grants.by_id(tx, found.id) for found in places.found]
        seen = [self.of(tx, pod, grant, at) for grant in grants if grant is not None]
        return Page([grant for grant in seen if grant is not None], places.further)

    def one(self, tx: Transaction, pod: Pod, grant_id: str, at: float) -> OwnGrant:
        """Return one decision of the owner of a pod; raise NotFound."""
        grant = self._grants.by_id(tx, grant_id)
        mine = grant is not None and grant.pod == pod.key and grant.state not in _QUESTIONS
        found = self.of(tx, pod, grant, at) if grant is not None and mine else None
        if found is None:
            raise NotFound("You have no grant of this name; GET /.consent/grants lists yours.")
        return found

    def about(self, tx: Transaction, pod: Pod, iri: str, at: float) -> OwnGrant | None:
        """Return what the owner of a pod decided about one version of a purpose; None if nothing."""
        grant = self._grants.by_purpose(tx, pod.key, iri)
        return self.of(tx, pod, grant, at) if grant is not None and grant.state not in _QUESTIONS else None

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
            language=notice_sql.last(tx, grant.id),
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
        return [*(grant for grant in seen if grant.items), *_elsewhere(tx, purpose, at)]

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


def _elsewhere(tx: Transaction, purpose: PurposeDeclaration, at: float) -> list[ServiceGrant]:
    """Return what people opened on other servers, which hand over whole documents and enforce nothing else."""
    items = tuple(item for item in purpose.items if item.mode is OutputMode.ROWS)
    told = elsewhere_sql.of_purpose(tx, purpose.iri, at) if items and purpose.active(at) else []
    return [
        ServiceGrant(GrantId(one.id), one.pairwise, items, one.expires_at, one.resources, elsewhere=True)
        for one in told
    ]
