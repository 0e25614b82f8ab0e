"""Routes where a service uses a grant without seeing the pod: the grant's inbox, and claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import claims, deliveries
from consent.enforcement import challenge
from consent.http.callers import (
    MAX_DELIVERY,
    PRIVATE,
    Callers,
    json_answer,
    json_body,
    media_type,
)
from consent.permits import Permit, Permits
from consent.receipts.keys import KeyLookup
from consent.receipts.signing import MEDIA_TYPE as RECEIPT
from consent.tickets import Tickets
from pods import activity
from pods.errors import Forbidden, PodError, Unauthenticated
from pods.http.callers import limited_body
from pods.http.openapi import OBJECT, TEXT, described
from pods.identity.keys import SigningKeys
from pods.model import Agent, Clock
from pods.protocol import rdf
from pods.quota import Quota
from pods.storage.base import Commits, Transaction

T = TypeVar("T")
RESULT_TYP = "claim-result+jwt"
"""The `typ` of a signed result, so that it passes for nothing else (RFC 8725 section 3.11)."""


class UseRoutes:
    """`/.consent/grants/{id}/inbox` and `/claims`; the token alone says which pod is meant."""

    def __init__(
        self,
        callers: Callers,
        tickets: Tickets,
        keys: SigningKeys,
        issuers: KeyLookup,
        *,
        origin: str,
        commits: Commits,
        quota: Quota,
        clock: Clock,
    ) -> None:
        self._quota = quota
        self._callers = callers
        self._tickets = tickets
        self._keys = keys
        self._issuers = issuers
        self._origin = origin
        self._commits = commits
        self._clock = clock
        self._permits = Permits(origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent/grants`."""
        router = APIRouter(prefix="/.consent/grants", tags=["use"])
        router.add_api_route(
            "/{grant_id}/inbox",
            self.deliver,
            methods=["POST"],
            **described(
                status=201,
                also=(200,),
                body=TEXT,
                body_types=(RECEIPT, *rdf.OFFERED),
                places=("grant_id",),
                token=True,
            ),
        )
        router.add_api_route(
            "/{grant_id}/claims",
            self.claim,
            methods=["POST"],
            **described(OBJECT, body=OBJECT, places=("grant_id",), token=True),
        )
        return list(router.routes)

    async def deliver(self, request: Request) -> Response:
        """Add a document to the pod of an `append` grant. The answer says nothing about where it went."""
        agent = await self._token(request, "append")
        delivery = deliveries.read(
            media_type(request), await limited_body(request, MAX_DELIVERY), self._origin, self._issuers
        )
        new = await self._under_grant(
            request,
            agent,
            "append",
            lambda tx, permit, at: deliveries.deliver(tx, delivery, permit, agent, at, self._quota),
        )
        return Response(status_code=201 if new else 200, headers=PRIVATE)

    async def claim(self, request: Request) -> Response:
        """Compute a published rule beside the pod of a `claim` grant; only its signed result leaves."""
        agent = await self._token(request, "claim")
        body = await json_body(request)
        result = await self._under_grant(
            request, agent, "claim", lambda tx, permit, at: self._claim(tx, permit, agent, body, at)
        )
        at = int(self._clock())
        signed = {**result, "iss": self._origin + "/", "aud": agent.webid, "iat": at}
        return json_answer({"result": result, "jws": self._keys.sign(signed, RESULT_TYP)})

    def _claim(self, tx: Transaction, permit: Permit, agent: Agent, body: Any, at: float) -> dict[str, Any]:
        pod = tx.pod_by_key(permit.grant.pod)
        if pod is None:
            raise Forbidden("The grant is without effect.")
        # Design, rule 3: the line comes first; if the claim then fails, both are undone together.
        activity.append(
            tx,
            pod.key,
            agent=agent,
            path=pod.root,
            action="claim",
            decision=activity.PERMIT,
            reason=str(body.get("rule", "")) if isinstance(body, dict) else "",
            grant=permit.grant.iri,
            purpose=permit.purpose.iri,
            at=at,
        )
        return claims.evaluate(tx, pod, permit.grant, body, at).as_json()

    async def _token(self, request: Request, scope: str) -> Agent:
        """Return the agent of a party token; anybody else gets a ticket, before the body is read."""
        agent = await self._callers.agent(request)
        if not agent.claims:
            raise self._challenge(
                request, scope, "This needs a token for the grant; trade the ticket for one."
            )
        return agent

    async def _under_grant(
        self, request: Request, agent: Agent, scope: str, act: Callable[[Transaction, Permit, float], T]
    ) -> T:
        """Check the token's grant and act in one transaction; a refusal is logged for the person."""

        def job(tx: Transaction) -> T:
            at = self._clock()
            permit = self._permits.of_token(tx, agent, self._origin + request.scope["path"], scope, at)
            if permit is None or not permit.grant.iri.endswith(f"/{request.path_params['grant_id']}"):
                raise _NotInForce
            return act(tx, permit, at)

        try:
            return await self._commits.submit(job, long=scope == "claim")
        except _NotInForce:
            await self._commits.submit(lambda tx: self._refused(tx, request, agent, scope, "not in force"))
            raise self._challenge(request, scope, "The token's grant is not in force (any more).") from None
        except PodError as error:
            reason = str(error)
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


class _NotInForce(Exception):
    """The token's grant allows nothing now; leaves the transaction without a trace, which is added after."""
