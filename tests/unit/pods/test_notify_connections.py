"""Live receivers: what waits for them, how long, and what becomes of one that does not read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path as FilePath
from typing import Any

import pytest
import pytest_asyncio
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send

from pods.authz.wac import Wac
from pods.model import PUBLIC, Agent, Path
from pods.notify import channels_sql, live
from pods.notify.live import Connection, Ended, Live
from pods.notify.model import Channel, ChannelType, Event
from pods.notify.streaming import StreamReceivers
from pods.notify.telling import Teller
from pods.notify.websocket import WebSocketReceivers
from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, PodHost

NOTE = Path("/anna/notes/one.ttl")
OTHER = Path("/anna/notes/two.ttl")
SECRET = "the secret of a receiveFrom address"
SOON = 5.0


@pytest_asyncio.fixture
async def host(tmp_path: FilePath, clock: SettableClock) -> AsyncIterator[PodHost]:
    host = PodHost.open(tmp_path, clock)
    host.write(NOTE, "<#it> <urn:x:is> 1 .")
    yield host
    await host.aclose()


def teller(host: PodHost) -> Teller:
    core = host.core
    return Teller(core.store, core.commits, Wac(ORIGIN), base=ORIGIN, clock=core.clock)


def stored(host: PodHost, kind: ChannelType = ChannelType.WEB_SOCKET, **features: Any) -> Channel:
    """Return a channel of anna's that is in the database."""
    end_at = host.core.clock() + 3_600
    channel = Channel("abc", kind, Agent(host.anna.webid), (NOTE, OTHER), end_at, 0, **features)
    with host.core.store.writing() as tx:
        channels_sql.add(tx, channel, at=host.core.clock(), secret=SECRET, host=None)
    return channel


def event(seq: int, kind: str = "Update", path: Path = NOTE, at: float = 1772366400.0) -> Event:
    return Event(seq, path, kind, path, at)


async def kind_of_next(connection: Connection) -> str | None:
    message = await connection.next(0.0)
    return None if message is None else str(json.loads(message.content)["type"])


async def test_events_come_in_their_order(host: PodHost, clock: SettableClock) -> None:
    connection = Connection(stored(host), teller(host), clock=clock)
    for number, kind in enumerate(("Create", "Update", "Delete"), start=1):
        connection.offer(event(number, kind))
    assert [await kind_of_next(connection) for _ in range(4)] == ["Create", "Update", "Delete", None]


async def test_what_was_not_asked_after_counts_as_not_told(host: PodHost, clock: SettableClock) -> None:
    connection = Connection(stored(host), teller(host), clock=clock)
    for number in (5, 6):
        connection.offer(event(number))
    connection.position = 9
    await kind_of_next(connection)
    assert connection.told == 4
    await kind_of_next(connection)
    assert connection.told == 5
    await kind_of_next(connection)
    assert connection.told == 9


async def test_a_rate_keeps_the_distance_and_tells_the_latest(host: PodHost, clock: SettableClock) -> None:
    connection = Connection(stored(host, rate=60.0), teller(host), clock=clock)
    connection.offer(event(1, "Create"))
    assert await kind_of_next(connection) == "Create"
    connection.offer(event(2))
    connection.offer(event(3, "Create", OTHER))
    connection.offer(event(4, "Delete"))
    assert await kind_of_next(connection) is None
    clock.advance(60)
    assert await kind_of_next(connection) == "Create"
    assert await kind_of_next(connection) is None
    clock.advance(60)
    assert await kind_of_next(connection) == "Delete"


async def test_nothing_is_told_before_the_start_or_after_the_end(host: PodHost, clock: SettableClock) -> None:
    connection = Connection(stored(host, start_at=clock() + 60), teller(host), clock=clock)
    connection.offer(event(1, at=clock() + 59))
    assert await kind_of_next(connection) is None
    connection.offer(event(2, at=clock() + 60))
    assert await kind_of_next(connection) == "Update"
    clock.advance(3_600)
    connection.offer(event(3, at=clock()))
    with pytest.raises(Ended):
        await connection.next(0.0)


async def test_a_receiver_too_far_behind_is_given_up(
    host: PodHost, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_WAITING", 3)
    connection = Connection(stored(host), teller(host), clock=clock)
    for number in range(4):
        connection.offer(event(number))
    with pytest.raises(Ended, match="too slowly"):
        await connection.next(0.0)


async def _no_agent(_: object) -> Agent:
    return PUBLIC


@pytest.mark.parametrize("kind", [ChannelType.WEB_SOCKET, ChannelType.STREAMING])
async def test_a_receiver_that_takes_no_byte_is_cut(
    host: PodHost, clock: SettableClock, kind: ChannelType
) -> None:
    core = host.core
    receivers = Live(core.store, core.commits, core.wakeups, teller(host), clock=clock)
    application: WebSocketReceivers | StreamReceivers
    if kind is ChannelType.WEB_SOCKET:
        application = WebSocketReceivers(core.store, receivers, clock=clock, send_seconds=0.01)
    else:
        application = StreamReceivers(core.store, receivers, _no_agent, clock=clock, send_seconds=0.01)
    stored(host, kind)
    running = asyncio.create_task(receivers.run())
    scope, receive, send = _stuck(kind)
    serving = asyncio.ensure_future(application(scope, receive, send))
    host.write(NOTE, "<#it> <urn:x:is> 2 .")
    await asyncio.wait_for(serving, SOON)
    assert receivers.count == 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _stuck(kind: ChannelType) -> tuple[Scope, Receive, Send]:
    """A connection whose other side opened it and then reads nothing and says nothing."""
    forever = asyncio.Event()
    opening = [{"type": "websocket.connect"}] if kind is ChannelType.WEB_SOCKET else []

    async def receive() -> AsgiMessage:
        if opening:
            return opening.pop()
        await forever.wait()
        raise AssertionError("nobody says anything")

    async def send(message: AsgiMessage) -> None:
        if message["type"] not in ("websocket.accept", "http.response.start"):
            await forever.wait()

    scope: Scope = {
        "type": "websocket" if kind is ChannelType.WEB_SOCKET else "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "path_params": {"secret": SECRET},
    }
    return scope, receive, send


async def test_a_silent_stream_is_kept_open_by_an_empty_line(host: PodHost, clock: SettableClock) -> None:
    core = host.core
    receivers = Live(core.store, core.commits, core.wakeups, teller(host), clock=clock)
    application = StreamReceivers(core.store, receivers, _no_agent, clock=clock, keep_alive_seconds=0.01)
    stored(host, ChannelType.STREAMING)
    gone = asyncio.Event()
    scope, _, _ = _stuck(ChannelType.STREAMING)
    bodies: list[bytes] = []

    async def receive() -> AsgiMessage:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        if message["type"] == "http.response.body":
            bodies.append(message["body"])
            if len(bodies) == 2:
                gone.set()

    await asyncio.wait_for(application(scope, receive, send), SOON)
    assert bodies[:2] == [b"\n", b"\n"]
