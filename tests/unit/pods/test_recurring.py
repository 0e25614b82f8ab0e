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


async def test_who_is_cancelled_while_the_work_ends_is_cancelled_and_the_work_ends_in_its_own_way() -> None:
    ending, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await may_end.wait()
            ended.set()

    async def host() -> None:
        async with beside(work(), "slow to end"):
            await asyncio.sleep(0)

    served = asyncio.create_task(host())
    await ending.wait()
    served.cancel()
    with pytest.raises(asyncio.CancelledError):
        await served
    may_end.set()
    await asyncio.wait_for(ended.wait(), 5)


async def test_what_ended_the_work_is_told_at_the_end_of_the_block() -> None:
    async def work() -> None:
        raise ValueError("nobody foresaw this")

    with pytest.raises(ValueError, match="nobody foresaw"):
        async with beside(work(), "failing"):
            await asyncio.sleep(0)
