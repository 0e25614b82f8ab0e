"""The pod host with a part of the access log taken out, so that a measurement can tell what that part costs.

`python -m tests.bench.unlogged PART PORT` serves such a host. It exists here alone: the product has no way to answer a
read of others without a durable line before it.
"""

from __future__ import annotations

import sys
from unittest.mock import patch

from starlette.types import ASGIApp

from apps.cli.serve import Listener, run_until_stopped, serve_together
from consent.main import create_app
from pods import main as pods_main
from pods.model import Answer, Mode, Operation
from pods.protocol import target
from pods.refusing import Refused
from pods.service import Pods
from pods.storage import commits
from pods.storage.base import Transaction
from pods.storage.write_log import WriteLog

LOG = "log"
"""No line is written: a service reads as an owner does."""
DURABILITY = "durability"
"""Lines are written and committed, and nobody waits for the disk."""


class WithoutLines(Pods):
    """Serves everybody who may read from a snapshot."""

    async def _read(self, op: Operation) -> Answer:
        needed = Mode.CONTROL if target.is_acl(op.path) else Mode.READ

        def job(tx: Transaction) -> Answer:
            rights = self._rights(op.agent, op.path, tx)
            if needed not in rights.user:
                raise Refused(op.path, needed)
            return self._representations.answer(op, self._existing(op.path, tx), rights, tx)

        return await self._store.read(job)


class WithoutWaiting(WriteLog):
    """Answers before the disk has."""

    async def sync(self) -> None:
        """Leave it to the system when it writes."""


def without_log() -> ASGIApp:
    """Return the host that writes no lines."""
    with patch.object(pods_main, "Pods", WithoutLines):
        return create_app()


def without_durability() -> ASGIApp:
    """Return the host that waits for no disk."""
    with patch.object(commits, "WriteLog", WithoutWaiting):
        return create_app()


FACTORIES = {LOG: "without_log", DURABILITY: "without_durability"}


if __name__ == "__main__":
    at = Listener(f"tests.bench.unlogged:{FACTORIES[sys.argv[1]]}", ("127.0.0.1",), int(sys.argv[2]))
    run_until_stopped(serve_together([at]))
