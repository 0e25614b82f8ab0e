"""What comes of a soak: how long each kind of work took, and every answer that must not be."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field


class Wrong(Exception):
    """An answer that must not be; the message says to what."""


@dataclass(slots=True)
class Tally:
    """Times of answers in seconds, by kind of work, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)

    async def time(self, kind: str, work: Awaitable[object]) -> None:
        """Note how long a part of some work takes."""
        started = time.perf_counter()
        await work
        self.seconds[kind].append(time.perf_counter() - started)


Action = Callable[[], Awaitable[str]]
"""Does a piece of work and returns its kind; raises whatever says that it went wrong."""


async def work_until(
    until: float,
    tally: Tally,
    mixture: Sequence[tuple[int, Action]],
    choice: random.Random,
) -> None:
    """Do pieces of work, chosen by their weights, until the monotonic time `until`."""
    weights = [weight for weight, _ in mixture]
    while time.monotonic() < until:
        action = choice.choices(mixture, weights)[0][1]
        started = time.perf_counter()
        try:
            kind = await action()
        except Exception as error:  # noqa: BLE001  # whatever it was, it must not be
            tally.wrong.append(f"{action.__name__}: {error!r}")
        else:
            tally.seconds[kind].append(time.perf_counter() - started)
