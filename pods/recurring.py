"""Work beside the requests of a host: begun when it serves, done again and again, ended with it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

log = logging.getLogger(__name__)

# Workers begin together; without it they would want the same rows at the same moment for ever.
_UNEVEN = 0.1  # share of a pause by which it may be longer
_chance = random.SystemRandom()


@asynccontextmanager
async def beside(work: Coroutine[object, object, None], name: str) -> AsyncIterator[None]:
    """Let work run while the block does, and end it there wherever it is: what it does must stand that."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        # Not `await task`: who is cancelled while it ends would cancel it once more, and would not know of itself.
        await asyncio.wait((task,))
        if not task.cancelled():
            task.result()


@asynccontextmanager
async def recurring(
    work: Callable[[], Awaitable[object]], seconds: float, name: str, *, first: float = 0.0
) -> AsyncIterator[None]:
    """Do work while the block runs, with a pause of so many seconds between; the `first` time after another one.

    A pause is up to a tenth longer than that, so that several workers drift apart.
    """
    async with beside(_again(work, seconds, name, first), name):
        yield


async def _again(work: Callable[[], Awaitable[object]], seconds: float, name: str, first: float) -> None:
    await asyncio.sleep(_uneven(first))
    while True:
        try:
            await work()
        except Exception:
            # A store that is away for a moment, or one bad row, must not end the work of weeks.
            log.exception("%s: this time it failed; it is tried again in %g s", name, seconds)
        await asyncio.sleep(_uneven(seconds))


def _uneven(seconds: float) -> float:
    return seconds * (1 + _UNEVEN * _chance.random())
