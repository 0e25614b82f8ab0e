"""Verifying a person's access log on their side: lines, proof and checkpoint are checked here, nothing is believed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from consent.model import LogLine
from pods.client import SolidError
from pods.transparency import wire
from pods.transparency.proof import Fault, check
from pods.transparency.records import Record
from pods.transparency.wire import BadProof

Get = Callable[[str], Awaitable[Any]]
"""Returns the JSON below the host's `/.consent`."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines of the log, newest first, and what to give as `after` for the next ones; None where there are no more."""

    lines: list[LogLine]
    after: int | None


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What a check found: lines in all, how many the host's signature of the time `at` covers, what is wrong."""

    lines: int
    covered: int
    at: int
    fault: Fault | None
    line: int
    """The number of the line where the fault shows; 0 where it is in no line."""
    seen: str
    """What to keep and to give to the next check; empty if something is wrong."""


async def verify_log(get: Get, seen: str) -> LogCheck:
    """Fetch a whole log with its proof and check both, also against what an earlier check kept.

    Raises SolidError if the host answers with something that is no log.
    """
    before = wire.seen_value(seen)
    try:
        proof = wire.proof_value(await get(f"/log/proof?seen={before.tree_size if before else 0}"))
        records: list[Record] = []
        while page := await get(f"/log/records?after={records[-1].seq if records else 0}"):
            read = [wire.record_value(plain) for plain in page]
            # A host that gives the same lines again and again would otherwise never be done.
            if read[0].seq <= (records[-1].seq if records else 0):
                raise BadProof("The host gives lines again that it gave before.")
            records += read
    except (AttributeError, BadProof, TypeError) as error:
        raise SolidError(502, "The host's proof cannot be read", str(error)) from error
    verdict = check(records, proof, before)
    kept = wire.seen_text(verdict.seen) if verdict.seen is not None else ""
    return LogCheck(verdict.lines, verdict.covered, verdict.at, verdict.fault, verdict.line, kept)
