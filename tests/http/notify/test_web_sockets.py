"""WebSocketChannel2023 over real sockets: what is told, to whom, in which order, and when it stops."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus

from pods import activity
from pods.main import open_core
from pods.model import Path as ResourcePath
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.databases import database_of
from tests.notified_host import PATIENCE, WEB_SOCKET, notified_host, share, subscribe
from tests.pod_host import PodHost

NOTES = "/anna/notes/"
NOTE = NOTES + "one.ttl"
AUTHENTICATED = "acl:agentClass acl:AuthenticatedAgent; acl:mode acl:Read"
PUBLIC = "acl:agentClass foaf:Agent; acl:mode acl:Read"


@pytest_asyncio.fixture
async def live(tmp_path: Path) -> AsyncIterator[PodHost]:
    async with notified_host(tmp_path) as host:
        yield host


async def heard(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
    return message


async def test_a_change_is_told_with_the_state_that_a_reader_would_get(live: PodHost) -> None:
    live.write(NOTE, "<#it> <urn:x:is> 1 .")
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        message = await heard(socket)
    etag = (await live.anna.get(NOTE)).headers["etag"].strip('"')
    assert message["@context"] == [
        "https://www.w3.org/ns/activitystreams",
        "https://www.w3.org/ns/solid/notifications-context/v1",
    ]
    assert message["id"].startswith("urn:uuid:")
    assert (message["type"], message["object"], message["state"]) == ("Update", live.origin + NOTE, etag)
    assert message["published"].endswith("Z")
    assert "target" not in message


async def test_the_life_of_a_resource_is_told_to_it_and_to_its_container(live: PodHost) -> None:
    one = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE)
    container = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTES)
    async with connect(one["receiveFrom"]) as of_one, connect(container["receiveFrom"]) as of_container:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 1 .")
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        await live.anna.put(NOTE + ".meta", "<#it> <urn:x:is> 2 .")
        await live.anna.delete(NOTE)
        told = [await heard(of_one) for _ in range(3)]
        told_container = [await heard(of_container) for _ in range(3)]
    assert [message["type"] for message in told] == ["Create", "Update", "Delete"]
    assert "state" not in told[2]
    assert [message["type"] for message in told_container] == ["Create", "Add", "Remove"]
    for message in told_container[1:]:
        assert (message["object"], message["target"]) == (live.origin + NOTE, live.origin + NOTES)
        assert message["state"]


async def test_nothing_is_lost_and_the_order_is_kept_while_many_write(live: PodHost) -> None:
    documents = [f"{NOTES}{number}.ttl" for number in range(8)]
    live.write(documents[0], "<#it> <urn:x:is> 0 .")
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTES, *documents)

    async def write(path: str) -> None:
        for number in range(5):
            answer = await live.anna.put(path, f"<#it> <urn:x:is> {number + 1} .")
            assert answer.is_success
        await live.anna.delete(path)

    kinds: defaultdict[str, list[str]] = defaultdict(list)
    async with connect(made["receiveFrom"]) as socket:
        writing = asyncio.gather(*map(write, documents))
        # Each document: created or updated, updated four times, deleted; and its place in the container.
        for _ in range(len(documents) * 6 + len(documents) * 2 - 1):
            message = await heard(socket)
            kinds[message["object"] + ("" if "target" not in message else " in")].append(message["type"])
        await writing
    for number, path in enumerate(documents):
        first = "Update" if number == 0 else "Create"
        assert kinds[live.origin + path] == [first, *["Update"] * 4, "Delete"]
        assert kinds[live.origin + path + " in"] == (["Remove"] if number == 0 else ["Add", "Remove"])


async def test_what_happens_before_the_receiver_connects_is_told(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE)
    await live.anna.put(NOTE, "<#it> <urn:x:is> 1 .")
    async with connect(made["receiveFrom"]) as socket:
        assert (await heard(socket))["type"] == "Create"


async def test_a_receiver_that_comes_back_hears_what_it_missed(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 1 .")
        first = await heard(socket)
    await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
    async with connect(made["receiveFrom"]) as socket:
        message = await heard(socket)
        while message["id"] == first["id"]:  # at least once: what the server could not see arrive comes again
            message = await heard(socket)
        assert message["type"] == "Update"


async def test_another_process_is_heard_as_well(live: PodHost, tmp_path: Path) -> None:
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        other = open_core(
            PodSettings(data=tmp_path, database=database_of(tmp_path), pod_url=live.origin), live.core.clock
        )
        await other.commits.submit(
            lambda tx: tx.write(ResourcePath(NOTE), "text/turtle", b"<#it> <urn:x:is> 1 .", live.core.clock())
        )
        assert (await heard(socket))["type"] == "Create"
        await other.aclose()


async def test_whoever_loses_read_hears_nothing_from_then_on(live: PodHost) -> None:
    live.write(NOTE, "<#it> <urn:x:is> 1 .")
    share(live, NOTE, AUTHENTICATED)
    made = await subscribe(live.bob, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        assert (await heard(socket))["type"] == "Update"
        await live.anna.delete(NOTE + ".acl")
        await live.anna.put(NOTE, "<#it> <urn:x:is> 3 .")
        with pytest.raises(ConnectionClosed) as closed:
            await heard(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
    # Read that comes back opens a new channel, not the old one.
    share(live, NOTE, AUTHENTICATED)
    assert (await live.bob.get(made["id"])).status_code == 404
    with pytest.raises(InvalidStatus) as refused:
        await connect(made["receiveFrom"])
    assert refused.value.response.status_code == 404


async def test_what_is_not_public_leaves_a_line_in_the_owners_log(live: PodHost) -> None:
    live.write(NOTE, "<#it> <urn:x:is> 1 .")
    share(live, NOTE, AUTHENTICATED)
    made = await subscribe(live.bob, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        await heard(socket)
    with live.core.store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        (line,) = activity.lines(tx, pod.key, limit=9)
    said = (line.agent, line.path, line.action, line.decision, line.reason)
    assert said == (live.bob.webid, NOTE, "read", "permit", "notification")


async def test_the_public_hears_of_what_is_public_and_no_line_is_left(live: PodHost) -> None:
    live.write(NOTE, "<#it> <urn:x:is> 1 .")
    share(live, NOTE, PUBLIC)
    made = await subscribe(live.stranger, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        assert (await heard(socket))["type"] == "Update"
    with live.core.store.reading() as tx:
        assert tx.execute("SELECT * FROM access_line") == []


async def test_ending_a_channel_closes_its_connection(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        assert (await live.anna.delete(made["id"])).status_code == 204
        with pytest.raises(
            ConnectionClosedOK, match="1000"
        ):  # nothing went wrong: no client is to come again
            await heard(socket)


async def test_a_channel_whose_time_has_come_closes_its_connection(live: PodHost) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE, endAt=soon.isoformat())
    async with connect(made["receiveFrom"]) as socket:
        with pytest.raises(ConnectionClosedOK, match="1000"):
            await heard(socket)


async def test_an_address_opens_nothing_after_its_end(tmp_path: Path, clock: SettableClock) -> None:
    async with notified_host(tmp_path, clock) as host:
        made = await subscribe(host.anna, host.origin, WEB_SOCKET, NOTE, endAt="2026-03-01T12:10:00Z")
        async with connect(made["receiveFrom"]):
            pass
        clock.advance(600)
        for address in (made["receiveFrom"], made["receiveFrom"][:-1] + "~"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(address)
            assert refused.value.response.status_code == 404


async def test_the_address_of_a_stream_is_none_of_a_web_socket(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, "StreamingHTTPChannel2023", NOTE)
    address = made["receiveFrom"].replace("http://", "ws://").replace("StreamingHTTP", "WebSocket")
    with pytest.raises(InvalidStatus):
        await connect(address)


async def test_who_knows_an_old_state_is_told_at_once(live: PodHost) -> None:
    live.write(NOTE, "<#it> <urn:x:is> 1 .")
    etag = (await live.anna.get(NOTE)).headers["etag"]
    stale = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE, state="an older state")
    fresh = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE, state=etag)
    gone = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTES + "gone.ttl", state=etag)
    async with connect(gone["receiveFrom"]) as socket:
        assert (await heard(socket))["type"] == "Delete"
    async with connect(stale["receiveFrom"]) as socket:
        message = await heard(socket)
        assert (message["type"], message["state"]) == ("Update", etag.strip('"'))
    async with connect(fresh["receiveFrom"]) as socket:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 2 .")
        assert (await heard(socket))["state"] != etag.strip('"')


async def test_a_message_comes_in_the_format_that_was_asked_for(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE, accept="text/turtle")
    async with connect(made["receiveFrom"]) as socket:
        await live.anna.put(NOTE, "<#it> <urn:x:is> 1 .")
        text = await asyncio.wait_for(socket.recv(), PATIENCE)
    assert "<https://www.w3.org/ns/activitystreams#Create>" in str(text)
    assert "<http://www.w3.org/ns/solid/notifications#state>" in str(text)


async def test_a_receiver_that_talks_too_much_is_cut(live: PodHost) -> None:
    made = await subscribe(live.anna, live.origin, WEB_SOCKET, NOTE)
    async with connect(made["receiveFrom"]) as socket:
        await socket.send("hello")
        await socket.send("x" * 2_000)
        with pytest.raises(ConnectionClosed) as closed:
            await heard(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
