"""A real uvicorn on loopback for one ASGI application, in a thread, gone when the block ends."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from pods.http.connection import Connection

START_SECONDS = 30.0  # a first start compiles templates and opens databases on a busy machine


def bound_socket() -> socket.socket:
    """Return a listening socket on a port of loopback that the system chose."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener


@contextmanager
def serving(
    app: ASGIApp, *, listener: socket.socket | None = None, http: type[Connection] = Connection
) -> Iterator[str]:
    """Serve the application and give its origin, such as `http://localhost:41234`.

    An application that must know its own origin beforehand is made after `bound_socket()`, and handed that.
    """
    own = listener or bound_socket()
    config = uvicorn.Config(app, log_level="warning", lifespan="auto", http=http, ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, name="live server", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            own.close()
            raise RuntimeError("the server did not start: see its log lines above")
        time.sleep(0.01)
    try:
        yield f"http://localhost:{own.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=START_SECONDS)
        own.close()
