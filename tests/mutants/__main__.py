"""`make mutants`: take each mechanism out of a copy of the code, and demand that its test fails."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.mutants.mechanisms import MECHANISMS
from tests.mutants.removal import Copy, Outcome


@click.command()
@click.argument("only", default="")
def main(only: str) -> None:
    """Run the named tests on the code as it is, then each again without its mechanism; print a table.

    ONLY is a part of a name, or an attack: just these are taken out.
    """
    console = Console(width=150)
    wanted = [one for one in MECHANISMS if only in one.name or only in one.attack]
    shown = Table(title="each mechanism taken out, and the test that is named for it")
    for heading in ("attack", "mechanism", "module", "test", "s", "outcome"):
        shown.add_column(heading, no_wrap=heading in ("attack", "s", "outcome"))
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        if copy.run(sorted({one.test for one in wanted})) is not Outcome.PASSED:
            raise click.ClickException(f"the named tests do not pass on the code as it is\n{copy.said}")
        for one in wanted:
            started = time.monotonic()
            outcome = copy.without(one)
            missed += outcome is not Outcome.FAILED
            taken = f"{time.monotonic() - started:.0f}"
            test = one.test.rpartition("::")[2]
            shown.add_row(one.attack, one.name, one.module, test, taken, outcome.value)
            console.print(f"{one.attack}: {one.name}: {outcome.value}")
    console.print(shown)
    if missed:
        console.print(f"{missed} of {len(wanted)} can be taken out without a test that fails")
        sys.exit(1)
    console.print(f"all {len(wanted)} are noticed")


if __name__ == "__main__":
    main()
