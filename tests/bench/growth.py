"""`make growth`: does a read stay as quick as a pod host fills up? 1,000, 100,000 and 1,000,000 documents.

The documents are written by the operator's own transactions while the host serves; then the load generator reads
all over them. A read must not take longer than LIMIT times what it took among the fewest (design, section 11).
"""

import json
import os
import time
from pathlib import Path

import click
from rich.console import Console

from apps.cli.operator import operator_core
from pods.model import Path as ResourcePath
from pods.settings import PodSettings
from pods.storage.opening import SQLITE
from tests.bench import comparison, portico
from tests.bench.works import GROWN, PREFIX, TURTLE, counter, grown

COUNTS = (1_000, 100_000, 1_000_000)
LIMIT = 1.3
BATCH = 5_000  # documents of one transaction
PIECE = 1024 * 1024  # bytes read at once
FOLDER = Path(os.environ.get("PORTICO_DATA", "var")) / "bench"


@click.command()
@click.option("--most", default=COUNTS[-1], show_default=True, help="How many documents at the end.")
@click.option("--rounds", default=3, show_default=True, help="How often each size is measured.")
@click.option("--seconds", default=4.0, show_default=True, help="How long one measurement lasts.")
@click.option("--folder", default=FOLDER, type=click.Path(path_type=Path), help="Data and report.")
def main(most: int, rounds: int, seconds: float, folder: Path) -> None:
    """Fill, measure, print the medians and write growth.json; fail where a read became too slow."""
    console = Console(width=100)
    folder = folder.resolve()
    medians: dict[int, float] = {}
    with portico.pod_host(folder / "growth") as host:
        data, there = folder / "growth" / "data", 0
        for count in (count for count in COUNTS if count <= most):
            started = time.monotonic()
            fill(data, host.owner.issuer.rstrip("/"), there, count)
            there = count
            console.print(f"{count:,} documents, written in {time.monotonic() - started:.0f} s")
            access = host.owner.access()
            measured = []
            for _ in range(rounds):
                read_through(data / SQLITE)
                measured.append(comparison.measure(access, GROWN, seconds, str(count)))
            medians[count] = min(one.p50 for one in measured)
            ratio = medians[count] / medians[COUNTS[0]]
            rate = max(one.rate for one in measured)
            console.print(f"  p50 {medians[count]:.2f} ms, {ratio:.2f} x the first, {rate:,.0f}/s")
        weight = host.memory()
    console.print(f"memory of the worker at the end: {weight:.0f} MB")
    report = {"p50_ms": medians, "limit": LIMIT, "memory_mb": weight}
    (folder / "growth.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    worst = max(medians.values()) / medians[COUNTS[0]]
    if worst > LIMIT:
        raise click.ClickException(
            f"a read among many takes {worst:.2f} times as long; at most {LIMIT} is good"
        )


def read_through(database: Path) -> None:
    """Bring the file into the system's memory, where that of a host at work is.

    Some machines take back within seconds what nobody reads, and then a round would measure their disk.
    """
    with database.open("rb", buffering=0) as file:
        while file.read(PIECE):
            pass


def fill(data: Path, origin: str, start: int, end: int) -> None:
    """Write the documents from `start` on, until there are `end`."""
    with operator_core(PodSettings(data=data, pod_url=origin)) as core:
        for first in range(start, end, BATCH):
            with core.store.writing() as tx:
                for number in range(first, min(first + BATCH, end)):
                    path = ResourcePath(f"/{portico.POD}/{grown(number)}")
                    tx.write(path, TURTLE, (PREFIX + counter(number)).encode(), core.clock())


if __name__ == "__main__":
    main()
