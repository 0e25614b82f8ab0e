"""Who may act for the owner of a pod: decided in the transaction that acts, from the rows as they stand in it."""

from __future__ import annotations

from dataclasses import dataclass

from consent import people_sql
from consent.delegation import delegations_sql
from consent.delegation.model import Delegation, Kind, Power
from pods.errors import Forbidden
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """In whose name somebody acts; `delegation` is None for the owner themself."""

    pod: Pod
    delegation: Delegation | None


def require(tx: Transaction, pod: Pod, webid: WebId, power: Power, at: float) -> Delegation | None:
    """Return the delegation that lets somebody act for the owner of a pod, None for the owner themself.

    Raises Forbidden, saying which power lacks. A delegate cannot hand on what they hold: only the owner of the pod
    or a delegation of that very pod counts, never a chain.
    """
    dead = delegations_sql.is_dead(tx, pod.key)
    if webid == pod.owner:
        if dead:
            raise Forbidden("The death of this person is on record: nothing is done in their name any more.")
        if power is Power.GIVE and guarded(tx, pod.key, at):
            raise Forbidden(
                "Somebody else gives consent for you at present (a guardian or a legal representative). You can "
                "still see, refuse and withdraw everything yourself."
            )
        return None
    held = [one for one in delegations_sql.between(tx, pod.key, webid) if one.active(at)]
    # Heirs hold nothing while the person lives, and nobody but heirs holds anything afterwards.
    held = [one for one in held if (one.kind is Kind.HEIR) is dead]
    found = next((one for one in held if power in one.powers), None)
    if found is None:
        # The same answer whether there is such a person or not, and whether a delegation ended or never was.
        raise Forbidden(f"You may not act for this person here: the power {power.value!r} lacks.")
    return found


def guarded(tx: Transaction, pod: int, at: float) -> bool:
    """Say whether the owner of a pod cannot give consent themself at this time."""
    return any(one.exclusive and one.active(at) for one in delegations_sql.of_pod(tx, pod))


def standing(tx: Transaction, agent: Agent, whose: str | None, power: Power, at: float) -> Standing:
    """Return in whose name a caller acts: their own, or that of the person with the WebID `whose`.

    Raises Forbidden.
    """
    webid = agent.webid or WebId("")
    pod = people_sql.own_pod(tx, whose or webid)
    if pod is None:
        if whose and whose != webid:
            raise Forbidden(f"You may not act for this person here: the power {power.value!r} lacks.")
        raise Forbidden("This WebID owns no pod on this host.")
    return Standing(pod, require(tx, pod, webid, power, at))
