"""Starts of a pod host that are killed at one line after another; prints what went wrong with the start after each.

python -m tests.system.killed_starts FOLDER DATABASE ROUNDS
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from consent.main import extension, schemas
from pods.main import open_core
from pods.model import Path as ResourcePath
from pods.model import WebId
from pods.protocol.dpop import Proof
from pods.settings import PodSettings

ROOT = Path(__file__).resolve().parents[2]
OURS = (str(ROOT / "pods"), str(ROOT / "consent"))
PATIENCE = 20.0  # seconds for a start of a tenth of one, on a busy machine


def start(folder: Path, database: str, name: str) -> None:
    """Start as a worker does, remember a proof, write a document, stop."""
    core = open_core(PodSettings(folder, database), time.time, schemas=schemas())
    extension(core)
    if not core.replay.first_use(Proof("key", name, time.time()), time.time()):
        raise RuntimeError("a new proof was taken for an old one")
    with core.store.writing() as tx:
        if tx.pod("anna") is None:
            tx.add_pod("anna", WebId("http://a"), 1.0)
        tx.write(ResourcePath(f"/anna/{name}"), "text/plain", b"x", 2.0)
    core.close()


def counted(work: Callable[[], None], last: int = 0) -> int:
    """Do the work; kill this process when it comes to its line number `last`, and return how many there were."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            lines += 1
            if lines == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    work()
    sys.settrace(None)
    return lines


def in_a_child(work: Callable[[], object]) -> int:
    """Do the work in a process of its own; return how that ended, or -1 if it did not."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # said, and seen by its status
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def main() -> None:
    """Kill starts: each in a new folder, and each in one that has been in use."""
    folder, database, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    read, write = os.pipe()
    in_a_child(lambda: os.write(write, b"%d" % counted(lambda: start(folder / "used", database, "first"))))
    lines = int(os.read(read, 20))
    for number in range(rounds):
        last = 1 + lines * number // rounds
        for place in (folder / f"new-{number}", folder / "used"):
            killed = in_a_child(lambda: counted(lambda: start(place, database, f"{number}-killed"), last))  # noqa: B023  # done at once
            if killed not in (-signal.SIGKILL, 0):
                print(f"line {last}: ended with {killed} before it was killed")
            again = in_a_child(lambda: start(place, database, f"{place.name}-{number}"))  # noqa: B023
            if again != 0:
                print(f"line {last}, {place.name}: the next start ended with {again}")
    print(f"{rounds} places among {lines} lines")


if __name__ == "__main__":
    main()
