"""What was costly to make and may be asked for again, kept by a worker while there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRY = 768  # bytes beside a value: its key of a few strings, the places of both in the table


class Kept(Generic[K, V]):
    """Keeps the values that were asked for last; safe for many threads.

    Whoever keeps a value sees to it that it is never wrong: its key names everything that it is made of, or it says so
    itself. `room` is in bytes and covers keys and values, so that a host that has seen a million small documents weighs
    no more than one that has seen few large ones.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._changing = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the value, if it is still there."""
        with self._changing:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: K, value: V, size: int) -> V:
        """Keep a value of so many bytes, the last one even where it takes more than all the room; return it."""
        with self._changing:
            before = self._values.pop(key, None)
            if before is not None:
                self._taken -= before[1]
            weight = size + ENTRY
            self._values[key] = (value, weight)
            self._taken += weight
            while self._taken > self._room and len(self._values) > 1:
                self._taken -= self._values.popitem(last=False)[1][1]
        return value

    def forget_while(self, stale: Callable[[V], bool]) -> None:
        """Let go of stale values, from the one that was asked for longest ago on, up to the first that is not."""
        with self._changing:
            while self._values:
                key, (value, weight) = next(iter(self._values.items()))
                if not stale(value):
                    return
                del self._values[key]
                self._taken -= weight
