"""The whole host as one ASGI application: resources of pods, and management routes below a leading dot."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pods import errors
from pods.authn.challenge import CHALLENGE
from pods.errors import PodError
from pods.http import cors, inbound, openapi, outbound
from pods.http.cycle import WHOLE_BODY
from pods.http.hosts import Hosts
from pods.http.problem import STATUSES, problem
from pods.model import Answer

log = logging.getLogger(__name__)

Alongside = Callable[[], AbstractAsyncContextManager[None]]
"""Work that begins when the host starts to serve and ends before its stores are closed."""

_ERROR_OF = {status: kind for kind, status in STATUSES.items() if kind not in (PodError, errors.StoreError)}


class Host:
    """Hands each request to the data plane or to the routes, and answers what neither foresaw."""

    def __init__(self, resources: ASGIApp, management: Starlette, *, realm: str, hosts: Hosts) -> None:
        self._hosts = hosts
        self._resources = resources
        self._management = management
        self._realm = realm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            try:
                self._hosts.require(scope["headers"])
            except PodError as error:
                await self._send_away(scope, send, error)
                return
        if (
            scope["type"] == "http"
            and scope["path"][:2] not in ("/", "/.")
            # RFC 8615: clients append a well-known path to an issuer that ends with a slash.
            and not scope["path"].startswith("//.well-known/")
        ):
            await self._resources(scope, receive, send)
        elif scope["type"] == "http":
            scope.pop(WHOLE_BODY, None)
            await self._manage(scope, receive, send)
        else:
            await self._management(scope, receive, send)

    async def _send_away(self, scope: Scope, send: Send, error: PodError) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        further = cors.fields(inbound.fields(scope["headers"]))
        await outbound.send_answer(send, self.problem(error), further, head=scope["method"] == "HEAD")

    async def _manage(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = inbound.fields(scope["headers"])
        further = cors.fields(request)
        if scope["method"] == "OPTIONS":
            allow = _allowed(self._management.routes, scope)
            answer = Answer(204, (("allow", allow),) if allow else ())
            await outbound.send_answer(send, answer, [*further, *cors.preflight(request)])
            return
        started = False

        async def send_with_fields(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own, more = outbound.with_one_vary(message["headers"], further)
                known = {name for name, _ in own}
                message["headers"] = [*own, *(field for field in more if field[0] not in known)]
            await send(message)

        try:
            await self._management(scope, receive, send_with_fields)
        except Exception as error:  # the one door for what nobody foresaw
            log.exception("request failed")
            if not started:
                await outbound.send_answer(send, self.problem(error), further)

    def problem(self, error: BaseException) -> Answer:
        """Return the problem document of an error."""
        return problem(error, realm=self._realm, challenge=CHALLENGE)


def management(
    routes: Sequence[BaseRoute],
    *,
    realm: str,
    close: Callable[[], Awaitable[None]],
    alongside: Sequence[Alongside] = (),
) -> FastAPI:
    """Return an application of these routes whose errors are problem documents; it closes the host at its end.

    What is `alongside` runs while the host serves.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # What start-up made stays until the end: without this, each full collection walks all of it again,
        # some tenths of a second in which nobody is served.
        gc.collect()
        gc.freeze()
        async with AsyncExitStack() as running:
            for beside in alongside:
                await running.enter_async_context(beside())
            yield
        await close()
        gc.unfreeze()  # or nothing of it would be released at the interpreter's end

    async def on_error(request: Request, error: Exception) -> Response:
        known = _as_pod_error(error)
        if isinstance(known, errors.MethodNotAllowed):
            # RFC 9110, 15.5.6: all methods of the resource, where the router knows those of one of its routes.
            known.headers = (("allow", _allowed(app.routes, request.scope)),)
        answer = problem(known, realm=realm, challenge=CHALLENGE)
        response = Response(answer.content, answer.status)
        for name, value in answer.headers:
            response.headers.append(name, value)
        return response

    app = FastAPI(
        title="Portico pod host",
        lifespan=lifespan,
        version=version("portico"),
        openapi_url="/.openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            PodError: on_error,
            HTTPException: on_error,
            RequestValidationError: on_error,
        },
    )
    app.router.routes.extend(routes)
    openapi.publish(app)
    return app


def _allowed(routes: Sequence[BaseRoute], scope: Scope) -> str:
    """Return the methods of all routes at this address, as Allow says it; nothing where there is no route."""
    methods: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted({*methods, "OPTIONS"})) if methods else ""


def _as_pod_error(error: Exception) -> Exception:
    if isinstance(error, RequestValidationError):
        places = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
        )
        return errors.Unprocessable(places)
    if isinstance(error, HTTPException):
        kind = _ERROR_OF.get(error.status_code)
        if kind is not None:
            fields = tuple((name.lower(), value) for name, value in (error.headers or {}).items())
            return kind(str(error.detail), headers=fields)
    return error
