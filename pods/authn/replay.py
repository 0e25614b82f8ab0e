"""The memory of DPoP proofs already used: a file that the workers of a machine share, and what others promise."""

from __future__ import annotations

import hashlib
import logging
import struct
from collections.abc import Awaitable
from pathlib import Path
from threading import Lock
from typing import Protocol
from weakref import WeakValueDictionary

import lmdb

from pods.errors import StoreError, StoreUnavailable
from pods.protocol.dpop import CLOCK_SKEW, PROOF_MAX_AGE, Proof
from pods.storage.reserved import reserve

log = logging.getLogger(__name__)

REMEMBER = PROOF_MAX_AGE + CLOCK_SKEW  # RFC 9449 section 11.1: for as long as a proof would be accepted
PURGE_EVERY = 500  # proofs between two purges, of at most twice as many: neither is felt
_MOST_BYTES = 1 << 30  # that the file may grow to; a proof takes about 50 for 150 seconds
# A page of a mapped file that finds no room on a full disk kills the process (SIGBUS), and readers with it. So the
# disk is asked beforehand: for so much more than is used, and again when half of that is.
_AHEAD = 2 << 20
_LEAST = 1 << 18  # of room: with less, a proof is refused
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TIME = struct.Struct(">d")  # big-endian: the oldest key is the first
_open: WeakValueDictionary[Path, lmdb.Environment] = WeakValueDictionary()
"""LMDB opens a file once in a process; the last guard that lets go of it closes it."""
_opening = Lock()


class ReplayGuard(Protocol):
    """Remembers each proof once, for all workers of a host."""

    waits: bool
    """Whether `first_use` waits for another machine; on an event loop `ask` is called then (`first_use`)."""

    def first_use(self, proof: Proof, at: float) -> bool:
        """Remember the proof; False if this or another worker has seen it before. Raises StoreError."""

    def ask(self, proof: Proof, at: float) -> Awaitable[bool]:
        """Do the same on an event loop, which goes on meanwhile."""

    def close(self) -> None: ...


async def first_use(guard: ReplayGuard, proof: Proof, at: float) -> bool:
    """Ask a guard from the event loop: at once if it answers in microseconds."""
    if guard.waits:
        return await guard.ask(proof, at)
    return guard.first_use(proof, at)


def digest_of(proof: Proof) -> bytes:
    """Return what is remembered of a proof."""
    # jti is unique for one key only (RFC 9449 section 4.2); a replay has the same iat, since it is signed.
    return hashlib.blake2b(f"{proof.thumbprint}\0{proof.jti}".encode(), digest_size=16).digest()


class FileReplayGuard:
    """Remembers each proof once, in a file that is mapped into each worker and never waits for the disk.

    A crash of the process loses nothing: the file's pages are the system's. After a crash of the system they may
    be anything, so each start of the machine begins a file of its own; then only a proof of the last two minutes
    before could come again.
    """

    waits = False

    def __init__(self, folder: Path) -> None:
        self._file: lmdb.Environment | None = _opened(folder.resolve())
        self._room = 0
        self._since_purge = 0
        self._make_room(self._file)

    def first_use(self, proof: Proof, at: float) -> bool:
        """Remember the proof; False if this or another worker has seen it before. Raises StoreError."""
        if self._file is None:
            raise StoreError("the host is shutting down")
        self._since_purge += 1
        try:
            with self._file.begin(write=True) as changes:
                if self._since_purge >= PURGE_EVERY:
                    self._since_purge = 0
                    _purge(changes, at - REMEMBER)
                    self._make_room(self._file)
                return changes.put(_TIME.pack(proof.issued_at) + digest_of(proof), b"", overwrite=False)
        except lmdb.Error as error:
            raise StoreError("the replay guard's file does not answer; try again") from error

    async def ask(self, proof: Proof, at: float) -> bool:
        return self.first_use(proof, at)

    def close(self) -> None:
        """Let go of the file."""
        self._file = None

    def _make_room(self, file: lmdb.Environment) -> None:
        """Take room on the disk ahead of what is used; raise StoreError if there is hardly any left."""
        used = (file.info()["last_pgno"] + 1) * file.stat()["psize"]
        if used + _AHEAD // 2 <= self._room:
            return
        wanted = min(used + _AHEAD, _MOST_BYTES)
        try:
            reserve(Path(file.path()), wanted)
        except OSError as error:
            if used + _LEAST > self._room:
                raise StoreUnavailable(
                    "The disk of the host is full; its operator must make room."
                ) from error
            log.warning("no room ahead for the memory of proofs: %s", error)
        else:
            self._room = wanted


def _purge(changes: lmdb.Transaction, before: float) -> None:
    oldest, end = changes.cursor(), _TIME.pack(max(before, 0.0))
    left = 2 * PURGE_EVERY
    while left and oldest.first() and bytes(oldest.key()) < end:
        oldest.delete()
        left -= 1


def _opened(folder: Path) -> lmdb.Environment:
    with _opening:
        known = _open.get(folder)
        if known is None:
            _open[folder] = known = _opened_anew(folder)
        return known


def _opened_anew(folder: Path) -> lmdb.Environment:
    # Where a system does not tell its starts apart, each proof waits for the disk.
    boot = _BOOT.read_text(encoding="ascii").strip() if _BOOT.exists() else ""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{boot or 'seen'}.lmdb"
    for earlier in folder.glob("*.lmdb*"):
        if not earlier.name.startswith(name):
            earlier.unlink(missing_ok=True)
    try:
        return lmdb.open(
            str(folder / name),
            subdir=False,
            map_size=_MOST_BYTES,
            writemap=bool(boot),
            sync=not boot,
            metasync=not boot,
            mode=0o600,
        )
    except lmdb.Error as error:
        raise StoreError(f"the replay guard's file in {folder} cannot be opened: {error}") from error
