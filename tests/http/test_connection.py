"""Clients that offer another protocol with each request, as Java's do, are served in HTTP/1.1 as if they had not."""

import asyncio
import socket
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pods.http.connection import MAX_HEAD, Connection, without_offers
from pods.http.cycle import WHOLE_BODY
from tests.pod_host import ORIGIN, PodHost
from tests.serving import serving

OFFER = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nUpgrade: h2c\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the content that came."""
    if scope["type"] == "http":
        await Response(await Request(scope, receive).body())(scope, receive, send)


def sent(origin: str, *pieces: bytes) -> bytes:
    """Return all that comes back for what is sent piece by piece."""
    with socket.create_connection(("127.0.0.1", urlsplit(origin).port or 0), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while received := connection.recv(65_536):
            answer += received
        return answer


async def told_late(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the second that has just begun."""
    if scope["type"] == "http":
        await asyncio.sleep(1.001 - time.time() % 1)
        await Response(str(int(time.time())))(scope, receive, send)


def test_an_answer_has_the_date_of_its_own_moment() -> None:
    with serving(told_late) as origin:
        answer = httpx.get(origin)
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == int(answer.text)
    assert len(answer.headers.get_list("date")) == 1


async def with_a_second_line(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a field that would be two."""
    if scope["type"] == "http":
        await Response(headers={"x-name": "mine\r\nset-cookie: theirs"})(scope, receive, send)


def test_no_value_of_a_field_begins_another_field() -> None:
    with serving(with_a_second_line) as origin:
        answer = httpx.get(origin)
    assert answer.status_code == 500
    assert "set-cookie" not in answer.headers


async def in_pieces(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with content whose length nobody says."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})


def test_an_answer_of_unknown_length_ends_where_it_says() -> None:
    with serving(in_pieces) as origin, httpx.Client() as client:
        assert [client.get(origin).text for _ in range(2)] == ["one two"] * 2
        assert client.head(origin).text == ""


async def content_later(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with content that takes a moment to make; of a length that is known, or not at the path of a stream."""
    if scope["type"] == "http":
        known = [] if scope["path"] == "/stream" else [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": known})
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"late"})


@pytest.mark.parametrize(
    ("line", "ends"),
    [("GET /known", b"\r\n\r\nlate"), ("HEAD /known", b"\r\n\r\n"), ("GET /stream", b"\r\n\r\n")],
)
def test_a_head_waits_for_its_content_unless_that_is_a_stream(line: str, ends: bytes) -> None:
    with serving(content_later) as origin:
        port = urlsplit(origin).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(f"{line} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert connection.recv(65_536).endswith(ends), "what one read finds"
        assert httpx.get(f"{origin}/stream").text == httpx.get(f"{origin}/known").text == "late"


async def taken_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body that was there at once, and whether it came a second time."""
    if scope["type"] == "http":
        first, second = scope[WHOLE_BODY](), asyncio.ensure_future(receive())
        await asyncio.sleep(0.01)
        again = second.done()
        second.cancel()
        await Response(f"{first} {again}")(scope, receive, send)


def test_a_body_that_was_taken_whole_does_not_come_again() -> None:
    request = b"PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nall"
    with serving(taken_at_once) as origin:
        assert sent(origin, request).endswith(b"\r\n\r\nb'all' False")


@pytest.mark.parametrize("size", [5, 200_000])
def test_content_comes_through_whole_where_http_2_is_offered(size: int) -> None:
    head = f"PUT /x HTTP/1.1\r\nHost: a\r\n{OFFER}Content-Length: {size}\r\n\r\n".encode()
    last = b"PUT /y HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 21\r\n\r\n\r\nUpgrade: h2c\r\n four"
    with serving(echo) as origin:
        answer = sent(origin, head, b"x" * size, last)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"x" * size) == 1
    assert answer.endswith(b"\r\nUpgrade: h2c\r\n four"), "content is left alone, whatever it looks like"


@pytest.mark.parametrize(
    ("head", "left"),
    [
        (b"GET / HTTP/1.1\r\nupgrade:h2c\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            b"GET / HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\nUpgrade: x\r\n",
            b"GET / HTTP/1.1\r\n\r\nUpgrade: x\r\n",
        ),
        (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nUpgrade: h2", b"GET / HTTP/1.1\r\nUpgrade: h2"),
    ],
)
def test_an_offer_is_a_whole_line_of_the_head(head: bytes, left: bytes) -> None:
    assert without_offers(head) == left


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"FOO /x HTTP/1.1", 405),
        (b"x-y.z /anna/ HTTP/1.1", 405),
        (b"PUT /x HTTP/9.9", 400),
        (b"PUT/x HTTP/1.1", 400),
        (b"F(O /x HTTP/1.1", 400),
    ],
)
def test_a_method_that_nobody_knows_is_not_allowed(line: bytes, status: int) -> None:
    with serving(echo) as origin:
        answer = sent(origin, line + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert (b"allow: GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE\r\n" in answer) == (status == 405)


async def test_content_that_may_have_been_dropped_is_never_stored(host: PodHost) -> None:
    assert (await host.anna.put("/anna/x.ttl", "<#a> <#b> <#c>.", upgrade="h2c")).status_code == 400
    assert (await host.anna.get("/anna/x.ttl")).status_code == 404


async def fields(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the names of the fields, as they are once the body has come."""
    if scope["type"] == "http":
        await Request(scope, receive).body()
        names = b" ".join(name for name, _ in scope["headers"])
        await Response(names)(scope, receive, send)


@pytest.mark.parametrize("ends", [False, True])
def test_a_head_that_is_too_long_is_refused_before_it_fills_the_memory(ends: bool) -> None:
    start, end = b"GET / HTTP/1.1\r\nHost: a\r\nx: ", b"\r\n\r\n" if ends else b""
    with serving(fields) as origin:
        # No byte more than makes it too long: what is left unread when a connection ends may cost the answer.
        rest = b"a" * (MAX_HEAD + 1 - len(start) + (60 if ends else 0)) + end
        answer = sent(origin, start, rest)
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_head_below_the_limit_is_served() -> None:
    most = b"x: " + b"a" * (MAX_HEAD - 200) + b"\r\n"
    with serving(fields) as origin:
        request = b"GET / HTTP/1.1\r\nHost: a\r\n" + most + b"Connection: close\r\n\r\n"
        assert sent(origin, request[:9], request[9:]).endswith(b"host x connection")


class Hasty(Connection):
    """Waits for a fraction of a second where the host waits for half a minute."""

    head_seconds = 0.2


@pytest.mark.parametrize("requests_before", [0, 1])
def test_a_head_that_does_not_come_to_its_end_is_given_up(requests_before: int) -> None:
    with (
        serving(fields, http=Hasty) as origin,
        socket.create_connection(("127.0.0.1", urlsplit(origin).port or 0), timeout=20) as connection,
    ):
        for _ in range(requests_before):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"HTTP/1.1 200 " in connection.recv(65_536)
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 408 ")
        assert connection.recv(65_536) == b""


def test_who_answers_slowly_is_waited_for() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(2 * Hasty.head_seconds)
            await Response("at last")(scope, receive, send)

    with serving(slow, http=Hasty) as origin, httpx.Client() as client:
        assert [client.get(origin).text for _ in range(2)] == ["at last"] * 2


async def unread(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer before the body is read."""
    if scope["type"] == "http":
        await Response("no")(scope, receive, send)


async def unread_forever(scope: Scope, receive: Receive, send: Send) -> None:
    """Read until the client is gone."""
    if scope["type"] == "http":
        while (await receive())["type"] != "http.disconnect":
            pass


def test_the_rest_of_a_body_that_nobody_wants_holds_no_connection() -> None:
    request = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
    with (
        serving(unread, http=Hasty) as origin,
        socket.create_connection(("127.0.0.1", urlsplit(origin).port or 0), timeout=20) as connection,
    ):
        connection.sendall(request)
        assert b"HTTP/1.1 200 " in connection.recv(65_536)
        connection.sendall(b"x")
        assert connection.recv(65_536) == b""


@pytest.mark.parametrize("apart", [False, True])
def test_what_follows_a_body_is_none_of_its_fields(apart: bool) -> None:
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    rest = b"2\r\nhi\r\n0\r\nAuthorization: DPoP x\r\nHost: b\r\n\r\n"
    with serving(fields) as origin:
        answer = sent(origin, head, rest) if apart else sent(origin, head + rest)
    assert answer.endswith(b"\r\n\r\nhost connection transfer-encoding")


def test_what_follows_a_body_comes_to_an_end() -> None:
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
    with serving(unread_forever) as origin:
        try:
            answer = sent(origin, head, *[b"x: " + b"a" * MAX_HEAD + b"\r\n"] * 8)
        except ConnectionError:  # the end came while something was on its way
            answer = b""
    assert answer == b""


async def test_the_server_as_a_whole_says_what_it_takes(host: PodHost) -> None:
    with serving(host.app) as origin:
        request = f"OPTIONS * HTTP/1.1\r\nHost: {urlsplit(ORIGIN).netloc}\r\nConnection: close\r\n\r\n"
        answer = sent(origin, request.encode())
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nallow: GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE\r\n" in answer


async def until_the_host_leaves(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without end, until something comes after the end of the request."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello", "more_body": True})
        while (await receive()).get("more_body", False):
            pass
        await receive()
        await send({"type": "http.response.body", "body": b"bye", "more_body": False})


def test_an_answer_without_end_learns_that_the_host_leaves() -> None:
    with serving(until_the_host_leaves) as origin:
        connection = socket.create_connection(("127.0.0.1", urlsplit(origin).port or 0), timeout=20)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        received = b""
        while b"hello\r\n" not in received:
            received = received + connection.recv(65_536)
    with connection:
        assert connection.recv(65_536) == b"3\r\nbye\r\n0\r\n\r\n"
