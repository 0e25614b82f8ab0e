"""Is a requesting party token good right now? Asked in the transaction that acts on the answer."""

from __future__ import annotations

from dataclasses import dataclass

from consent import registry_sql
from consent.grants_sql import GRANTS_PATH, Grants
from consent.model import ControllerState, Grant, GrantState, OutputMode, PurposeDeclaration
from consent.registry_sql import Purposes
from pods.model import Agent
from pods.storage.base import Transaction

SCOPES = {"read": OutputMode.ROWS, "append": OutputMode.APPEND, "claim": OutputMode.CLAIM}
"""What a permission may say, and the output mode that a grant must contain for it. Aggregates have no scope."""


@dataclass(frozen=True, slots=True)
class Permit:
    """A grant that is in force, with the declaration it was given for."""

    grant: Grant
    purpose: PurposeDeclaration


class Permits:
    """Decides about grants on the host at `origin`."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)
        self._prefix = origin + GRANTS_PATH

    def named(self, tx: Transaction, grant_id: str) -> Grant | None:
        """Return a grant by its name, whatever its state."""
        return self._grants.by_id(tx, grant_id)

    def in_force(self, tx: Transaction, grant: Grant | None, webid: str | None, at: float) -> Permit | None:
        """Return a permit if a grant allows its grantee anything at this moment; None for every doubt."""
        if grant is None:
            return None
        purpose = self._purposes.by_iri(tx, grant.purpose)
        controller = registry_sql.controller(tx, grant.controller)
        return _permit(grant, purpose, controller.state if controller is not None else None, webid, at)

    def of_token(self, tx: Transaction, agent: Agent, resource: str, scope: str, at: float) -> Permit | None:
        """Return the permit of a token for one resource and scope, or None: anything unknown means no.

        Grant, epoch and data are read in one transaction, so the commit of a withdrawal is the moment from
        which no read is decided any more (attacks 1, 3 and 5: epochs only rise and are never used again).
        """
        claims = agent.claims
        iri, expires_at, epoch = claims.get("grant"), claims.get("exp"), claims.get("epoch")
        if not isinstance(iri, str) or not iri.startswith(self._prefix):
            return None
        if not isinstance(expires_at, int) or not at < expires_at:
            return None
        if not _permitted(claims.get("permissions"), resource, scope):
            return None
        found = self._grants.leaning(tx, iri.removeprefix(self._prefix))
        permit = _permit(found[0], *self._purposes.leant_on(found[1]), agent.webid, at) if found else None
        if permit is None or type(epoch) is not int or epoch != permit.grant.epoch:
            return None
        # Attacks 10 and 12: one purpose, compared letter by letter; no purpose contains another.
        if claims.get("purpose") != permit.purpose.iri:
            return None
        mode = SCOPES.get(scope)
        if mode is None or claims.get("output_mode") != mode.value or mode not in permit.grant.modes():
            return None
        return permit


def _permit(
    grant: Grant | None,
    purpose: PurposeDeclaration | None,
    controller: ControllerState | None,
    webid: str | None,
    at: float,
) -> Permit | None:
    # Attack 6: the end itself is too late, here as at the authorization server.
    if grant is None or grant.state_at(at) is not GrantState.GIVEN or grant.controller != webid:
        return None
    if purpose is None or not purpose.active(at) or purpose.controller != webid:
        return None
    # Attack 11, purpose drift: what the person agreed to must be what the declaration says today.
    if purpose.digest != grant.digest or purpose.notice_digest != grant.notice_digest:
        return None
    return Permit(grant, purpose) if controller is ControllerState.APPROVED else None


def _permitted(permissions: object, resource: str, scope: str) -> bool:
    """Say whether a token's permissions name this resource exactly, with this scope; no prefix, no container."""
    if not isinstance(permissions, list):
        return False
    return any(
        isinstance(permission, dict)
        and permission.get("resource_id") == resource
        and isinstance(permission.get("resource_scopes"), list)
        and scope in permission["resource_scopes"]
        for permission in permissions
    )
