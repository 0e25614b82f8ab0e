"""The UMA 2.0 authorization server: a ticket, an identity, a signed purpose, and a token for one minute."""

from __future__ import annotations

import secrets
from typing import Any

from consent import registry_sql, spent_sql
from consent.client.uma import GRANT_TYPE, ID_TOKEN_FORMAT
from consent.grants_sql import GRANTS_PATH, Grants
from consent.identity import BadIdentity, IdTokens
from consent.invitations import Invitations
from consent.model import DAY, RPT_SECONDS, Controller, ControllerState, Grant, OutputMode, PurposeDeclaration
from consent.permits import SCOPES, Permit, Permits
from consent.purpose_claim import CLAIM_FORMAT, BadClaim, bound_hash, check_claim
from consent.registry_sql import Purposes
from consent.tickets import Ticket, Tickets
from consent.uma_messages import Asking, Push, Reply, error, need_info
from consent.views import GrantedView
from pods import activity
from pods.identity.keys import SigningKeys
from pods.model import Agent, Path, WebId
from pods.protocol import target
from pods.storage.base import Pod, Transaction

TOKEN_PATH = "/.consent/uma/token"  # an address
NOTHING_GRANTED = "no grant in force covers this resource for this purpose"
"""Said whether pod, resource or grant are missing: the answer must not tell which."""
SUBMITTED = NOTHING_GRANTED + "; its owner is asked where that may be, so poll with the ticket"
"""Said as well where nobody is asked: no pod, a refusal, a cool-down, a preference. It must not tell which."""
POLL_SECONDS = 30  # between two looks of a client for the person's answer
POLLING_SECONDS = (
    DAY  # a person who answers later is found by the next request; tickets need no memory till then
)


class _Denied(Exception):
    """A refusal that the person whose pod it was about will see in their log."""

    def __init__(self, reason: str, purpose: str | None = None) -> None:
        super().__init__(reason)
        self.purpose = purpose


class AuthorizationServer:
    """Answers pushes of claims for the host at `origin`, each in one write transaction that also keeps the log."""

    def __init__(
        self,
        origin: str,
        keys: SigningKeys,
        identities: IdTokens,
        tickets: Tickets,
        invitations: Invitations,
        *,
        issuer: str,
    ) -> None:
        self._origin = origin
        self._issuer = issuer
        self._keys = keys
        self._identities = identities
        self._tickets = tickets
        self._invitations = invitations
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)
        self._permits = Permits(origin)

    async def learn(self, push: Push, at: float) -> None:
        """Find out, before `push`, what must be known of another issuer to read the identity in it."""
        ticket = self._tickets.open(push.ticket, at)
        if ticket is None or ticket.webid is not None or push.claim_token_format != ID_TOKEN_FORMAT:
            return
        await self._identities.learn(push.claim_token or "", push.proof.thumbprint)

    def ask(self, tx: Transaction, asking: Asking, at: float) -> None:
        """Ask the owner, if there is one who may be asked. Attack 29: done after an answer that is always the same."""
        pod = tx.pod(target.pod_name(Path(asking.path)))
        if pod is not None:
            self._invitations.ask_one(tx, pod, asking.controller, asking.purpose, at)

    def push(self, tx: Transaction, push: Push, at: float) -> Reply:
        """Take one claim (UMA grant, 3.3.1) and answer: a token, the next ticket, or a refusal."""
        if push.grant_type != GRANT_TYPE:
            return Reply(400, error("unsupported_grant_type", f"grant_type must be {GRANT_TYPE}"))
        ticket = self._tickets.open(push.ticket, at)
        # Attack 7: a ticket is spent by its first use, whatever comes of it, and whoever comes second is refused.
        if ticket is None or not spent_sql.spend_ticket(tx, ticket.id, ticket.expires_at, at):
            return Reply(
                400, error("invalid_grant", "the ticket is unknown, used or too old; ask for a new one")
            )
        # UMA grant, 3.3.6: invalid_scope where a scope "does not match an available scope" of the ticket's resource.
        if set(push.scopes) - {ticket.scope}:
            return Reply(400, error("invalid_scope", f"the ticket is for the scope {ticket.scope!r} alone"))
        agent = Agent(ticket.webid, ticket.client_id)
        try:
            if ticket.webid is None:
                return self._identified(ticket, push, at)
            if push.proof.thumbprint != ticket.thumbprint:
                raise _Denied("the ticket is bound to another client's key")
            return self._purposeful(tx, ticket, agent, push, at)
        except _Denied as denied:
            self._log(tx, ticket, agent, str(denied), denied.purpose, at)
            return Reply(403, error("request_denied", str(denied)))

    def _identified(self, ticket: Ticket, push: Push, at: float) -> Reply:
        """Take the identity, and ask for the purpose with a ticket that this client alone can use."""
        if push.claim_token_format != ID_TOKEN_FORMAT:
            return Reply(403, need_info(self._tickets.again(ticket, at), ID_TOKEN_FORMAT, self._issuer))
        try:
            identity = self._identities.read(push.claim_token or "", at)
        except BadIdentity as bad:
            raise _Denied(str(bad)) from bad
        if identity.thumbprint != push.proof.thumbprint:
            raise _Denied("the ID token is bound to another key than the DPoP proof's")
        bound = self._tickets.next(
            ticket, at, webid=identity.webid, client_id=identity.client_id, thumbprint=identity.thumbprint
        )
        return Reply(403, need_info(bound, CLAIM_FORMAT, self._issuer))

    def _purposeful(self, tx: Transaction, ticket: Ticket, agent: Agent, push: Push, at: float) -> Reply:
        """Take the purpose, and give a token if a grant in force says so."""
        polling = ticket.purpose is not None and push.claim_token is None
        if not polling and push.claim_token_format != CLAIM_FORMAT:
            return Reply(403, need_info(self._tickets.again(ticket, at), CLAIM_FORMAT, self._issuer))
        controller = registry_sql.controller(tx, str(agent.webid))
        if controller is None or controller.state is not ControllerState.APPROVED:
            raise _Denied("only an organisation that is registered and approved may ask")
        # Who polls proved the purpose when polling began; the ticket keeps it sealed.
        iri = str(ticket.purpose) if polling else self._claimed_purpose(tx, ticket, controller, push, at)
        purpose = self._good_purpose(tx, controller, iri, at)
        permit = self._permit(tx, ticket, controller, purpose.iri, at)
        if permit is not None:
            return Reply(200, self._token(ticket, permit, at))
        return self._submitted(tx, ticket, agent, purpose, at)

    def _submitted(
        self, tx: Transaction, ticket: Ticket, agent: Agent, purpose: PurposeDeclaration, at: float
    ) -> Reply:
        """Let the client wait for the person (UMA grant, 3.3.6), unless no answer of theirs could help it.

        Attacks 15 and 29: what is decided here hangs on what the client knows anyway: its declaration, its own
        grants, and its own clock. That somebody refused, or does not exist, looks as if they had not answered yet.
        """
        pod, _ = self._place(tx, ticket)
        rows = any(item.mode is OutputMode.ROWS for item in purpose.items)
        held = self._grants.by_purpose(tx, pod.key, purpose.iri) if pod is not None else None
        live = held is not None and self._permits.in_force(tx, held, agent.webid, at) is not None
        until = ticket.until or at + POLLING_SECONDS
        latest = self._purposes.latest(tx, purpose.identifier)
        if not live and (latest is None or latest.iri != purpose.iri):
            raise _Denied("purpose claim: a newer version has superseded this purpose", purpose.iri)
        if ticket.scope != "read" or not rows or live or at >= until:
            raise _Denied(NOTHING_GRANTED, purpose.iri)
        if ticket.purpose is None:  # polling adds no lines: one attempt, one line
            self._log(tx, ticket, agent, NOTHING_GRANTED, purpose.iri, at)
        body = {
            **error("request_submitted", SUBMITTED),
            "ticket": self._tickets.waiting(ticket, at, purpose=purpose.iri, until=until),
            "interval": POLL_SECONDS,
        }
        return Reply(403, body, Asking(ticket.path, WebId(str(agent.webid)), purpose.iri))

    def _claimed_purpose(
        self, tx: Transaction, ticket: Ticket, controller: Controller, push: Push, at: float
    ) -> str:
        try:
            claim = check_claim(
                push.claim_token or "",
                controller.jwks,
                client_id=ticket.client_id,
                webid=controller.iri,
                audience=self._issuer,
                at=at,
                bound=("ticket_hash", bound_hash(push.ticket.encode("ascii"))),
            )
        except BadClaim as bad:
            raise _Denied(str(bad)) from bad
        if not spent_sql.spend_claim(tx, "purpose " + controller.iri, claim.jti, claim.expires_at, at):
            raise _Denied("purpose claim: it was used before", claim.purpose)
        return claim.purpose

    def _good_purpose(
        self, tx: Transaction, controller: Controller, iri: str, at: float
    ) -> PurposeDeclaration:
        purpose = self._purposes.by_iri(tx, iri)
        if purpose is None:
            raise _Denied("purpose claim: there is no such purpose, or its text was changed", iri)
        if purpose.controller != controller.iri:
            raise _Denied("purpose claim: the purpose belongs to another controller", iri)
        if not purpose.active(at):
            raise _Denied("purpose claim: the purpose has ended", iri)
        return purpose

    def _permit(
        self, tx: Transaction, ticket: Ticket, controller: Controller, iri: str, at: float
    ) -> Permit | None:
        """Return the permit for what was refused: purposes match by equality, modes by name, resources exactly."""
        pod, grant = self._place(tx, ticket)
        if ticket.scope == "read":
            grant = self._grants.by_purpose(tx, pod.key, iri) if pod is not None else None
        if grant is None or grant.purpose != iri:
            return None
        permit = self._permits.in_force(tx, grant, controller.iri, at)
        if permit is None or SCOPES[ticket.scope] not in grant.modes():
            return None
        if ticket.scope == "read" and not GrantedView(grant, self._origin, at).covers(ticket.path, tx):
            return None
        return permit

    def _place(self, tx: Transaction, ticket: Ticket) -> tuple[Pod | None, Grant | None]:
        """Return the pod that a ticket is about, and the grant if its address names one."""
        if ticket.path.startswith(GRANTS_PATH):
            grant = self._grants.by_id(tx, ticket.path.removeprefix(GRANTS_PATH).partition("/")[0])
            return (tx.pod_by_key(grant.pod), grant) if grant is not None else (None, None)
        return tx.pod(target.pod_name(Path(ticket.path))), None

    def _token(self, ticket: Ticket, permit: Permit, at: float) -> dict[str, Any]:
        grant = permit.grant
        expires = min(int(at) + RPT_SECONDS, int(grant.expires_at))
        claims = {
            "iss": self._issuer,
            "sub": grant.controller,
            "webid": grant.controller,
            "client_id": ticket.client_id,
            "aud": ["solid", self._origin],
            "iat": int(at),
            "exp": expires,
            "jti": secrets.token_urlsafe(16),
            "cnf": {"jkt": ticket.thumbprint},
            "permissions": [
                {"resource_id": self._origin + ticket.path, "resource_scopes": [ticket.scope], "exp": expires}
            ],
            "grant": grant.iri,
            "purpose": permit.purpose.iri,
            "output_mode": SCOPES[ticket.scope].value,
            "epoch": grant.epoch,
        }
        token = self._keys.sign(claims, "at+jwt")
        return {"access_token": token, "token_type": "DPoP", "expires_in": max(0, expires - int(at))}

    def _log(
        self, tx: Transaction, ticket: Ticket, agent: Agent, reason: str, purpose: str | None, at: float
    ) -> None:
        pod, grant = self._place(tx, ticket)
        # Whoever proved no identity leaves no line, as elsewhere: strangers could fill a person's log at will.
        if pod is None or agent.webid is None:
            return
        activity.append(
            tx,
            pod.key,
            agent=agent,
            path=ticket.path,
            action=f"ask to {ticket.scope}",
            decision=activity.DENY,
            reason=reason,
            grant=grant.iri if grant is not None else None,
            purpose=purpose,
            at=at,
        )
