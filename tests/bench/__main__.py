"""`make bench`: Portico against other Solid servers, as ratios measured in one run on one machine."""

import json
import os
import platform
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

import click
from rich.console import Console
from rich.table import Table

from pods.compiled import FOLDER as COMPILED
from pods.compiled import found
from tests.bench import ceiling, comparison, consent, peers, portico
from tests.bench.load import Measurement
from tests.bench.product import FIGURES, Figure, at_rest, ground, start_up
from tests.bench.servers import clean
from tests.bench.works import WORKS

PORTICO, CSS, JSS = "Portico", "Community Solid Server", "javascript-solid-server"
CEILING = "the bare ceiling"
EVERY_CORE = "Portico, a worker a core"
POSTGRESQL = "Portico on PostgreSQL"
FOLDER = Path(os.environ.get("PORTICO_DATA", "var")) / "bench"
ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each server does each work.")
@click.option("--seconds", default=2.5, show_default=True, help="How long one measurement lasts.")
@click.option("--only", multiple=True, type=click.Choice([PORTICO, CSS, JSS]), help="Leave out the others.")
@click.option(
    "--households", type=int, help="How many households the figures of Portico alone use; default all."
)
@click.option("--folder", default=FOLDER, type=click.Path(path_type=Path), help="Peers, data and report.")
def main(rounds: int, seconds: float, only: tuple[str, ...], households: int | None, folder: Path) -> None:
    """Start the servers, measure, print the ratios and write report.json."""
    console = Console(width=120)
    folder = folder.resolve()
    wanted = only or (PORTICO, CSS, JSS)
    figures: list[Figure] = []
    compiled = bool(found(COMPILED, ROOT))
    with ExitStack() as stack:
        servers: dict[str, comparison.Login] = {}
        if PORTICO in wanted:
            console.print(f"what every request passes through is {'' if compiled else 'not '}compiled")
            host = stack.enter_context(portico.pod_host(folder / "portico"))
            figures += [at_rest(host), start_up(host)]
            servers[PORTICO] = host.owner.access
        if CSS in wanted or JSS in wanted:
            console.print("installing the peers from npm, if they are not yet there")
            modules = peers.install(folder / "peers")
        if CSS in wanted:
            servers[CSS] = stack.enter_context(peers.community_solid_server(modules, folder / "css")).access
        if JSS in wanted:
            access = stack.enter_context(peers.javascript_solid_server(modules, folder / "jss"))
            servers[JSS] = lambda: access
        if PORTICO in wanted:
            bare = stack.enter_context(ceiling.bare_ceiling(folder / "ceiling"))
            servers[CEILING] = lambda: bare
            cores = os.cpu_count() or 1
            many = stack.enter_context(portico.pod_host(folder / "cores", workers=cores))
            servers[EVERY_CORE] = many.owner.access
            served = stack.enter_context(portico.on_postgresql(folder / "postgresql"))
            if served is not None:
                servers[POSTGRESQL] = served.owner.access
            else:
                console.print("no PostgreSQL on this machine: its figures are left out")
        best = comparison.compare(servers, bare=(CEILING,), rounds=rounds, seconds=seconds, say=console.print)
    ratios = comparison.ratios(best, PORTICO, (CSS, JSS, CEILING))
    every_core = comparison.ratios(best, EVERY_CORE, (JSS, PORTICO))
    postgresql = comparison.ratios(best, POSTGRESQL, (CSS, JSS, PORTICO))
    console.print(table(best, ratios))
    console.print(further_table(best, every_core, postgresql))
    on = ground(clean(folder / "product"), households)
    if PORTICO in wanted:
        figures += consent.figures(folder / "consent", console.print)
        figures += [measure(on) for measure in FIGURES]
    for figure in figures:
        console.print(figure.told())
    report = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "compiled": compiled,
        },
        "connections": comparison.CONNECTIONS,
        "seconds": seconds,
        "rounds": rounds,
        "measurements": {
            work: {name: asdict(measured) for name, measured in rates.items()} for work, rates in best.items()
        },
        "ratios": ratios,
        "every_core": every_core,
        "postgresql": postgresql,
        "figures": [asdict(figure) for figure in figures],
    }
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {folder / 'report.json'}")


Best: TypeAlias = dict[str, dict[str, Measurement]]
Ratios: TypeAlias = dict[str, dict[str, float]]


def table(best: Best, ratios: Ratios) -> Table:
    """Return what is printed: rates, ratios beside the budgets of one worker (design, §11), and the ceiling."""
    shown = Table(
        title=f"requests per second, {comparison.CONNECTIONS} connections, one worker, SQLite",
        caption=f"CSS: {CSS}, JSS: {JSS} (a bearer token, no proofs). Ceiling: one proof, two reads or one durable "
        "row, nothing else.",
    )
    headings = ("work", PORTICO, "CSS", "JSS", "× CSS", "budget", "× JSS", "budget", "ceiling", "reached")
    for heading in headings:
        shown.add_column(heading, justify="left" if heading == "work" else "right", no_wrap=True)
    for work in WORKS:
        row = [_rate(best, work.name, name) for name in (PORTICO, CSS, JSS)]
        for peer, budget in ((CSS, work.css_ratio), (JSS, work.jss_ratio)):
            row += [_ratio(ratios, work.name, peer), f"≥ {budget:g}"]
        reached = ratios.get(work.name, {}).get(CEILING)
        row += [_rate(best, work.name, CEILING), f"{reached:.0%}" if reached is not None else "-"]
        shown.add_row(work.name, *row)
    return shown


def further_table(best: Best, every_core: Ratios, postgresql: Ratios) -> Table:
    """Return what stands beside: a worker a core, and PostgreSQL with one worker."""
    shown = Table(
        title=f"a worker a core ({os.cpu_count()}) on SQLite, and one worker on PostgreSQL",
        caption="The load generator and the workers share the cores.",
    )
    headings = ("work", "every core", "× one", "× JSS", "budget", "PostgreSQL", "× SQLite", "× CSS", "× JSS")
    for heading in headings:
        shown.add_column(heading, justify="left" if heading == "work" else "right", no_wrap=True)
    for work in WORKS:
        shown.add_row(
            work.name,
            _rate(best, work.name, EVERY_CORE),
            *(_ratio(every_core, work.name, peer) for peer in (PORTICO, JSS)),
            f"≥ {work.every_core:g}",
            _rate(best, work.name, POSTGRESQL),
            *(_ratio(postgresql, work.name, peer) for peer in (PORTICO, CSS, JSS)),
        )
    return shown


def _rate(best: Best, work: str, name: str) -> str:
    measured = best[work].get(name)
    return f"{measured.rate:,.0f}" if measured is not None else "-"


def _ratio(ratios: Ratios, work: str, peer: str) -> str:
    ratio = ratios.get(work, {}).get(peer)
    return f"{ratio:.1f}" if ratio is not None else "-"


if __name__ == "__main__":
    main()
