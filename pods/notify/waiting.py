"""Waiting for the first of two things."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def either(one: Coroutine[Any, Any, Any], other: Coroutine[Any, Any, Any]) -> None:
    """Return when one of the two has returned; the other is cancelled, and the failure of either is raised."""
    tasks = (asyncio.ensure_future(one), asyncio.ensure_future(other))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
