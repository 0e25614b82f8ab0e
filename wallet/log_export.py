"""The access log as a file: a table for people (CSV, RFC 4180), and the host's own lines (JSON) for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict

import orjson

from consent.client import LogPage
from consent.model import LogLine
from vocab.pages import Translator, msg
from wallet.log_entries import LogEntry

COLUMNS = (
    *(msg("Number"), msg("When"), msg("Who"), msg("What"), msg("Purpose"), msg("Outcome")),
    *(msg("Why it was refused"), msg("Identity on the web"), msg("Address"), msg("Consent")),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
WordsOf = Callable[[Sequence[LogLine]], Awaitable[Sequence[LogEntry]]]
"""Puts the lines of a page into the reader's words."""


async def table(
    pages: AsyncIterator[LogPage], words_of: WordsOf, at: Callable[[float], str], _: Translator
) -> AsyncIterator[bytes]:
    """Yield the log as CSV, a page at a time."""
    yield ("\ufeff" + _rows([[_(name) for name in COLUMNS]])).encode()  # spreadsheets read UTF-8 by the mark
    async for page in pages:
        yield _rows(_cells(entry, at, _) for entry in await words_of(page.lines)).encode()


async def lines(pages: AsyncIterator[LogPage]) -> AsyncIterator[bytes]:
    """Yield the log as one JSON array, a page at a time."""
    before = b"["
    async for page in pages:
        for line in page.lines:
            yield before + orjson.dumps(asdict(line))
            before = b",\n"
    yield b"[]" if before == b"[" else b"]\n"


def _cells(shown: LogEntry, at: Callable[[float], str], _: Translator) -> list[str]:
    line = shown.line
    return [
        str(line.seq),
        at(line.at),
        *(shown.who, shown.did, shown.why),
        _("allowed") if line.permitted else _("attempt refused"),
        *(shown.refusal, line.agent or "", line.path, shown.grant),
    ]


def _rows(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of CSV; attack: a name that a spreadsheet would run as a formula gets a mark before it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows
    )
    return out.getvalue()
