"""`make mutants`: take each mechanism out of a copy of the code, and demand that its test fails."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.mutants.mechanisms import MECHANISMS
from tests.mutants.removal import Copy, ended, taken_out_of
from tests.mutants.trial import Outcome, import_libraries


@click.command()
@click.argument("only", default="")
@click.option("--at-once", default=2, show_default=True, help="copies in which a mechanism is taken out")
def main(only: str, at_once: int) -> None:
    """Run the named tests on the code as it is, then each again without its mechanism; print a table.

    ONLY is a part of a name, or an attack: just these are taken out.
    """
    console = Console(width=150)
    wanted = [one for one in MECHANISMS if only in one.name or only in one.attack]
    shown = Table(title="each mechanism taken out, and the test that is named for it")
    for heading in ("attack", "mechanism", "module", "test", "s", "outcome"):
        shown.add_column(heading, no_wrap=heading in ("attack", "s", "outcome"))
    import_libraries()
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copies = [Copy(Path(folder) / str(number)) for number in range(at_once)]
        whole = copies[0].run(sorted({one.test for one in wanted}))
        if ended(whole) is not Outcome.PASSED:
            raise click.ClickException(f"the named tests do not pass on the code as it is\n{whole.said()}")
        for one, seconds, outcome in taken_out_of(copies, wanted):
            missed += outcome is not Outcome.FAILED
            test = one.test.rpartition("::")[2]
            shown.add_row(one.attack, one.name, one.module, test, f"{seconds:.0f}", outcome.value)
            console.print(f"{one.attack}: {one.name}: {outcome.value}")
    console.print(shown)
    if missed:
        console.print(f"{missed} of {len(wanted)} can be taken out without a test that fails")
        sys.exit(1)
    console.print(f"all {len(wanted)} are noticed")


if __name__ == "__main__":
    main()
