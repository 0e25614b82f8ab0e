"""Routes of what is the person's own: the access log, and everything at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import IO

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from consent import log_sql, wire
from consent.http.callers import PRIVATE, Callers, json_answer, own_pod
from consent.registry_sql import Purposes
from pods.archive.facts import account_facts
from pods.archive.writing import ArchiveWriter
from pods.errors import BadRequest
from pods.http.openapi import BYTES, LIST, NUMBER, described
from pods.identity.accounts import Accounts
from pods.model import Clock, WebId
from pods.storage.base import Store

MOST_LINES = 500  # of one page of the log
USUAL_LINES = 50
CHUNK = 256 * 1024  # bytes sent at a time
ZIP = "application/zip"
IN_MEMORY = 4 * 1024 * 1024  # bytes of an archive before it goes to a temporary file


class OwnRoutes:
    """For the owner of a pod, through any client that they logged in with."""

    def __init__(
        self,
        callers: Callers,
        writer: ArchiveWriter,
        accounts: Accounts,
        *,
        origin: str,
        store: Store,
        clock: Clock,
    ) -> None:
        self._callers = callers
        self._writer = writer
        self._accounts = accounts
        self._purposes = Purposes(origin)
        self._store = store
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        router = APIRouter(prefix="/.consent", tags=["own"])
        router.add_api_route(
            "/log",
            self.log,
            methods=["GET"],
            **described(LIST, query={"limit": NUMBER, "after": NUMBER}, token=True),
        )
        router.add_api_route(
            "/export", self.export, methods=["GET"], **described(BYTES, media_types=(ZIP,), token=True)
        )
        return list(router.routes)

    async def log(self, request: Request) -> Response:
        """Who did what with the caller's data: newest first; `after` is the last `seq` that was seen."""
        _, webid = await self._callers.known(request)
        limit = _number(request, "limit", USUAL_LINES)
        after = _number(request, "after", None)
        with self._store.reading() as tx:
            lines = log_sql.newest(
                tx,
                self._purposes,
                own_pod(tx, webid).key,
                before=after,
                limit=min(limit or USUAL_LINES, MOST_LINES),
            )
        return json_answer([wire.log_line_json(line) for line in lines])

    async def export(self, request: Request) -> Response:
        """The whole pod as one zip: documents, access rules, consents, access log."""
        _, webid = await self._callers.known(request)
        at = self._clock()
        with self._store.reading() as tx:
            name = own_pod(tx, webid).name
        file = await asyncio.to_thread(self._archive, webid, at)
        day = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
        headers = {**PRIVATE, "content-disposition": f'attachment; filename="{name}-{day}.zip"'}
        return StreamingResponse(_chunks(file), media_type=ZIP, headers=headers)

    def _archive(self, webid: WebId, at: float) -> IO[bytes]:
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed when it is sent
        try:
            with self._store.reading() as tx:
                pod = own_pod(tx, webid)
                self._writer.write(tx, pod, account_facts(self._accounts, tx, pod), file, at)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


def _number(request: Request, name: str, default: int | None) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise BadRequest(f"?{name}= must be a whole number, not {text[:20]!r}.")
    return int(text)
