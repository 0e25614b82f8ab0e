"""An archive as the answer to a request: written to a temporary file from one snapshot, then sent."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import IO

from starlette.responses import StreamingResponse

from pods.archive.facts import account_facts
from pods.archive.layout import timestamp
from pods.archive.writing import ArchiveWriter
from pods.identity.accounts import Accounts
from pods.model import Clock
from pods.storage.base import Pod, Store, Transaction

ZIP = "application/zip"
CHUNK = 256 * 1024  # bytes sent at a time
IN_MEMORY = 4 * 1024 * 1024  # bytes of an archive before it goes to a temporary file


class Sender:
    """Answers with archives.

    Not written straight into the connection: whoever reads slowly would hold a snapshot of the database open.
    """

    def __init__(self, writer: ArchiveWriter, accounts: Accounts, store: Store, clock: Clock) -> None:
        self._writer = writer
        self._accounts = accounts
        self._store = store
        self._clock = clock

    async def answer(self, pod_of: Callable[[Transaction], Pod]) -> StreamingResponse:
        """Return the archive of the pod that `pod_of` finds; what it raises is raised."""
        at = self._clock()
        name, file = await asyncio.to_thread(self._archive, pod_of, at)
        size = file.seek(0, 2)
        file.seek(0)
        headers = {
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}-{timestamp(at)[:10]}.zip"',
            "content-length": str(size),
        }
        return StreamingResponse(_chunks(file), media_type=ZIP, headers=headers)

    def _archive(self, pod_of: Callable[[Transaction], Pod], at: float) -> tuple[str, IO[bytes]]:
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed when it is sent
        try:
            with self._store.reading() as tx:
                pod = pod_of(tx)
                self._writer.write(tx, pod, account_facts(self._accounts, tx, pod), file, at)
        except BaseException:
            file.close()
            raise
        return pod.name, file


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
