"""The memory of DPoP proofs in PostgreSQL, for the workers of several machines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

import psycopg

from pods.authn.replay import REMEMBER, digest_of
from pods.protocol.dpop import Proof
from pods.storage import dialect
from pods.storage.postgres_connection import ConnectionLost, Statements, connect, error_of
from pods.storage.postgres_wire import Wire
from pods.storage.postgres_wires import Digests, Times, Wires

PURGE_EVERY = 1_000  # proofs between two purges: each takes a few milliseconds
MOST_ASKED = 256  # proofs in one statement
LOST_ATTEMPTS = 3
_INSERT = "INSERT INTO seen_proof (digest, iat) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
_PURGE = "DELETE FROM seen_proof WHERE iat < ?"
_PURGE_OLD = dialect.statement(_PURGE)
_INSERT_ALL = dialect.statement(
    "INSERT INTO seen_proof (digest, iat) SELECT * FROM unnest(?, ?) ON CONFLICT (digest) DO NOTHING RETURNING digest"
)


@dataclass(slots=True, eq=False)
class _Asked:
    digest: bytes
    issued_at: float
    outcome: asyncio.Future[bool]
    lost: int = 0


class PostgresReplayGuard:
    """Remembers each proof once, in an unlogged table: quick, and empty after a crash of the database.

    Then only a proof of the last two minutes before the crash could come again. Its connection is its own, so
    that no request waits for those that read or write; proofs that come while it is busy are asked about together.
    """

    waits = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._wires: Wires | None = None
        self._waiting: list[_Asked] = []
        self._working: asyncio.Task[None] | None = None
        self._since_purge = 0

    def first_use(self, proof: Proof, at: float) -> bool:
        """Remember the proof; False if this or another worker has seen it before. Raises StoreError.

        For programs without an event loop: it takes a connection for each.
        """
        try:
            with connect(self._url) as connection:
                statements = Statements(connection)
                new = statements.execute(_INSERT, (digest_of(proof), proof.issued_at)).rowcount == 1
                if self._purges(1):
                    statements.execute(_PURGE, (at - REMEMBER,))
        except psycopg.Error as error:
            raise error_of(error) from error
        return new

    def ask(self, proof: Proof, at: float) -> Awaitable[bool]:
        """Do the same from the event loop."""
        loop = asyncio.get_running_loop()
        asked = _Asked(digest_of(proof), proof.issued_at, loop.create_future())
        self._waiting.append(asked)
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work(at))
        return asked.outcome

    def close(self) -> None:
        """Close the connection."""
        if self._wires is not None:
            self._wires.close()

    async def _work(self, at: float) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_ASKED], self._waiting[MOST_ASKED:]
            try:
                new = await self._remember(batch, at)
            except ConnectionLost as error:
                self._waiting = self._once_more(batch, error) + self._waiting
            except Exception as error:  # noqa: BLE001  # whatever it was, each waiting client hears of it
                for asked in batch:
                    if not asked.outcome.done():
                        asked.outcome.set_exception(error)
            else:
                for asked in batch:
                    if not asked.outcome.done():
                        _settle(asked, new=asked.digest in new)
                    new.discard(asked.digest)  # who shows the same proof in the same moment comes second

    def _once_more(self, batch: list[_Asked], error: ConnectionLost) -> list[_Asked]:
        for asked in batch:
            asked.lost += 1
            if asked.lost == LOST_ATTEMPTS and not asked.outcome.done():
                asked.outcome.set_exception(error)
        return [asked for asked in batch if asked.lost < LOST_ATTEMPTS]

    async def _remember(self, batch: list[_Asked], at: float) -> set[bytes]:
        """Return which of these proofs are new."""
        wire = await self._connected()
        # In one order: two workers that remember the same proofs at once would wait for each other.
        asked = sorted({one.digest: one.issued_at for one in batch}.items())
        digests, times = zip(*asked, strict=True)
        try:
            found = wire.send(_INSERT_ALL, (Digests(digests), Times(times)))
            wire.flush()
            # A transaction of its own: what fails in it must not forget these proofs.
            if self._purges(len(batch)):
                wire.send(_PURGE_OLD, (at - REMEMBER,))
                wire.flush()
            return {row[0] for row in await found.awaited()}
        except psycopg.Error as error:
            raise error_of(error) from error

    async def _connected(self) -> Wire:
        if self._wires is None or self._wires.loop is not asyncio.get_running_loop():
            self.close()
            self._wires = Wires(self._url, 1)
        wire = self._wires.idle() or await self._wires.open()
        self._wires.give(wire)  # at once: there is one, and one who uses it
        return wire

    def _purges(self, more: int) -> bool:
        """Count proofs; say whether it is time to forget old ones."""
        self._since_purge += more
        if self._since_purge < PURGE_EVERY:
            return False
        self._since_purge = 0
        return True


def _settle(asked: _Asked, *, new: bool) -> None:
    """Answer who asked; where an answer was lost before, a proof that is known may be known from that attempt."""
    if new or not asked.lost:
        asked.outcome.set_result(new)
    else:  # neither used before, for all that we know, nor good: somebody else may have shown it in between
        asked.outcome.set_exception(
            ConnectionLost(
                "The database went away while it was asked about this proof; try again with a new proof."
            )
        )
