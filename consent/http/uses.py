"""Routes where a service uses a grant without seeing the pod: the grant's inbox, and claims."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import deliveries
from consent.claims.evaluation import Left, Stale, is_answered, require_allowed, settle
from consent.claims.evaluator import Evaluator
from consent.claims.reading import Found
from consent.claims.sealing import ResultSeal
from consent.claims.terms import Asked, asked
from consent.enforcement import challenge
from consent.http.callers import (
    MAX_DELIVERY,
    PRIVATE,
    json_answer,
    json_body,
    media_type,
)
from consent.http.ground import Ground, Routes, routes_of
from consent.model import Grant
from consent.permits import Permit, Permits
from consent.receipts.keys import KeyLookup
from consent.receipts.signing import MEDIA_TYPE as RECEIPT
from consent.tickets import Tickets
from pods import activity
from pods.errors import Conflict, Forbidden, PodError, Unauthenticated
from pods.http.callers import limited_body
from pods.http.openapi import OBJECT, TEXT, described
from pods.model import Agent
from pods.protocol import rdf
from pods.quota import Quota
from pods.storage.base import Pod, Transaction

T = TypeVar("T")
MAX_TRIES = 3  # receipts came or went while the rule ran: read them again, this often


class UseRoutes(Routes):
    """`/.consent/grants/{id}/inbox` and `/claims`; the token alone says which pod is meant."""

    def __init__(
        self,
        ground: Ground,
        tickets: Tickets,
        evaluator: Evaluator,
        seal: ResultSeal,
        issuers: KeyLookup,
        *,
        quota: Quota,
    ) -> None:
        super().__init__(ground)
        self._quota = quota
        self._tickets = tickets
        self._evaluator = evaluator
        self._seal = seal
        self._issuers = issuers
        self._permits = Permits(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent/grants`."""
        return routes_of(
            "/.consent/grants",
            "use",
            (
                "POST",
                "/{grant_id}/inbox",
                self.deliver,
                described(
                    status=201,
                    also=(200,),
                    body=TEXT,
                    body_types=(RECEIPT, *rdf.OFFERED),
                    places=("grant_id",),
                    token=True,
                ),
            ),
            (
                "POST",
                "/{grant_id}/claims",
                self.claim,
                described(OBJECT, body=OBJECT, places=("grant_id",), token=True),
            ),
        )

    async def deliver(self, request: Request) -> Response:
        """Add a document to the pod of an `append` grant. The answer says nothing about where it went."""
        agent = await self._token(request, "append")
        delivery = deliveries.read(
            media_type(request), await limited_body(request, MAX_DELIVERY), self._origin, self._issuers
        )

        def deliver(tx: Transaction) -> bool:
            at = self._clock()
            permit = self._permit(tx, request, agent, "append", at)
            return deliveries.deliver(tx, delivery, permit, agent, at, self._quota)

        new = await self._logged(request, agent, "append", lambda: self._commits.submit(deliver))
        return Response(status_code=201 if new else 200, headers=PRIVATE)

    async def claim(self, request: Request) -> Response:
        """Compute a published rule beside the pod of a `claim` grant; only its signed result leaves."""
        agent = await self._token(request, "claim")
        body = await json_body(request)
        left = await self._logged(request, agent, "claim", lambda: self._claimed(request, agent, body))
        return json_answer({"result": left.result, "jws": left.signed})

    async def _claimed(self, request: Request, agent: Agent, body: Any) -> Left:
        wanted = asked(body)
        for _ in range(MAX_TRIES):
            pod = await self._store.read(lambda tx: self._to_read(tx, request, agent, wanted))
            found = await self._evaluator.found(pod, wanted) if pod is not None else None

            def leave(tx: Transaction, found: Found | None = found) -> Left:
                return self._leave(tx, request, agent, wanted, found)

            try:
                return await self._commits.submit(leave)
            except Stale:
                continue
        raise Conflict("The receipts of these months changed while the rule ran, again and again; ask again.")

    def _to_read(self, tx: Transaction, request: Request, agent: Agent, wanted: Asked) -> Pod | None:
        """Return the pod to look into, or None where the answer is there already; nothing is read without a right."""
        grant = self._permit(tx, request, agent, "claim", self._clock()).grant
        require_allowed(tx, grant, wanted)
        return None if is_answered(tx, grant, wanted) else _pod(tx, grant)

    def _leave(
        self, tx: Transaction, request: Request, agent: Agent, wanted: Asked, found: Found | None
    ) -> Left:
        at = self._clock()
        # A withdrawal while the rule ran: what was found is thrown away here, and nothing leaves.
        permit = self._permit(tx, request, agent, "claim", at)
        pod = _pod(tx, permit.grant)
        # Design, rule 3: the line comes first; if the claim then fails, both are undone together.
        activity.append(
            tx,
            pod.key,
            agent=agent,
            path=pod.root,
            action="claim",
            decision=activity.PERMIT,
            reason=wanted.terms.rule.iri,
            grant=permit.grant.iri,
            purpose=permit.purpose.iri,
            at=at,
        )
        return settle(tx, pod, permit.grant, wanted, found, at, self._seal)

    async def _token(self, request: Request, scope: str) -> Agent:
        """Return the agent of a party token; anybody else gets a ticket, before the body is read."""
        try:
            agent = await self._callers.agent(request)
        except Unauthenticated as error:
            # UMA grant, 3.6: who comes with a token that proves nothing is told what everybody else is.
            ticket = self._challenge(request, scope, str(error))
            raise Unauthenticated(str(error), headers=(*error.headers, *ticket.headers)) from error
        if not agent.claims:
            raise self._challenge(
                request, scope, "This needs a token for the grant; trade the ticket for one."
            )
        return agent

    def _permit(self, tx: Transaction, request: Request, agent: Agent, scope: str, at: float) -> Permit:
        """Return what the token's grant allows now; the token must be for the grant in the address."""
        permit = self._permits.of_token(tx, agent, self._origin + request.scope["path"], scope, at)
        if permit is None or not permit.grant.iri.endswith(f"/{request.path_params['grant_id']}"):
            raise _NotInForce
        return permit

    async def _logged(
        self, request: Request, agent: Agent, scope: str, work: Callable[[], Awaitable[T]]
    ) -> T:
        """Do the work; a refusal is logged for the person."""
        try:
            return await work()
        except _NotInForce:
            await self._commits.submit(lambda tx: self._refused(tx, request, agent, scope, "not in force"))
            raise self._challenge(request, scope, "The token's grant is not in force (any more).") from None
        except PodError as error:
            reason = f"{error.code}: {error}"  # the owner's wallet has words for each code
            await self._commits.submit(lambda tx: self._refused(tx, request, agent, scope, reason))
            raise

    def _refused(self, tx: Transaction, request: Request, agent: Agent, scope: str, reason: str) -> None:
        grant = self._permits.named(tx, request.path_params["grant_id"])
        if grant is None:
            return
        activity.append(
            tx,
            grant.pod,
            agent=agent,
            path=request.scope["path"],
            action=scope,
            decision=activity.DENY,
            reason=reason,
            grant=grant.iri,
            purpose=grant.purpose,
            at=self._clock(),
        )

    def _challenge(self, request: Request, scope: str, message: str) -> Unauthenticated:
        value = challenge(self._tickets, self._origin, request.scope["path"], scope, self._clock())
        return Unauthenticated(message, headers=(("www-authenticate", value),))


def _pod(tx: Transaction, grant: Grant) -> Pod:
    pod = tx.pod_by_key(grant.pod)
    if pod is None:
        raise Forbidden("The grant is without effect.")
    return pod


class _NotInForce(Exception):
    """The token's grant allows nothing now; leaves the transaction without a trace, which is added after."""
