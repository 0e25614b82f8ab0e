"""Signatures of proofs in crowds: checked by a process, each with its own answer, whatever becomes of the process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OKPKey

from pods.authn import signature_process, signatures
from pods.authn.signatures import CROWD, MANY, MOST_ASKED, Signatures, has_room
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from pods.protocol.jose import Jws

URL = "https://pod.example/anna/profile/card"
KEY = DpopKey.generate()
START_SECONDS = 30.0


def signed(key: DpopKey = KEY) -> Jws:
    return jose.parse(key.proof("GET", URL, at=0))


def forged() -> Jws:
    """A proof with the signature of another one of the same key."""
    return replace(signed(), signature=signed().signature)


def processes() -> set[int]:
    """Return the processes beside this one that check signatures."""
    lists = Path("/proc/self/task").glob("*/children")
    children = [int(name) for each in lists for name in each.read_text("ascii").split()]
    return {one for one in children if b"signature_process" in Path(f"/proc/{one}/cmdline").read_bytes()}


@dataclass(frozen=True)
class Beside:
    """Signatures with their process."""

    signatures: Signatures
    process: int

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


@asynccontextmanager
async def beside() -> AsyncIterator[Beside]:
    """Begin a process, and let requests come in crowds."""
    before, made = processes(), Signatures(beside=True)
    async with made.running():
        async with asyncio.timeout(START_SECONDS):
            while not all([made.in_crowd() for _ in range(CROWD)]):  # noqa: C419, ASYNC110  # each is a request
                await asyncio.sleep(0.01)
        (process,) = processes() - before
        yield Beside(made, process)
    assert process not in processes()


async def test_each_of_a_crowd_gets_its_own_answer() -> None:
    okp = DpopKey(OKPKey.generate_key("Ed25519"))
    without_key = jose.sign({}, {"alg": "ES256"}, ECKey.generate_key("P-256"))
    unverified = [
        *(signed(), forged(), signed(DpopKey.generate()), replace(signed(), signature=b"")),
        *(signed(okp), replace(signed(okp), signature=bytes(64)), replace(signed(), signature=bytes(64))),
        *(jose.parse(without_key), signed(), forged()),
    ] * (MOST_ASKED // 5)
    async with beside() as it:
        answers = await asyncio.gather(*it.hold(*unverified))
    assert answers == [one.holds() for one in unverified]
    assert answers[:3] == [True, False, True]


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


@pytest.mark.parametrize(
    ("workers", "cores", "room"),
    [(0, 8, False), (1, 1, False), (1, 2, True), (2, 2, False), (2, 3, False), (2, 4, True)],
)
def test_a_process_is_begun_where_it_has_a_core_of_its_own(workers: int, cores: int, room: bool) -> None:
    assert has_room(workers, cores) is room
