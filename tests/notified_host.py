"""A pod host on a real port, and receivers of its notifications, for tests over real connections."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path as FilePath
from typing import Any

import httpx

from pods.main import application, open_core
from pods.model import Clock
from pods.settings import PodSettings
from tests.databases import database_of
from tests.pod_host import Person, PodHost
from tests.serving import bound_socket, serving

CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1"
WEB_SOCKET, WEBHOOK, STREAMING = "WebSocketChannel2023", "WebhookChannel2023", "StreamingHTTPChannel2023"
PATIENCE = 20.0  # seconds for what comes in some milliseconds, on a busy machine


@asynccontextmanager
async def notified_host(
    folder: FilePath, clock: Clock = time.time, *, trusted: tuple[str, ...] = ()
) -> AsyncIterator[PodHost]:
    """Serve a host with anna and bob on loopback; its people send real requests."""
    with closing(bound_socket()) as listener:
        origin = f"http://localhost:{listener.getsockname()[1]}"
        core = open_core(
            PodSettings(data=folder, database=database_of(folder), pod_url=origin, trusted_hosts=trusted),
            clock,
        )
        host = PodHost(core, application(core), origin=origin)
        await host.http.aclose()
        with serving(host.app, listener=listener):
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
                host.http = http
                host.anna, host.bob = host.person("anna"), host.person("bob")
                host.stranger = Person(core, http, None, origin=origin)
                yield host


async def subscribe(who: Person, origin: str, kind: str, *topics: str, **further: Any) -> dict[str, Any]:
    """Return the channel that was made."""
    document = {
        "@context": [CONTEXT],
        "type": kind,
        "topic": [origin + topic for topic in topics],
        **further,
    }
    made = await who.post(f"/.notifications/{kind}/", json.dumps(document), "application/ld+json")
    assert made.status_code == 200, made.text
    answer: dict[str, Any] = made.json()
    return answer


def share(host: PodHost, path: str, rule: str) -> None:
    """Give a resource an ACL of its own: all to anna, and what the rule says."""
    host.write(
        f"{path}.acl",
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
        f"<#owner> a acl:Authorization; acl:agent <{host.anna.webid}>; acl:accessTo <{host.origin}{path}>;"
        " acl:mode acl:Read, acl:Write, acl:Control.\n"
        f"<#other> a acl:Authorization; acl:accessTo <{host.origin}{path}>; {rule}.",
    )


@dataclass(frozen=True, slots=True)
class Received:
    """One request that a webhook receiver got."""

    fields: dict[str, str]
    content: bytes

    @property
    def message(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.content)
        return read


class Receiver:
    """A webhook receiver that answers what a test tells it to."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self._received: queue.Queue[Received] = queue.Queue()
        self.statuses: queue.Queue[int] = queue.Queue()
        """What to answer next; 204 when it is empty."""
        self.always: int | None = None
        self.at_once = 0
        self.most_at_once = 0
        self._counting = threading.Lock()

    @property
    def host(self) -> str:
        return f"localhost:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/hook?for=anna"

    async def next(self, seconds: float = PATIENCE) -> Received:
        """Return the next request; raise queue.Empty if none comes."""
        return await asyncio.to_thread(self._received.get, timeout=seconds)

    @property
    def quiet(self) -> bool:
        """Whether nothing was received that the test has not looked at."""
        return self._received.empty()

    def take(self, fields: dict[str, str], content: bytes) -> int:
        """Keep a request and return the status of its answer."""
        with self._counting:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self._received.put(Received(fields, content))
        with self._counting:
            self.at_once -= 1
        if self.always is not None:
            return self.always
        try:
            return self.statuses.get_nowait()
        except queue.Empty:
            return 204


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver on loopback, on a port that the system chose unless one is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", "0")))
            fields = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(taker.take(fields, content))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    taker = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield taker
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
