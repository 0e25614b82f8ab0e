"""The authorizer of a pod host with consent: WAC for ordinary tokens, one grant alone for a party token."""

from __future__ import annotations

from collections.abc import Collection

from consent import kept, registry_sql
from consent.grants_sql import Grants
from consent.model import OutputMode
from consent.permits import Permits
from consent.tickets import Tickets
from consent.views import GrantedView
from pods.authz.base import Authorizer, Rights
from pods.model import Agent, Clock, Mode, Path
from pods.protocol import target
from pods.storage.base import Transaction

CLOSED = frozenset({"inbox", "settings", "activity", "consents", ".well-known"})
"""Containers that no grant ever opens, whatever a shape or a row of an index says."""


class GrantAuthorizer:
    """Decides in the transaction that acts. A token with grant claims has the rights of its grant and no others."""

    def __init__(self, wac: Authorizer, tickets: Tickets, *, origin: str, clock: Clock) -> None:
        self._wac = wac
        self._tickets = tickets
        self._origin = origin
        self._clock = clock
        self._permits = Permits(origin)
        self._grants = Grants(origin)
        self._kept = kept.room()

    def rights(self, agent: Agent, path: Path, tx: Transaction) -> Rights:
        """Return the rights of an agent; under a grant at most Read, through a view."""
        if not agent.claims:
            return self._wac.rights(agent, path, tx)
        claimed, purpose = agent.claims.get("grant"), agent.claims.get("purpose")
        refused = Rights(
            Mode.NONE,
            Mode.NONE,
            grant=claimed if isinstance(claimed, str) else None,
            purpose=purpose if isinstance(purpose, str) else None,
        )
        at = self._clock()
        permit = None
        if not never_granted(path):
            permit = self._permits.of_token(tx, agent, self._origin + path, "read", at)
        # By its key, which costs no statement: a pod that is removed takes its grants with it in the same commit.
        pod = tx.pod_by_key(permit.grant.pod) if permit is not None else None
        if permit is None or pod is None or not path.startswith(pod.root):
            return refused
        view = GrantedView(permit.grant, self._origin, at, self._kept)
        if not view.covers(path, tx):
            return refused
        return Rights(Mode.READ, Mode.NONE, grant=permit.grant.iri, purpose=permit.purpose.iri, view=view)

    def challenge(self, agent: Agent, path: Path, needed: Mode, tx: Transaction) -> str | None:
        """Return a UMA challenge with a ticket for a read that a grant could allow.

        It is given to whoever shows no token, and to a controller that holds a live `rows` grant in this pod.
        To any other agent a refusal says nothing, so a grantee of aggregates gets 403 everywhere.
        """
        if needed != Mode.READ or never_granted(path) or not self._may_come_back(agent, path, tx):
            return None
        return challenge(self._tickets, self._origin, path, "read", self._clock())

    async def learn(self, groups: Collection[str]) -> None:
        """Find out about groups elsewhere that an access control list names."""
        await self._wac.learn(groups)

    def _may_come_back(self, agent: Agent, path: Path, tx: Transaction) -> bool:
        if agent.webid is None:
            return True
        if agent.claims:
            return agent.claims.get("output_mode") == OutputMode.ROWS.value
        pod = tx.pod(target.pod_name(path))
        if pod is None or registry_sql.controller(tx, agent.webid) is None:
            return False
        at = self._clock()
        return any(
            self._permits.in_force(tx, grant, agent.webid, at) is not None
            for grant in self._grants.given_rows(tx, pod.key, agent.webid, at)
        )


def never_granted(path: Path) -> bool:
    """Say whether no grant can reach a path: auxiliary resources, the root, and what the host keeps for itself."""
    _, _, relative = path[1:].partition("/")
    first = relative.partition("/")[0]
    return target.is_auxiliary(path) or not relative or first in CLOSED


def challenge(tickets: Tickets, origin: str, path: str, scope: str, at: float) -> str:
    """Return the WWW-Authenticate value that sends a client to our authorization server.

    UMA grant, 3.2.1: `as_uri` is the issuer as its discovery document has it, with the slash of Solid-OIDC.
    """
    return f'UMA realm="solid", as_uri="{origin}/", ticket="{tickets.first(path, scope, at)}"'
