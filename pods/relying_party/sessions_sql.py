"""Sessions on the server: one SQLite file, each row sealed with a key that needs the browser's cookie too."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pods.model import Clock

_TOUCH = 60.0  # seconds; `used` is written at most this often
_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id BLOB PRIMARY KEY, sealed BLOB NOT NULL, started REAL NOT NULL, used REAL NOT NULL
) WITHOUT ROWID
"""


class SessionStore:
    """Keeps JSON values under names that only a browser's cookie knows.

    The file holds a digest of each name, never the name; a value is sealed (AES-256-GCM) under a key made of the
    key file and the name. So neither the database, nor database and key file together, give a token away.
    """

    def __init__(
        self, path: Path, key_file: Path, *, clock: Clock, idle: float = 1800.0, longest: float = 43_200.0
    ) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._secret = _secret(key_file)
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.execute(_SCHEMA)

    def start(self, value: dict[str, Any]) -> str:
        """Keep the value under a fresh name and return the name; old sessions are cleared on the way."""
        name, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._db.execute(
                "DELETE FROM session WHERE used < ? OR started < ?", (now - self._idle, now - self._longest)
            )
            self._db.execute(
                "INSERT INTO session (id, sealed, started, used) VALUES (?, ?, ?, ?)",
                (_identifier(name), self._seal(name, value), now, now),
            )
        return name

    def read(self, name: str) -> dict[str, Any] | None:
        """Return the value of a live session, and note that it is in use."""
        identifier, now = _identifier(name), self._clock()
        with self._lock:
            row = self._db.execute(
                "SELECT sealed, used FROM session WHERE id = ? AND used >= ? AND started >= ?",
                (identifier, now - self._idle, now - self._longest),
            ).fetchone()
            if row is None:
                return None
            if row[1] < now - _TOUCH:
                self._db.execute("UPDATE session SET used = ? WHERE id = ?", (now, identifier))
        return self._open(name, row[0])

    def replace(self, name: str, value: dict[str, Any]) -> None:
        """Put another value under a name; nothing happens if the session has ended meanwhile."""
        with self._lock:
            self._db.execute(
                "UPDATE session SET sealed = ? WHERE id = ?", (self._seal(name, value), _identifier(name))
            )

    def rename(self, name: str, value: dict[str, Any]) -> str | None:
        """Keep the value under a fresh name, as old as the session is, and forget the old name.

        Return the fresh name; None if the session has ended meanwhile.
        """
        fresh = secrets.token_urlsafe(32)
        with self._lock:
            moved = self._db.execute(
                "UPDATE session SET id = ?, sealed = ? WHERE id = ?",
                (_identifier(fresh), self._seal(fresh, value), _identifier(name)),
            )
            return fresh if moved.rowcount else None

    def end(self, name: str) -> None:
        """Forget the session."""
        with self._lock:
            self._db.execute("DELETE FROM session WHERE id = ?", (_identifier(name),))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _cipher(self, name: str) -> AESGCM:
        return AESGCM(hmac.digest(self._secret, b"session\x00" + name.encode(), "sha256"))

    def _seal(self, name: str, value: dict[str, Any]) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher(name).encrypt(nonce, orjson.dumps(value), _identifier(name))

    def _open(self, name: str, sealed: bytes) -> dict[str, Any] | None:
        try:
            plain = self._cipher(name).decrypt(sealed[:12], sealed[12:], _identifier(name))
        except InvalidTag:
            return None  # the key file was renewed: the session is over
        value: dict[str, Any] = orjson.loads(plain)
        return value


def _identifier(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _secret(key_file: Path) -> bytes:
    """Return the key in the file; the first process to ask makes it."""
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = key_file.with_name(f".{key_file.name}.{secrets.token_hex(8)}")
    if not key_file.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails where the name exists: of several workers that start at once, one wins.
            os.link(draft, key_file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return key_file.read_bytes()
