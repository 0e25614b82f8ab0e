"""A write job that waits for its commit, and how a batch of them ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pods.errors import StoreError
from pods.storage.base import Transaction


@dataclass(slots=True)
class Job:
    """What a client asked for, and what came of it before the commit."""

    run: Callable[[Transaction], Any]
    outcome: asyncio.Future[Any]
    long: bool
    value: Any = None
    error: BaseException | None = None


def next_batch(waiting: deque[Job], most: int) -> list[Job]:
    """Take the jobs of the next commit off the queue: the first one, and what may share its commit."""
    batch = [waiting.popleft()]
    while waiting and len(batch) < most and not (batch[0].long or waiting[0].long):
        batch.append(waiting.popleft())
    return batch


def finish(batch: list[Job]) -> None:
    """Give each client what its job gave, now that it is durable; or the job's own failure."""
    for job in batch:
        if job.outcome.done():
            continue
        if job.error is not None:
            job.outcome.set_exception(job.error)
        else:
            job.outcome.set_result(job.value)


def abandon(batch: list[Job], error: Exception) -> None:
    """Tell each client that nothing was committed."""
    failure = error if isinstance(error, StoreError) else StoreError("The change could not be stored.")
    failure.__cause__ = failure.__cause__ or (error if failure is not error else None)
    for job in batch:
        if not job.outcome.done():
            job.outcome.set_exception(failure)
