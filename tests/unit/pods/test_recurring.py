"""Work beside the requests of a host goes on after what went wrong, and ends with the host."""

import asyncio
import logging

import pytest

from pods.recurring import beside, recurring


async def test_it_is_done_again_after_it_failed(caplog: pytest.LogCaptureFixture) -> None:
    times, done = 0, asyncio.Event()

    async def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise ValueError("a bad row")
        done.set()

    with caplog.at_level(logging.ERROR):
        async with recurring(work, 0.001, "counting"):
            await asyncio.wait_for(done.wait(), 5)
    assert "counting: this time it failed" in caplog.text
    assert "a bad row" in caplog.text


async def test_it_ends_with_the_block_wherever_it_is() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with beside(work(), "waiting"):
        await begun.wait()
        assert not ended.is_set()
    assert ended.is_set()


async def test_the_first_time_can_wait() -> None:
    times = 0

    async def work() -> None:
        nonlocal times
        times += 1

    async with recurring(work, 0.001, "counting", first=60.0):
        await asyncio.sleep(0.02)
    assert times == 0
