"""The memory of DPoP proofs already used: a file that the workers of a machine share, and what others promise."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from pathlib import Path
from threading import Lock
from typing import Protocol

from pods.errors import StoreError
from pods.protocol.dpop import CLOCK_SKEW, PROOF_MAX_AGE, Proof

REMEMBER = PROOF_MAX_AGE + CLOCK_SKEW  # RFC 9449 section 11.1: for as long as a proof would be accepted
PURGE_EVERY = 5000  # proofs between two purges
_LONGEST_WAIT = 5.0  # seconds for another worker's insert; each takes some microseconds
_PAUSE = 0.00005  # SQLite's own pause starts at 1 ms, which is a hundred inserts


class ReplayGuard(Protocol):
    """Remembers each proof once, for all workers of a host."""

    waits: bool
    """Whether `first_use` waits for another machine; then it is called off the event loop (`first_use`)."""

    def first_use(self, proof: Proof, at: float) -> bool:
        """Remember the proof; False if this or another worker has seen it before. Raises StoreError."""

    def close(self) -> None: ...


async def first_use(guard: ReplayGuard, proof: Proof, at: float) -> bool:
    """Ask a guard from the event loop: at once if it answers in microseconds, else in a thread."""
    if guard.waits:
        return await asyncio.to_thread(guard.first_use, proof, at)
    return guard.first_use(proof, at)


def digest_of(proof: Proof) -> bytes:
    """Return what is remembered of a proof."""
    # jti is unique for one key only (RFC 9449 section 4.2); a replay has the same iat, since it is signed.
    return hashlib.blake2b(f"{proof.thumbprint}\0{proof.jti}".encode(), digest_size=16).digest()


class FileReplayGuard:
    """Remembers each proof once. `synchronous=OFF`: a crash of the process loses nothing, a power cut may."""

    waits = False

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:
            # Without synchronous writes a power cut can break the file. What it knew is older than the
            # machine's start, so only proofs of the last two minutes before the cut could come again.
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._db = _open(path)
        self._lock = Lock()
        self._since_purge = 0

    def first_use(self, proof: Proof, at: float) -> bool:
        """Remember the proof; False if this or another worker has seen it before. Raises StoreError."""
        with self._lock:
            self._since_purge += 1
            if self._since_purge >= PURGE_EVERY:
                self._since_purge = 0
                self._run("DELETE FROM seen WHERE iat < ?", (at - REMEMBER,))
            return (
                self._run(
                    "INSERT OR IGNORE INTO seen (iat, digest) VALUES (?, ?)",
                    (proof.issued_at, digest_of(proof)),
                )
                == 1
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _run(self, sql: str, parameters: tuple[object, ...]) -> int:
        give_up = time.monotonic() + _LONGEST_WAIT
        while True:
            try:
                return self._db.execute(sql, parameters).rowcount
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                    raise StoreError("the replay guard's file does not answer; try again") from error
            time.sleep(_PAUSE)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_LONGEST_WAIT, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    db.execute(
        "CREATE TABLE IF NOT EXISTS seen (iat REAL, digest BLOB, PRIMARY KEY (iat, digest)) STRICT, WITHOUT ROWID"
    )
    db.execute("PRAGMA busy_timeout = 0")
    return db
