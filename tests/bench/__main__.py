"""`make bench`: Portico against other Solid servers, as ratios measured in one run on one machine."""

import json
import os
import platform
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.bench import comparison, peers, portico
from tests.bench.load import Measurement
from tests.bench.product import FIGURES, ground
from tests.bench.servers import Access, clean
from tests.bench.works import WORKS

PORTICO, CSS, JSS = "Portico", "Community Solid Server", "javascript-solid-server"
FOLDER = Path(os.environ.get("PORTICO_DATA", "var")) / "bench"
ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--rounds", default=2, show_default=True, help="How often each server does each work.")
@click.option("--seconds", default=5.0, show_default=True, help="How long one measurement lasts.")
@click.option("--only", multiple=True, type=click.Choice([PORTICO, CSS, JSS]), help="Leave out the others.")
@click.option(
    "--households", type=int, help="How many households the figures of Portico alone use; default all."
)
@click.option("--folder", default=FOLDER, type=click.Path(path_type=Path), help="Peers, data and report.")
def main(rounds: int, seconds: float, only: tuple[str, ...], households: int | None, folder: Path) -> None:
    """Start the servers, measure, print the ratios and write report.json."""
    console = Console(width=100)
    folder = folder.resolve()
    wanted = only or (PORTICO, CSS, JSS)
    with ExitStack() as stack:
        servers: dict[str, Callable[[], Access]] = {}
        if PORTICO in wanted:
            servers[PORTICO] = stack.enter_context(portico.pod_host(folder / "portico")).access
        if CSS in wanted or JSS in wanted:
            console.print("installing the peers from npm, if they are not yet there")
            modules = peers.install(folder / "peers")
        if CSS in wanted:
            servers[CSS] = stack.enter_context(peers.community_solid_server(modules, folder / "css")).access
        if JSS in wanted:
            access = stack.enter_context(peers.javascript_solid_server(modules, folder / "jss"))
            servers[JSS] = lambda: access
        best = comparison.compare(servers, rounds=rounds, seconds=seconds, say=console.print)
    ratios = comparison.ratios(best, PORTICO, (CSS, JSS))
    console.print(table(best, ratios))
    on = ground(clean(folder / "product"), households)
    figures = [measure(on) for measure in FIGURES] if PORTICO in wanted else []
    for figure in figures:
        verdict = "kept" if figure.holds else "MISSED"
        console.print(
            f"{figure.name}: {figure.value:,.1f} {figure.unit}, budget {figure.budget:g}: {verdict}"
        )
    report = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "connections": comparison.CONNECTIONS,
        "seconds": seconds,
        "rounds": rounds,
        "measurements": {
            work: {name: asdict(measured) for name, measured in rates.items()} for work, rates in best.items()
        },
        "ratios": ratios,
        "figures": [asdict(figure) for figure in figures],
    }
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {folder / 'report.json'}")


def table(best: dict[str, dict[str, Measurement]], ratios: dict[str, dict[str, float]]) -> Table:
    """Return what is printed: rates, and ratios beside the budgets of one worker (design, §11)."""
    shown = Table(
        title=f"requests per second, {comparison.CONNECTIONS} connections, one worker",
        caption=f"CSS: {CSS}, JSS: {JSS} (a bearer token, no proofs)",
    )
    for heading in ("work", PORTICO, "CSS", "JSS", "× CSS", "budget", "× JSS", "budget"):
        shown.add_column(heading, justify="left" if heading == "work" else "right", no_wrap=True)
    for work in WORKS:
        rates = best[work.name]
        row = [f"{rates[name].rate:,.0f}" if name in rates else "-" for name in (PORTICO, CSS, JSS)]
        for peer, budget in ((CSS, work.css_ratio), (JSS, work.jss_ratio)):
            ratio = ratios.get(work.name, {}).get(peer)
            row += [f"{ratio:.1f}" if ratio is not None else "-", f"≥ {budget:g}"]
        shown.add_row(work.name, *row)
    return shown


if __name__ == "__main__":
    main()
