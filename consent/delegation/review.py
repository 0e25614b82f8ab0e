"""What somebody who came of age is asked to look at again: consents that a guardian gave, and that go on."""

from __future__ import annotations

from consent.delegation import delegations_sql, stances_sql
from consent.delegation.model import Kind
from consent.grants_sql import Grants
from consent.model import Grant, GrantState
from pods.storage.base import Pod, Transaction


def to_review(tx: Transaction, grants: Grants, pod: Pod, at: float) -> list[Grant]:
    """Return the consents in force that guardians gave whose powers have ended.

    They stay valid, for they were lawfully given; the person withdraws or confirms them, and giving one again is
    a confirmation. Nothing needs to run at midnight: the list is what the clock makes of the rows.
    """
    guardians = {
        one.delegate
        for one in delegations_sql.of_pod(tx, pod.key)
        if one.kind is Kind.GUARDIAN and one.accepted and not one.active(at)
    }
    if not guardians:
        return []
    return [
        grant
        for grant in grants.of_pod(tx, pod.key)
        if grant.state_at(at) is GrantState.GIVEN and stances_sql.given_by(tx, grant.id) in guardians
    ]
