"""The pod host with a part of the access log taken out, so that a measurement can tell what that part costs.

`python -m tests.bench.unlogged PART PORT` serves such a host. It exists here alone: the product has no way to answer a
read of others without a durable line before it.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from unittest.mock import patch

from starlette.types import ASGIApp

from apps.cli.serve import Listener, run_until_stopped, serve_together
from consent.main import create_app
from pods import activity
from pods import main as pods_main
from pods.service import Pods
from pods.storage import write_log
from pods.storage.base import Commits, Store, Transaction
from pods.storage.disk import Disk

LOG = "log"
"""No line is written: a service reads as an owner does."""
DURABILITY = "durability"
"""Lines are written and committed, and nobody waits for the disk."""

T = TypeVar("T")


class Snapshots:
    """Reads where a line would be written; there is no line."""

    def __init__(self, store: Store, commits: Commits) -> None:
        self._store = store
        self.drain, self.close = commits.drain, commits.close

    def submit(self, job: Callable[[Transaction], T], *, long: bool = False) -> Awaitable[T]:
        """Run a job that is a read, but for its line."""
        return self._store.read(job)


class NoDisk(Disk):
    """Leaves it to the system when it writes."""

    async def durable(self, file: int) -> None:
        """Return at once."""


def without_log() -> ASGIApp:
    """Return the host that writes no lines, and serves everybody who may read from a snapshot."""

    def reading(store: Store, commits: Commits, *others: Any, **further: Any) -> Pods:
        return Pods(store, Snapshots(store, commits), *others, **further)

    patch.object(activity, "append", lambda *_, **__: None).start()
    with patch.object(pods_main, "Pods", reading):
        return create_app()


def without_durability() -> ASGIApp:
    """Return the host that waits for no disk."""
    with patch.object(write_log, "Disk", NoDisk):
        return create_app()


FACTORIES = {LOG: "without_log", DURABILITY: "without_durability"}


if __name__ == "__main__":
    at = Listener(f"tests.bench.unlogged:{FACTORIES[sys.argv[1]]}", ("127.0.0.1",), int(sys.argv[2]))
    run_until_stopped(serve_together([at]))
