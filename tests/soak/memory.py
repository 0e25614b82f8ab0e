"""Memory of every process of a host while it is under load, and whether it stays where it was."""

from __future__ import annotations

import asyncio
import os
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

EVERY = 0.5  # seconds
MOST_GROWTH = (
    0.03  # of what a process holds, over the last half of the run; rows and caches of bounded size may come
)
LEAST_MEANT = 4 * 2**20  # bytes that the allocator moves for no reason
MOST_HELD = 400 * 2**20  # bytes of one process: twice what a busy one needs
MOST_FILES = 50  # that may be open beside those at the half: connections come and go
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Memory:
    """Samples a process and all that it started (Linux)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.held: dict[int, list[int]] = defaultdict(list)
        """Bytes that each process holds in memory, sample by sample."""
        self.files: dict[int, list[int]] = defaultdict(list)

    async def watch(self) -> None:
        """Sample until cancelled."""
        while True:
            self._sample()
            await asyncio.sleep(EVERY)

    def _sample(self) -> None:
        for pid in (self._pid, *_children(self._pid)):
            self.held[pid].append(int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE)
            self.files[pid].append(len(os.listdir(f"/proc/{pid}/fd")))

    def lines(self) -> list[str]:
        """Return what each process held, for people."""
        return [
            f"memory of process {pid}: {_mib(statistics.median(_part(held, 1)))} in the second quarter,"
            f" {_mib(statistics.median(_part(held, 3)))} in the last, at most {_mib(max(held))};"
            f" over the last half {slope(held[len(held) // 2 :]) / 2**20:+.1f} MiB; open files"
            f" {statistics.median(_part(self.files[pid], 1)):.0f}, {statistics.median(_part(self.files[pid], 3)):.0f}"
            for pid, held in self.held.items()
        ]

    def faults(self) -> list[str]:
        """Return which process did not stay where it was."""
        found = []
        for pid, held in self.held.items():
            half = held[len(held) // 2 :]
            grown = slope(half)
            if grown > max(LEAST_MEANT, MOST_GROWTH * statistics.median(half)):
                found.append(f"process {pid} grew by {_mib(grown)} in the last half")
            if max(held) > MOST_HELD:
                found.append(f"process {pid} held {_mib(max(held))}")
            files = self.files[pid]
            if statistics.median(_part(files, 3)) > statistics.median(_part(files, 1)) + MOST_FILES:
                found.append(f"process {pid} does not close its files")
        return found


def slope(values: Sequence[float]) -> float:
    """Return by how much the values rise from the first to the last, on the straight line that fits best."""
    if len(values) < 2:
        return 0.0
    return statistics.linear_regression(range(len(values)), values).slope * (len(values) - 1)


def _part(values: Sequence[int], quarter: int) -> Sequence[int]:
    return values[quarter * len(values) // 4 : (quarter + 1) * len(values) // 4] or values


def _mib(count: float) -> str:
    return f"{count / 2**20:.0f} MiB"


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text("ascii").split()]
    return [one for child in children for one in (child, *_children(child))]
