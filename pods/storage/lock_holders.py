"""Which process keeps all others from writing to a SQLite file, as the kernel knows it (Linux)."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from pods.storage.write_log import Turn

log = logging.getLogger(__name__)

_LOCKS = Path("/proc/locks")
_WRITE_LOCK = "120"  # the byte of FILE-shm that a writer locks (https://www.sqlite.org/walformat.html, 2.3.1)
_STATES = {
    "T": "is stopped",
    "t": "is stopped by a debugger",
    "D": "waits for the disk",
    "Z": "has ended",
    "R": "is running",
    "S": "is waiting",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the right to write."""

    pid: int

    def __str__(self) -> str:
        with suppress(OSError, IndexError):  # it may end at this moment
            # The name in brackets may hold spaces and brackets of its own (proc_pid_stat(5)).
            state = Path(f"/proc/{self.pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
            return f"process {self.pid}, which {_STATES.get(state, 'runs')}"
        return f"process {self.pid}"


def holder(database: Path) -> Holder | None:
    """Return who has SQLite's lock, or else the turn to ask for it; None where nobody has, or nobody can know."""
    for kind, file, first in (
        ("POSIX", f"{database}-shm", _WRITE_LOCK),
        ("FLOCK", f"{database}.lock", "0"),
    ):
        for pid in _holders(kind, file, first):
            return Holder(pid)
    return None


def blocked(database: Path, seconds: float) -> str | None:
    """Return who keeps everybody from writing, if for so long the turn does not come; None if it comes.

    The queue is fair: on a busy host the turn comes in milliseconds. Nothing is written.
    """
    came = threading.Event()
    # It cannot be called off; a turn that comes later is given back.
    threading.Thread(target=_take_and_give, args=(database, seconds, came), daemon=True).start()
    if came.wait(2 * seconds):
        return None
    return str(holder(database) or "a process that this system does not name")


def _take_and_give(database: Path, seconds: float, came: threading.Event) -> None:
    turn = Turn(database)
    turn.wait()
    try:
        with closing(sqlite3.connect(database, timeout=seconds, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        came.set()
    except sqlite3.OperationalError:
        log.info("the database stays locked")
    finally:
        turn.close()


def _holders(kind: str, file: str, first: str) -> Iterator[int]:
    # "1: FLOCK  ADVISORY  WRITE 4711 fe:00:2146521 0 EOF"; who waits for a lock has an arrow after the number.
    with suppress(OSError):
        about = os.stat(file)
        place = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
        for line in _LOCKS.read_text("ascii").splitlines():
            match line.split()[1:]:
                case [found, _, "WRITE", pid, where, begin, _] if (found, where) == (kind, place):
                    if begin == first and int(pid) > 0:  # 0: a process of another namespace
                        yield int(pid)
