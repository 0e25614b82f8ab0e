"""What a delegate may not do although they hold the power: decide about themself, or against who said no."""

from __future__ import annotations

from consent import grants_sql, people_sql
from consent.delegation import delegations_sql, drafts_sql, profiles, stances_sql
from consent.delegation.model import Delegation, Power
from consent.model import Controller, Grant, GrantState, PurposeDeclaration, Suspension
from pods.errors import Conflict, Forbidden
from pods.storage.base import Pod, Transaction


def require_no_interest(tx: Transaction, delegate: str, controller: Controller) -> None:
    """Raise Forbidden if a delegate would give consent to what is theirs (attack 19: self-dealing)."""
    own = people_sql.own_pod(tx, controller.iri)
    acts_for = own is not None and any(
        one.ended_at is None for one in delegations_sql.between(tx, own.key, delegate)
    )
    contacts = {controller.contact.removeprefix("mailto:"), controller.dpo.removeprefix("mailto:")}
    if (
        delegate == controller.iri
        or acts_for
        or delegate in contacts
        or delegations_sql.has_interest(tx, delegate, controller.iri)
        or not contacts.isdisjoint(profiles.mailboxes(tx, delegate))
    ):
        raise Forbidden(
            f"You stand on the side of {controller.name}: somebody else must decide about this for the person. "
            "Refusing and withdrawing stay open to you."
        )


def against(
    tx: Transaction, pod: Pod, delegation: Delegation, purpose: PurposeDeclaration, at: float
) -> str | None:
    """Return who decides beside the delegate and said no, in words: the most restrictive answer wins.

    Who has prepared a yes since then takes that no back: of two who said no one has to be the first.
    """
    others: dict[str, str] = {
        str(one.delegate): "somebody else who decides for this person"
        for one in delegations_sql.of_pod(tx, pod.key)
        if one.active(at)
        and one.delegate != delegation.delegate
        and not one.powers.isdisjoint({Power.GIVE, Power.REFUSE})
    }
    if not delegation.exclusive:
        others[pod.owner] = "the person themself"
    agreed = {draft.prepared_by for draft in drafts_sql.of_pod(tx, pod.key) if draft.purpose == purpose.iri}
    asked = [one for one in others if one not in agreed]
    said_no = stances_sql.latest_no(tx, pod.key, purpose.identifier, asked)
    return others[said_no] if said_no is not None else None


def said_no(tx: Transaction, pod: Pod, delegate: str, purpose: PurposeDeclaration) -> bool:
    """Say whether a delegate's own last word is no."""
    return stances_sql.latest_no(tx, pod.key, purpose.identifier, [delegate]) is not None


def require_wakeable(tx: Transaction, grant: Grant) -> None:
    """Raise Conflict unless a consent rests because of a delegate's no.

    That no counts in `against` while who said it decides. When nobody holds their powers any more, the
    consent still rests, until somebody who may give says yes anew.
    """
    if Suspension.GUARDIAN_CONFLICT.value not in grants_sql.suspensions(tx, grant.id):
        raise Conflict(
            "This consent rests, and not because of a no: a restriction or a new version comes first."
        )


def given_by_another(tx: Transaction, grant: Grant, delegate: str, at: float) -> bool:
    """Say whether a grant is in force, or rests, that another delegate gave: not this one, nor the person themself."""
    giver = stances_sql.given_by(tx, grant.id)
    return grant.state_at(at) in (GrantState.GIVEN, GrantState.SUSPENDED) and giver not in (
        "",
        delegate,
        grant.subject,
    )
