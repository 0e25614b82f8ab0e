"""What consent costs a read: `python -m tests.bench.consent`, and a part of `make bench`.

A service reads a purchase of 40 triples under a grant, and a friend of the same person reads it by the pod's access
control list: both with a proof for every request, both with a line in the person's log. Then the same at hosts that
have the log, or its durability, taken out (`tests.bench.unlogged`), which serve the same database.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from tests.bench import comparison, portico, turns
from tests.bench.granted import Scene, give, set_scene
from tests.bench.load import Job, Measurement
from tests.bench.product import Figure
from tests.bench.servers import free_port, running
from tests.bench.turns import Comparison, Side
from tests.bench.unlogged import DURABILITY, LOG
from tests.bench.works import GRANTED

FEW, MANY = 10, 10_000
REQUESTS = 1500  # of each reader who takes turns
ROUNDS = 3
SECONDS = 2.5
CONNECTIONS = 16
ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("PORTICO_DATA", "var")) / "bench"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Costs:
    """Everything that was measured; what takes turns is keyed by what was compared."""

    compared: dict[str, Comparison]
    rates: dict[str, list[float]]

    def added(self, name: str) -> float:
        """Return by how many per cent the first reader's median lies above the second's."""
        return (self.compared[name].ratio - 1) * 100

    def lost(self, without: str) -> float:
        """Return how many per cent of throughput the product has less; the median over rounds, each of its own pair."""
        pairs = zip(self.rates["product"], self.rates[without], strict=True)
        return (1 - statistics.median(product / other for product, other in pairs)) * 100


def measure(folder: Path, say: Say, *, many: int = MANY, requests: int = REQUESTS) -> Costs:
    """Serve, fill, measure."""
    compared: dict[str, Comparison] = {}
    rates: dict[str, list[float]] = {"product": [], LOG: [], DURABILITY: []}
    with ExitStack() as stack:
        host = stack.enter_context(portico.pod_host(folder))
        scene = set_scene(host, folder / "data")
        ports = {part: stack.enter_context(_without(part, scene, folder)) for part in (LOG, DURABILITY)}

        def compare(name: str, first: Side, second: Side) -> None:
            found = compared[name] = turns.measure(first, second, requests)
            say(
                f"{name}: p50 {found.first:.3f} and {found.second:.3f} ms, "
                f"ratio {found.ratio:.3f} ({found.low:.3f} to {found.high:.3f})"
            )

        there = 1
        for count in (FEW, many):
            started = time.monotonic()
            give(scene.data, scene.origin, there, count)
            there = count
            say(f"{count:,} grants in the pod, given in {time.monotonic() - started:.0f} s")
            granted, listed = scene.by_grant(), scene.by_list()
            compare(f"a grant, as served, with {count:,}", granted, listed)
            bare = (replace(side, port=ports[LOG]) for side in (granted, listed))
            compare(f"a grant, without the log, with {count:,}", *bare)
        granted = scene.by_grant()
        compare("the log", granted, replace(granted, port=ports[LOG]))
        compare("the log's durability", granted, replace(granted, port=ports[DURABILITY]))
        for _ in range(ROUNDS):
            granted = scene.by_grant()
            for name, port in {"product": scene.port, **ports}.items():
                measured = _load(replace(granted, port=port))
                rates[name].append(measured.rate)
                say(f"{CONNECTIONS} services, {name}: {measured.rate:,.0f}/s, p99 {measured.p99:.1f} ms")
    return Costs(compared, rates)


def figures(folder: Path, say: Say) -> list[Figure]:
    """Return the figures that `make bench` states, with the budgets of the product."""
    costs = measure(folder, say)
    few, many = f"{FEW:,}", f"{MANY:,}"
    log = costs.compared["the log"]
    return [
        *(
            Figure(
                f"checking a grant{how}, {count} in the pod",
                costs.added(name),
                "% of p50",
                15,
                at_least=False,
            )
            for count in (few, many)
            for how, name in (
                ("", f"a grant, as served, with {count}"),
                (", log left out", f"a grant, without the log, with {count}"),
            )
        ),
        Figure("the log, 16 connections", costs.lost(LOG), "% of reads", 25, at_least=False),
        Figure("its durability, 16 connections", costs.lost(DURABILITY), "% of reads", 25, at_least=False),
        Figure("the log, alone", log.first - log.second, "ms of p50", None),
    ]


@contextmanager
def _without(part: str, scene: Scene, folder: Path) -> Iterator[int]:
    """Serve the same database with a part of the log taken out; yield the port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.unlogged", part, str(port)]
    settings = {
        "PORTICO_POD_URL": scene.origin,
        "PORTICO_DATA": str(scene.data),
        "PORTICO_DATABASE": "",
        "PORTICO_WORKERS": "1",  # with the process beside it that checks signatures, as the product has
        "PYTHONPATH": str(ROOT),
    }
    with running(command, folder / part, f"http://127.0.0.1:{port}", settings):
        yield port


def _load(side: Side) -> Measurement:
    """Let 16 connections read as fast as they are answered, in a process of its own."""
    return comparison.run_job(
        Job(GRANTED.name, side.storage, side.token, side.key_pem, "", CONNECTIONS, SECONDS, side.port)
    )


@click.command()
@click.option("--many", default=MANY, show_default=True, help="How many grants at the end.")
@click.option("--requests", default=REQUESTS, show_default=True, help="How often each of two readers reads.")
@click.option("--folder", default=FOLDER, type=click.Path(path_type=Path), help="Data and report.")
def main(many: int, requests: int, folder: Path) -> None:
    """Measure what consent costs a read, and write consent.json."""
    costs = measure(folder.resolve() / "consent", click.echo, many=many, requests=requests)
    click.echo(f"of the throughput, the log takes {costs.lost(LOG):.1f} %")
    click.echo(f"of the throughput, its durability takes {costs.lost(DURABILITY):.1f} %")
    (folder / "consent.json").write_text(json.dumps(asdict(costs), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
