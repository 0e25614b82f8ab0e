"""The memory of DPoP proofs in PostgreSQL, for the workers of several machines."""

from __future__ import annotations

from threading import Lock

import psycopg
from psycopg_pool import PoolTimeout

from pods.authn.replay import REMEMBER, digest_of
from pods.protocol.dpop import Proof
from pods.storage.postgres_connection import ConnectionLost, Statements, Unreachable, error_of, open_pool

CONNECTIONS = (
    4  # proofs of a worker that are asked about at once; an answer takes a fraction of a millisecond
)
PURGE_EVERY = 5000  # proofs between two purges
_INSERT = "INSERT INTO seen_proof (digest, iat) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
_PURGE = "DELETE FROM seen_proof WHERE iat < ?"


class PostgresReplayGuard:
    """Remembers each proof once, in an unlogged table: quick, and empty after a crash of the database.

    Then only a proof of the last two minutes before the crash could come again. Its connections are its own, so
    that no request waits for those that write.
    """

    waits = True

    def __init__(self, url: str) -> None:
        self._pool = open_pool(url, CONNECTIONS)
        self._lock = Lock()
        self._since_purge = 0

    def first_use(self, proof: Proof, at: float) -> bool:
        """Remember the proof; False if this or another worker has seen it before. Raises StoreError."""
        new = self._run(_INSERT, (digest_of(proof), proof.issued_at)) == 1
        with self._lock:
            self._since_purge += 1
            purge = self._since_purge >= PURGE_EVERY
            if purge:
                self._since_purge = 0
        if purge:
            self._run(_PURGE, (at - REMEMBER,))
        return new

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _run(self, sql: str, parameters: tuple[object, ...]) -> int:
        for attempt in range(
            CONNECTIONS + 1
        ):  # after a restart of the database every connection is a dead one
            try:
                with self._pool.connection() as connection:
                    return Statements(connection).execute(sql, parameters).rowcount
            except PoolTimeout as error:
                raise Unreachable("The database cannot be reached at the moment; try again.") from error
            except psycopg.Error as error:
                ours = error_of(error)
                if not isinstance(ours, ConnectionLost) or attempt == CONNECTIONS:
                    raise ours from error
        raise AssertionError
