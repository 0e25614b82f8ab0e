"""`python -m tests.bench.wallet_pages`: what each page of the wallet costs with few and with many decisions in the pod.

A real pod host on loopback and the wallet in this process; the best of some rounds, in milliseconds, host and wallet
together.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.conftest import SettableClock
from tests.http.test_wallet_many_grants import PAGES
from tests.many_grants import fill
from tests.wallet_town import wallet_town

COUNTS = (10, 10_000)
ROUNDS = 7
SLOW = ("/grants?words=quartiere+9999", "/grants?words=legna")
"""Words that one decision has, and that none has."""


async def measured(count: int, folder: Path) -> dict[str, float]:
    """Return the best milliseconds of each page with so many decisions."""
    found: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        town = await stack.enter_async_context(wallet_town(folder, SettableClock(time.time()), "anna"))
        await town.organisation("coop")
        fill(town.core, town.pod("anna"), town.webid("coop"), count)
        anna = town.browser("anna")
        for path in (*PAGES, *SLOW):
            for _ in range(ROUNDS):
                began = time.perf_counter()
                await anna.see(path.format(origin=town.origin))
                took = (time.perf_counter() - began) * 1000
                assert anna.status == 200, path
                found[path] = min(found.get(path, took), took)
    return found


def main() -> None:
    """Measure and print the table."""
    columns = []
    for count in COUNTS:
        with TemporaryDirectory() as folder:
            columns.append(asyncio.run(measured(count, Path(folder))))
    table = Table("page", *(f"{count:,}" for count in COUNTS))
    for path in columns[0]:
        table.add_row(path.partition("?purpose")[0][:40], *(f"{column[path]:.0f} ms" for column in columns))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
