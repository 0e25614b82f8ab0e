"""What a request made is released when it is answered: nothing is left to the garbage collector, which stops everybody."""

import gc
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httptools
import pytest

from tests.pod_host import Person, PodHost
from tests.serving import bound_socket, serving

REQUESTS = 20
PATCH = """@prefix solid: <http://www.w3.org/ns/solid/terms#> .
_:patch a solid:InsertDeletePatch ; solid:inserts { <#a> <#b> NUMBER } ."""


class Talk:
    """One connection to a host, which is used again and again."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.answered = False

    def on_message_complete(self) -> None:
        """Note the end of an answer, for the parser."""
        self.answered = True

    def status(self, request: bytes) -> int:
        """Return the status of the answer to a request."""
        parser = httptools.HttpResponseParser(self)
        self.answered = False
        self.socket.sendall(request)
        while not self.answered:
            parser.feed_data(self.socket.recv(65_536))
        status: int = parser.get_status_code()
        return status


class Served:
    """A host on loopback with a document of anna's."""

    def __init__(self, host: PodHost, port: int) -> None:
        self.port = port
        self._origin = f"http://localhost:{port}"
        self._people = {"anna": host.person("anna"), "beppe": host.person("beppe")}
        host.write("/anna/x.ttl", b"<#a> <#b> 0 .")

    def request(self, who: str, line: str, body: str = "", media_type: str = "") -> bytes:
        """Return a request as it goes over the wire."""
        method, path = line.split(" ")
        person: Person | None = self._people.get(who)
        fields = person.credentials(method, self._origin + path) if person else {}
        if media_type:
            fields |= {"content-type": media_type, "content-length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1", f"host: localhost:{self.port}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join([*lines, "", body]).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    listener = bound_socket()
    port = listener.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("released")
    host = PodHost.open(folder, time.time, origin=f"http://localhost:{port}")
    with serving(host.app, listener=listener):
        yield Served(host, port)


@pytest.mark.parametrize(
    ("who", "line", "body", "media_type", "status"),
    [
        ("anna", "GET /anna/x.ttl", "", "", 200),
        ("anna", "GET /anna/", "", "", 200),
        ("anna", "GET /anna/none.ttl", "", "", 404),
        ("anna", "PUT /anna/new-NUMBER.ttl", "<#a> <#b> 1 .", "text/turtle", 201),
        ("anna", "PUT /anna/bad.ttl", "<#a> <#b>", "text/turtle", 400),
        ("anna", "PATCH /anna/x.ttl", PATCH, "text/n3", 204),
        ("anna", "POST /anna/", "<#a> <#b> 1 .", "text/turtle", 201),
        ("anna", "DELETE /anna/none.ttl", "", "", 404),
        ("beppe", "GET /anna/x.ttl", "", "", 403),
        ("beppe", "PUT /anna/x.ttl", "<#a> <#b> 1 .", "text/turtle", 403),
        ("nobody", "GET /anna/x.ttl", "", "", 401),
        ("nobody", "OPTIONS /anna/x.ttl", "", "", 204),
        ("nobody", "GET /.well-known/openid-configuration", "", "", 200),
    ],
)
def test_a_request_leaves_nothing_that_leads_back_to_itself(
    served: Served, who: str, line: str, body: str, media_type: str, status: int
) -> None:
    talk = Talk(served.port)
    # What is made once, such as what the first request of a kind imports or remembers, is not what is counted.
    batches = [
        [
            served.request(who, line.replace("NUMBER", str(n)), body.replace("NUMBER", str(n)), media_type)
            for n in range(start, start + REQUESTS)
        ]
        for start in (100, 200)
    ]
    assert {talk.status(request) for request in batches[0]} == {status}
    gc.collect()
    gc.disable()
    try:
        assert {talk.status(request) for request in batches[1]} == {status}
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = Counter(type(each).__name__ for each in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        talk.socket.close()
    assert left.total() < REQUESTS, f"left by {REQUESTS} requests: {left.most_common(8)}"
