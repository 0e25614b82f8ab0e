"""Signatures of proofs in crowds: checked by a process, each with its own answer, whatever becomes of the process."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OKPKey

from pods.authn import signature_process, signatures
from pods.authn.signatures import (
    CROWD,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MANY,
    MOST_ASKED,
    START,
    STEADY,
    Signatures,
    has_room,
)
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from pods.protocol.jose import Jws
from tests.conftest import SettableClock
from tests.signature_processes import processes

URL = "https://pod.example/anna/profile/card"
KEY = DpopKey.generate()
START_SECONDS = 30.0


def signed(key: DpopKey = KEY) -> Jws:
    return jose.parse(key.proof("GET", URL, at=0))


def forged() -> Jws:
    """A proof with the signature of another one of the same key."""
    return signed()._replace(signature=signed().signature)


@dataclass
class Pauses:
    """Pauses that end when a test lets them; it knows how long each was to be."""

    seconds: list[float] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self.over.wait()
        self.over.clear()


@dataclass(frozen=True)
class Beside:
    """Signatures with their process."""

    signatures: Signatures
    process: int
    pauses: Pauses

    def hold(self, *unverified: Jws) -> list[asyncio.Task[bool]]:
        """Ask for all of them in one turn of the loop."""
        return [asyncio.ensure_future(self.signatures.hold(one)) for one in unverified]

    async def hold_back(self, *unverified: Jws) -> list[asyncio.Task[bool]]:
        """Let the process stand still, and ask it."""
        os.kill(self.process, signal.SIGSTOP)
        asked = self.hold(*unverified)
        await asyncio.wait(asked, timeout=0.02)
        assert not any(one.done() for one in asked)
        return asked

    async def ended(self, times: int = 1) -> None:
        """Wait until the process ended so often."""
        async with asyncio.timeout(START_SECONDS):
            while len(self.pauses.seconds) < times:  # noqa: ASYNC110  # what ends it is no event of ours
                await asyncio.sleep(0.01)

    async def another(self) -> Beside:
        """Let the pause end, and requests come in crowds again."""
        self.pauses.over.set()
        return replace(self, process=await crowded(self.signatures, set()))


async def crowded(made: Signatures, before: set[int]) -> int:
    """Let requests come in crowds until a process checks them; return which."""
    async with asyncio.timeout(START_SECONDS):
        while not all([made.in_crowd() for _ in range(CROWD)]):  # noqa: C419, ASYNC110  # each is a request
            await asyncio.sleep(0.01)
    (process,) = processes() - before
    return process


@asynccontextmanager
async def beside(clock: SettableClock | None = None) -> AsyncIterator[Beside]:
    """Begin a process, and let requests come in crowds."""
    before, pauses = processes(), Pauses()
    made = Signatures(beside=True, clock=clock or SettableClock(0.0), pause=pauses)
    async with made.running():
        yield Beside(made, await crowded(made, before), pauses)
    assert processes() == before


async def test_each_of_a_crowd_gets_its_own_answer() -> None:
    okp = DpopKey(OKPKey.generate_key("Ed25519"))
    without_key = jose.sign({}, {"alg": "ES256"}, ECKey.generate_key("P-256"))
    unverified = [
        *(signed(), forged(), signed(DpopKey.generate()), signed()._replace(signature=b"")),
        *(signed(okp), signed(okp)._replace(signature=bytes(64)), signed()._replace(signature=bytes(64))),
        *(jose.parse(without_key), signed(), forged()),
    ] * (MOST_ASKED // 5)
    async with beside() as it:
        answers = await asyncio.gather(*it.hold(*unverified))
    assert answers == [one.holds() for one in unverified]
    assert answers[:3] == [True, False, True]


async def test_the_process_answers_while_the_rest_of_a_turn_is_still_being_read() -> None:
    async def rest_of_the_turn() -> list[socket.socket]:
        answers = it.signatures._socket
        assert answers is not None
        return select.select([answers], [], [], START_SECONDS)[0]

    async with beside() as it:
        it.hold(*[signed()] * CROWD)
        assert await asyncio.ensure_future(rest_of_the_turn())


async def test_there_is_no_process_before_the_first_crowd() -> None:
    before, made = processes(), Signatures(beside=True)
    async with made.running():
        for _ in range(20):
            assert not made.in_crowd()
            assert await made.hold(signed())
            await asyncio.sleep(0)
        assert processes() == before


async def test_a_request_that_comes_alone_waits_for_nobody() -> None:
    async with beside() as it:
        os.kill(it.process, signal.SIGSTOP)
        assert [await it.signatures.hold(one) for one in (signed(), forged())] == [True, False]


async def test_where_many_are_being_answered_one_that_comes_alone_is_checked_beside_too() -> None:
    async with beside() as it:
        for _ in range(MANY):
            it.signatures.begin()
        it.signatures.in_crowd()
        (asked,) = await it.hold_back(signed())
        os.kill(it.process, signal.SIGCONT)
        assert await asked
        for _ in range(MANY):
            it.signatures.end()
        os.kill(it.process, signal.SIGSTOP)
        assert await it.signatures.hold(signed())


async def test_who_goes_away_takes_no_answer_of_others() -> None:
    async with beside() as it:
        asked = await it.hold_back(signed(), forged(), signed(), forged())
        asked[1].cancel()
        os.kill(it.process, signal.SIGCONT)
        assert [await one for one in (asked[0], *asked[2:])] == [True, True, False]
        assert asked[1].cancelled()


async def test_more_than_a_process_can_take_is_checked_without_it() -> None:
    async with beside() as it:
        asked = await it.hold_back(*(signed() for _ in range(MOST_ASKED)))
        assert [await it.signatures.hold(one) for one in (signed(), forged())] == [True, False]
        os.kill(it.process, signal.SIGCONT)
        assert all(await asyncio.gather(*asked))


async def test_what_a_process_leaves_is_checked_without_it() -> None:
    async with beside() as it:
        asked = await it.hold_back(signed(), forged(), signed(), forged())
        os.kill(it.process, signal.SIGKILL)
        assert await asyncio.gather(*asked) == [True, False, True, False]
        assert not it.signatures.in_crowd()
        assert await asyncio.gather(*it.hold(signed(), forged(), signed())) == [True, False, True]


async def test_a_process_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "PATIENCE", 0.05)
    async with beside() as it:
        asked = await it.hold_back(signed(), forged(), signed(), forged())
        assert await asyncio.gather(*asked) == [True, False, True, False]
        await it.ended()
        assert it.process not in processes()
        assert (await it.another()).process in processes()


async def test_the_next_crowd_after_a_pause_begins_another_process(caplog: pytest.LogCaptureFixture) -> None:
    async with beside() as it:
        os.kill(it.process, signal.SIGKILL)
        await it.ended()
        assert not any(it.signatures.in_crowd() for _ in range(10 * CROWD))
        assert await asyncio.gather(*it.hold(signed(), forged(), signed())) == [True, False, True]
        assert processes() == set()
        again = await it.another()
        assert again.process != it.process
        asked = await again.hold_back(signed(), forged(), signed(), forged())
        os.kill(again.process, signal.SIGCONT)
        assert await asyncio.gather(*asked) == [True, False, True, False]
        # asyncio may say besides that somebody else saw the end of the process: it looks before it kills.
        said = [record.getMessage() for record in caplog.records if record.name == signatures.__name__]
    assert said == [
        "the process that checks signatures is gone, or silent; they are checked without it for 1 s"
    ]


async def test_without_a_crowd_after_the_pause_there_is_no_other_process() -> None:
    async with beside() as it:
        assert it.signatures.in_crowd()
        os.kill(it.process, signal.SIGKILL)
        await it.ended()
        it.pauses.over.set()
        for _ in range(20):
            assert not it.signatures.in_crowd()
            assert await it.signatures.hold(signed())
            await asyncio.sleep(0)
        assert processes() == set()


async def test_the_pause_doubles_with_each_end_and_is_short_again_after_long_service() -> None:
    clock = SettableClock(0.0)
    async with beside(clock) as it:
        for end in range(1, 5):
            clock.advance(STEADY if end == 4 else STEADY - 1)
            os.kill(it.process, signal.SIGKILL)
            await it.ended(end)
            it = await it.another()
    assert it.pauses.seconds == [1.0, 2.0, 4.0, 1.0]


@pytest.mark.parametrize(
    ("ends", "seconds"), [(1, FIRST_PAUSE), (6, 32.0), (7, LONGEST_PAUSE), (10**6, 60.0)]
)
def test_a_pause_grows_and_has_an_end(ends: int, seconds: float) -> None:
    assert signatures.pause_after(ends) == seconds


async def test_a_process_that_cannot_be_begun_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with beside() as it:
        with monkeypatch.context() as without:
            without.setattr(signatures, "_COMMAND", ("/nowhere/python",))
            os.kill(it.process, signal.SIGKILL)
            await it.ended()
            it.pauses.over.set()
            while len(it.pauses.seconds) < 2:  # a crowd is many requests
                for _ in range(CROWD):
                    it.signatures.in_crowd()
                assert await asyncio.gather(*it.hold(signed(), forged(), signed())) == [True, False, True]
                await asyncio.sleep(0.01)
        assert "cannot be begun" in caplog.text
        assert (await it.another()).process in processes()


async def test_a_process_that_is_never_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SettableClock(0.0)
    async with beside(clock) as it:
        monkeypatch.setattr(signatures, "PATIENCE", 0.01)
        with monkeypatch.context() as silent:
            silent.setattr(signatures, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(600)"))
            os.kill(it.process, signal.SIGKILL)
            await it.ended()
            it.pauses.over.set()
            await asyncio.sleep(0)
            while len(it.pauses.seconds) < 2:  # a crowd is many requests
                assert not any(it.signatures.in_crowd() for _ in range(CROWD))
                clock.advance(START / 10)
                await asyncio.sleep(0.02)
        assert (await it.another()).process in processes()
        assert it.pauses.seconds == [1.0, 2.0]


async def test_the_end_of_the_host_leaves_nobody_without_an_answer() -> None:
    async with beside() as it:
        asked = await it.hold_back(signed(), forged(), signed(), forged())
    assert await asyncio.gather(*asked) == [True, False, True, False]


async def test_without_a_process_every_signature_is_checked_at_once() -> None:
    alone = Signatures()
    async with alone.running():
        assert not any(alone.in_crowd() for _ in range(100))
        assert [await alone.hold(one) for one in (signed(), forged())] == [True, False]


def test_the_process_outlives_signals_to_the_group_and_ends_with_its_worker() -> None:
    ours, its = socket.socketpair()
    with subprocess.Popen(
        [sys.executable, "-m", "pods.authn.signature_process"], stdin=its.fileno()
    ) as process:
        its.close()
        assert ours.recv(8) == signature_process.READY
        for ends in (signal.SIGINT, signal.SIGTERM):
            process.send_signal(ends)
        ours.sendall(bytes(signature_process.RECORD // 2))
        ours.close()
        assert process.wait(timeout=30) == 0


WORKER = """
import asyncio, uvloop
from pods.authn.signatures import CROWD, Signatures

async def serve():
    made = Signatures(beside=True)
    async with made.running():
        while not all([made.in_crowd() for _ in range(CROWD)]):
            await asyncio.sleep(0.01)
        print("crowded", flush=True)
        await asyncio.sleep(600)

uvloop.run(serve())
"""


def lives(process: int) -> bool:
    """Say whether a process is there and has not ended; who inherits it may leave it unburied for a while."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
async def test_a_process_that_is_stopped_ends_with_a_worker_that_is_killed() -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"crowded\n"
        (process,) = processes(worker.pid)
        os.kill(process, signal.SIGSTOP)
    finally:
        worker.kill()
        await worker.wait()
    try:
        async with asyncio.timeout(START_SECONDS):
            while lives(process):  # noqa: ASYNC110  # its end is no event of ours
                await asyncio.sleep(0.01)
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize(
    ("workers", "cores", "room"),
    [(0, 8, False), (1, 1, False), (1, 2, True), (2, 2, False), (2, 3, False), (2, 4, True)],
)
def test_a_process_is_begun_where_it_has_a_core_of_its_own(workers: int, cores: int, room: bool) -> None:
    assert has_room(workers, cores) is room
