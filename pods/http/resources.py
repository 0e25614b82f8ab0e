"""The data plane: a plain ASGI callable over the pod service."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

from starlette.types import Receive, Scope, Send

from pods.authn.challenge import CHALLENGE
from pods.authn.verifier import NeedsFetch, Verifier
from pods.errors import Forbidden, MethodNotAllowed, PodError, Unauthenticated
from pods.http import cors, inbound, outbound
from pods.http.arriving import Arriving
from pods.http.cycle import WHOLE_BODY
from pods.http.problem import PROBLEM_JSON, problem
from pods.model import PUBLIC, Agent, Answer, Operation
from pods.pages.page import ResourcePages
from pods.protocol import headers, negotiate, target, variant
from pods.refusing import Refusing

log = logging.getLogger(__name__)

_PROBLEMS = (PROBLEM_JSON, "application/json")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Service(Protocol):
    """What the data plane needs of the pod service."""

    @property
    def refusing(self) -> Refusing:
        """Who makes the errors of what is refused."""

    async def answer(self, op: Operation) -> Answer: ...


class Resources:
    """Every path that does not begin with a dot is a resource of a pod."""

    def __init__(
        self,
        service: Service,
        verifier: Verifier,
        *,
        base_url: str,
        max_body: int,
        pages: ResourcePages | None = None,
    ) -> None:
        self._service = service
        self._verifier = verifier
        self._signatures = verifier.signatures
        self._base = base_url
        self._max_body = max_body
        self._pages = pages or ResourcePages(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = inbound.fields(scope["headers"])
        method: str = scope["method"]
        further = cors.fields(request)
        body = Arriving(request, receive, most=self._max_body, whole=scope.pop(WHOLE_BODY, None))
        try:
            self._signatures.begin()
            try:
                answer = await self._answer(method, scope, request, body, further)
            finally:
                self._signatures.end()
            if answer.stream is not None and method != "HEAD":
                await outbound.send_stream(send, receive, answer, further)
                return
        except PodError as error:
            answer = self._problem(error, request)
            # We foresaw it: nobody looks at its frames, and one of them mostly holds it.
            error.__traceback__ = None
        except Exception as error:  # the one door for what nobody foresaw
            log.exception("request failed")
            answer = self._problem(error, request)
        unread = body if method in inbound.WITH_BODY and body.left_unread else None
        await outbound.send_answer(send, answer, further, head=method == "HEAD", unread=unread)

    async def _answer(
        self,
        method: str,
        scope: Scope,
        request: Mapping[bytes, bytes],
        body: Arriving,
        further: list[tuple[bytes, bytes]],
    ) -> Answer:
        # The path as it was sent, never decoded twice; the origin is a setting, never the Host header.
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        if raw_path == b"*" and method == "OPTIONS":
            # RFC 9110, 9.3.7: of the server in general, "a 'ping' or 'no-op' type of method".
            return Answer(204, (("allow", cors.METHODS),))
        path = target.canonical(raw_path)
        if method == "OPTIONS":
            further += cors.preflight(request)
            return Answer(204, headers.descriptive(self._base, path))
        if method not in METHODS:
            raise MethodNotAllowed(f"{method} is not supported.", headers=(("allow", headers.allowed(path)),))
        if b"service-worker" in request:
            # A worker would stand between the browser and every pod of this origin.
            raise Forbidden("Pod content is not served as a service worker.")
        query = scope.get("query_string", b"").decode("latin-1")
        if query and method not in ("GET", "HEAD") and variant.named(query).leads_elsewhere:
            # Solid Protocol, 5.5: a write to the address of a representation is sent on to the resource.
            return Answer(308, (("location", self._base + path),))
        try:
            agent = await self._agent(method, self._base + raw_path.decode("ascii"), request)
        except Unauthenticated as error:
            raise await self._service.refusing.unproved(method, path, error) from error
        return await self._service.answer(await inbound.operation(method, path, agent, request, body, query))

    async def _agent(self, method: str, url: str, request: Mapping[bytes, bytes]) -> Agent:
        try:
            waits = self._verifier.waits()
            agent = PUBLIC if waits else self._verifier.agent(method, url, request)
        except NeedsFetch:
            waits = True
        if waits:
            agent = await self._verifier.agent_async(method, url, request)
        origin = request.get(b"origin")
        if origin is None:
            return agent
        return Agent(agent.webid, agent.client_id, agent.issuer, agent.claims, origin.decode("latin-1"))

    def _problem(self, error: BaseException, request: Mapping[bytes, bytes]) -> Answer:
        answer = problem(error, realm=self._base, challenge=CHALLENGE, of_resource=True)
        accept = request.get(b"accept", b"")
        if b"html" in accept and negotiate.prefers_html(accept.decode("latin-1"), _PROBLEMS):
            return self._pages.problem(answer, request.get(b"accept-language", b"").decode("latin-1"))
        return answer
