"""Bodies as they arrive: bounded in bytes and in time, and never taken for whole when they are not."""

import asyncio
from collections.abc import Iterable

import pytest
from starlette.types import Message

from pods.errors import BadRequest, RequestTimeout, TooLarge
from pods.http import arriving
from pods.http.arriving import IN_MEMORY, Arriving

MOST = 4 * IN_MEMORY
CHUNKED = {b"transfer-encoding": b"chunked"}


class Client:
    """Sends these pieces and then nothing more; says it has gone if it is told to."""

    def __init__(self, pieces: Iterable[bytes], *, ends: bool = True, goes: bool = False) -> None:
        self._pieces = list(pieces)
        self._ends = ends
        self._goes = goes

    async def receive(self) -> Message:
        if self._pieces:
            piece = self._pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or not self._ends}
        if self._goes:
            return {"type": "http.disconnect"}
        return await asyncio.Future()


def body(client: Client, fields: dict[bytes, bytes] = CHUNKED) -> Arriving:
    return Arriving(fields, client.receive, most=MOST)


async def test_a_small_body_is_there_at_once() -> None:
    arrived = body(Client([b"a", b"", b"b"]))
    assert await arrived.start() == b"ab"
    assert arrived.ended
    assert not arrived.left_unread


async def test_nobody_waits_for_a_body_that_is_there_already() -> None:
    arrived = Arriving(CHUNKED, Client([], ends=False).receive, most=MOST, whole=lambda: b"all of it")
    assert await arrived.start() == b"all of it"
    assert arrived.ended


async def test_a_body_of_which_some_is_missing_is_waited_for() -> None:
    arrived = Arriving(CHUNKED, Client([b"a", b"b"]).receive, most=MOST, whole=lambda: None)
    assert await arrived.start() == b"ab"


async def test_a_large_body_is_streamed_from_its_beginning() -> None:
    pieces = [bytes([n]) * 100_000 for n in range(20)]
    arrived = body(Client(pieces))
    start = await arrived.start()
    assert IN_MEMORY < len(start) <= IN_MEMORY + 100_000
    assert b"".join([piece async for piece in arrived.stream(start)]) == b"".join(pieces)


async def test_nothing_is_asked_for_of_a_body_that_is_declared_large() -> None:
    arrived = body(Client([b"x"]), {b"content-length": b"%d" % (IN_MEMORY + 1)})
    assert await arrived.start() == b""
    assert not arrived.ended
    assert arrived.left_unread


async def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "STALL_SECONDS", 0.05)
    arrived = body(Client([b"a"], ends=False), {b"content-length": b"10"})
    with pytest.raises(RequestTimeout, match="send it again"):
        await arrived.start()
    assert arrived.left_unread


@pytest.mark.parametrize("pieces", [[], [b"half"]])
async def test_a_body_that_breaks_off_is_never_taken_for_whole(pieces: list[bytes]) -> None:
    arrived = body(Client(pieces, ends=False, goes=True), {b"content-length": b"10"})
    with pytest.raises(BadRequest, match="connection ended"):
        await arrived.start()


async def test_a_body_over_the_limit_is_told_early_or_when_it_shows() -> None:
    with pytest.raises(TooLarge):
        body(Client([]), {b"content-length": b"%d" % (MOST + 1)}).require_length()
    arrived = body(Client([bytes(IN_MEMORY)] * 5))
    with pytest.raises(TooLarge):
        [piece async for piece in arrived.stream(await arrived.start())]
