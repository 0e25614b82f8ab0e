"""StreamingHTTPChannel2023: notifications in an answer that stays open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from tests.notified_host import PATIENCE, STREAMING, notified_host, share, subscribe
from tests.pod_host import PodHost

NOTE = "/anna/notes/one.ttl"


@pytest_asyncio.fixture
async def live(tmp_path: Path) -> AsyncIterator[PodHost]:
    async with notified_host(tmp_path) as host:
        yield host


class Lines:
    """The documents of a stream, one after another."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any]:
        line = ""
        while not line:
            line = await asyncio.wait_for(anext(self._lines), PATIENCE)
        message: dict[str, Any] = json.loads(line)
        return message

    async def end(self) -> bool:
        """Say whether nothing more comes."""
        return not [line async for line in self._lines if line]


@asynccontextmanager
async def stream(host: PodHost, address: str, **headers: str) -> AsyncIterator[Lines]:
    async with host.http.stream("GET", address, headers=headers) as response:
        yield Lines(response)


async def test_each_change_is_a_line_of_the_answer(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, STREAMING, NOTE)
    async with stream(live, made["receiveFrom"], origin="https://app.example") as lines:
        assert lines.response.status_code == 200
        assert lines.response.headers["content-type"] == "application/ld+json"
        assert lines.response.headers["cache-control"] == "no-store"
        assert lines.response.headers["access-control-allow-origin"] == "https://app.example"
        await live.anna.put(NOTE, "<#it> <urn:x:is> 1 .")
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        assert [(await lines.next())["type"] for _ in range(2)] == ["Create", "Update"]


async def test_a_stream_ends_with_its_channel(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, STREAMING, NOTE)
    async with stream(live, made["receiveFrom"]) as lines:
        assert (await live.anna.delete(made["id"])).status_code == 204
        assert await asyncio.wait_for(lines.end(), PATIENCE)


async def test_a_stream_ends_when_read_is_withdrawn(live: PodHost) -> None:
    live.write(NOTE, "<#it> <urn:x:is> 1 .")
    share(live, NOTE, "acl:agentClass acl:AuthenticatedAgent; acl:mode acl:Read")
    made = await subscribe(live.bob, live.origin, STREAMING, NOTE)
    async with stream(live, made["receiveFrom"]) as lines:
        await live.anna.delete(NOTE + ".acl")
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        assert await asyncio.wait_for(lines.end(), PATIENCE)


async def test_a_token_at_the_stream_is_its_creators_or_none(live: PodHost) -> None:
    made = (await subscribe(live.anna, live.origin, STREAMING, NOTE))["receiveFrom"]
    async with stream(live, made, **live.anna.credentials("GET", made)) as lines:
        assert lines.response.status_code == 200
    async with stream(live, made, **live.bob.credentials("GET", made)) as lines:
        assert lines.response.status_code == 403
    async with stream(live, made, authorization="DPoP a.b.c", dpop="a.b.c") as lines:
        assert lines.response.status_code == 401


async def test_an_address_that_nobody_was_given_opens_nothing(live: PodHost) -> None:
    made = (await subscribe(live.anna, live.origin, STREAMING, NOTE))["receiveFrom"]
    async with stream(live, made[:-1] + "~") as lines:
        assert lines.response.status_code == 404
