"""A question that reaches a worker without the projection: handed to the process of this machine that has it.

The request goes over a socket in the data folder as it came, with its token, proof and signed purpose: the process that
answers it checks them, and nobody has to be believed.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from consent.aggregation.errors import QuestionLost
from pods.errors import PodError, StoreUnavailable
from pods.storage.lock_holders import Holder

log = logging.getLogger(__name__)

SOCKET = "questions.sock"
LONGEST = 100  # bytes of its path; the kernel takes 107 (unix(7), sun_path)
ANSWER_SECONDS = 40.0  # the process answers 202 after 10; more is a machine that stands still
GRACE = 2  # seconds for questions under way when the host stops
BACKLOG = 128
_CREDENTIALS = struct.Struct("3i")  # process, user and group of who listens (unix(7), SO_PEERCRED)
_SENT = ("authorization", "dpop", "content-type", "accept")
_OWN = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})


class _Beside(uvicorn.Server):
    """A server beside that of the host, which alone hears of signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Relay:
    """The socket of one machine's questions, from both ends."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` is the data folder; without one there is nobody to hand anything to."""
        self._path = folder / SOCKET if folder and len(bytes(folder / SOCKET)) <= LONGEST else None
        self._app: ASGIApp | None = None
        self._server: tuple[_Beside, asyncio.Task[None]] | None = None

    @asynccontextmanager
    async def open(self, app: ASGIApp) -> AsyncIterator[None]:
        """Let `listen` hand what others send to `app` while the block lasts."""
        self._app = app
        try:
            yield
        finally:
            self._app = None
            await self._stop()

    async def listen(self) -> None:
        """Take questions of the other workers from now on. Only the process that has the projection may call this."""
        if self._app is None or self._path is None or self._server is not None:
            return
        # Whoever bound it before had the projection before, and is gone.
        self._path.unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        bound.bind(str(self._path))
        self._path.chmod(0o600)
        config = uvicorn.Config(
            self._app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            backlog=BACKLOG,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        server = _Beside(config)
        self._server = server, asyncio.create_task(server.serve(sockets=[bound]), name="questions")

    async def _stop(self) -> None:
        if self._server is None or self._path is None:
            return
        # First the name: once the projection is let go, it belongs to whoever takes that over.
        self._path.unlink(missing_ok=True)
        (server, task), self._server = self._server, None
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)

    def _owner(self) -> str:
        """Return which process listens, and whether it is stopped: nobody can take the projection from it."""
        if sys.platform == "linux":
            with socket.socket(socket.AF_UNIX) as asking, suppress(OSError):
                asking.setblocking(False)
                asking.connect(str(self._path))
                pid, _, _ = _CREDENTIALS.unpack(
                    asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
                )
                if pid:  # 0: a process of another namespace
                    return str(Holder(pid))
        return "another process, of which this system says no more"

    async def answered(self, request: Request, body: bytes) -> Response | None:
        """Return the answer of the process that has the projection, or None if that is this one, or nobody.

        Raises QuestionLost if it stops meanwhile, and StoreUnavailable if it does not answer in time.
        """
        if self._path is None or self._server is not None or not self._path.exists():
            return None
        fields = [(name, value) for name, value in request.headers.items() if name in _SENT]
        transport = httpx.AsyncHTTPTransport(uds=str(self._path))
        async with httpx.AsyncClient(transport=transport, timeout=ANSWER_SECONDS) as http:
            try:
                answer = await http.post(f"http://localhost{request.url.path}", headers=fields, content=body)
            except httpx.ConnectError:
                return None  # left behind by a process that is gone; nothing was sent
            except httpx.TimeoutException as error:
                log.warning(
                    "a question had no answer for %g s: %s, has the projection", ANSWER_SECONDS, self._owner()
                )
                raise StoreUnavailable(
                    "The process that answers questions is busy: ask the same again, which waits for the same answer."
                ) from error
            except httpx.TransportError as error:
                raise QuestionLost(
                    "The process that answered this question stopped. Look into the public register of questions: if it"
                    " stands there, its cost stays spent. Ask again."
                ) from error
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            raise PodError("Something went wrong on the host; the operator can see what in its log.")
        headers = {name: value for name, value in answer.headers.items() if name not in _OWN}
        return Response(answer.content, answer.status_code, headers)
