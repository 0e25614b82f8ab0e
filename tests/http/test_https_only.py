"""A host behind a proxy that passes on http as well as https (Solid Protocol 2.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pods.main import application, open_core
from pods.settings import BadSetting, PodSettings
from tests.conftest import SettableClock

ORIGIN = "https://pods.example"
PLAIN = {"x-forwarded-proto": "http"}


@pytest.fixture
async def app(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Any]:
    core = open_core(PodSettings(data=tmp_path, pod_url=ORIGIN, https_only=True), clock)
    yield application(core)
    await core.aclose()


@pytest.fixture
async def http(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/anna/a%20note.ttl?a=1&b=%2F", 301),
        ("HEAD", "/anna/", 301),
        ("PUT", "/anna/note.ttl", 308),
        ("POST", "/.oidc/token", 308),
        ("OPTIONS", "/anna/", 308),
        ("GET", "//evil.example/", 301),
    ],
)
async def test_a_plain_request_is_sent_to_the_same_address_with_https(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    fields = {**PLAIN, "origin": "https://app.example", "host": "another.example"}
    answer = await http.request(method, ORIGIN + path, headers=fields)
    assert (answer.status_code, answer.headers["location"]) == (status, ORIGIN + path)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "no-cache" in answer.headers["cache-control"], (
        "a lie to a shared cache must not lead others in a circle"
    )
    # RFC 6797, 7.2: not over a transport that is not secure.
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("proto", ["https", "https, http", ""])
@pytest.mark.parametrize(
    ("path", "status"), [("/anna/", 401), ("/.well-known/openid-configuration", 200), ("/.nothing", 404)]
)
async def test_who_comes_by_https_is_served_and_told_to_keep_to_it(
    http: httpx.AsyncClient, path: str, status: int, proto: str
) -> None:
    answer = await http.get(path, headers={"x-forwarded-proto": proto} if proto else {})
    assert answer.status_code == status
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_plain_websocket_is_closed(app: Any) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    headers = [(b"host", b"pods.example"), (b"x-forwarded-proto", b"ws")]
    await app({"type": "websocket", "path": "/.channels/x", "headers": headers}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_host_whose_address_is_plain_cannot_be_https_only(
    tmp_path: Path, clock: SettableClock
) -> None:
    core = open_core(PodSettings(data=tmp_path, pod_url="http://localhost:8080", https_only=True), clock)
    with pytest.raises(BadSetting, match="https_only"):
        application(core)
    await core.aclose()
