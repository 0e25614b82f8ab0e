"""Progress bars on standard error, where there is somebody to see them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from apps.imports import completejourney
from apps.imports.source import Size


@contextmanager
def receipts_bar(title: str) -> Iterator[completejourney.Progress]:
    """Show how many receipts are loaded; silent where standard error is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)

        def show(done: completejourney.Counts, size: Size) -> None:
            bar.update(task, completed=done.purchases, total=size.baskets)

        yield show


@contextmanager
def steps_bar(title: str, total: int) -> Iterator[Progress]:
    """Show steps of equal weight; advance `bar.task_ids[0]`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        bar.add_task(title, total=total)
        yield bar
