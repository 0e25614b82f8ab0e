"""Whether every machine on one database has the same keys: marks of the newest stand in the database."""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pods.identity.keys import SigningKeys
from pods.model import Clock
from pods.recurring import recurring
from pods.settings import BadSetting
from pods.storage.base import Commits, Store, Transaction

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds; a new key signs ten minutes after it was made (`LEAD_SECONDS`)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file of keys in the data folder, by marks that tell nothing of what is secret."""

    name: str
    newest: frozenset[str]
    """Of the keys that are used, or will be soon."""
    known: frozenset[str]
    """Of all that still verify, the newest among them."""


def of_signing_keys(name: str, keys: SigningKeys) -> KeyFile:
    """Return the marks of the keys that sign tokens: the newest of each algorithm."""
    kept = keys.kept()
    newest = {one.alg: one.kid for one in reversed(kept)}
    return KeyFile(name, frozenset(newest.values()), frozenset(one.kid for one in kept))


def of_secret(name: str, secret: bytes) -> KeyFile:
    """Return the mark of a secret that never changes."""
    mark = frozenset({hmac.digest(secret, b"portico same key", "sha256").hex()})
    return KeyFile(name, mark, mark)


def differing(tx: Transaction, files: Sequence[KeyFile]) -> list[str]:
    """Return the names of the files that lack a key which another machine uses."""
    noted: dict[str, set[str]] = {}
    for name, mark in tx.execute("SELECT name, mark FROM host_key"):
        noted.setdefault(name, set()).add(mark)
    return [one.name for one in files if not noted.get(one.name, set()) <= one.known]


def note(tx: Transaction, files: Sequence[KeyFile], at: float) -> None:
    """Say that these are the keys from now on, whatever was noted before."""
    for one in files:
        tx.execute("DELETE FROM host_key WHERE name = ?", (one.name,))
        tx.execute_many(
            "INSERT INTO host_key (name, mark, noted) VALUES (?, ?, ?)",
            [(one.name, mark, at) for mark in sorted(one.newest)],
        )


class SameKeys:
    """Compares the files of this machine with what the others noted, at the start and while the host serves."""

    def __init__(
        self, store: Store, commits: Commits, files: Callable[[], Sequence[KeyFile]], *, clock: Clock
    ) -> None:
        self._store = store
        self._commits = commits
        self._files = files
        self._clock = clock

    def require(self) -> None:
        """Note the keys of this machine; raise BadSetting if another machine uses one that is not among them.

        Its tokens would be refused here, and people would have two pseudonyms: better that this one does not start.
        """
        with self._store.writing() as tx:
            if names := self._compared(tx):
                raise BadSetting(_TOLD.format(names=", ".join(names)))

    @asynccontextmanager
    async def alongside(self) -> AsyncIterator[None]:
        """Compare again and again, since keys are rotated on one machine first."""
        async with recurring(self._look, LOOK_EVERY, "keys of all machines", first=LOOK_EVERY):
            yield

    async def _look(self) -> None:
        if names := await self._commits.submit(self._compared):
            log.error(_TOLD.format(names=", ".join(names)))

    def _compared(self, tx: Transaction) -> list[str]:
        files = self._files()
        names = differing(tx, files)
        if not names:
            changed = {(one.name, mark) for one in files for mark in one.newest} - {
                (name, mark) for name, mark in tx.execute("SELECT name, mark FROM host_key")
            }
            if changed:
                note(tx, files, self._clock())
        return names


_TOLD = (
    "{names}: another machine on this database uses keys that are not in this data folder. Copy the files from there;"
    " or, if the keys here are the right ones, say so with `portico keys adopt`."
)
