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

from pods.http.connection import without_offers
from pods.http.cycle import WHOLE_BODY
from tests.pod_host import PodHost
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
