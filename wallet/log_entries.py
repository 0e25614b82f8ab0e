"""A line of the access log as a page shows it: who, what, why, and the consent that it went under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from consent.model import GrantState, LogLine, OutputMode, OwnGrant
from vocab.pages import Translator
from vocab.pages.formats import Formats
from wallet import words
from wallet.delegation_lines import Names, told
from wallet.discovery import Place
from wallet.refusals import refusal_words

QUESTIONS = "/.consent/questions/"
MODES = {"aggregate": OutputMode.AGGREGATE_ONLY, "claim": OutputMode.CLAIM}
"""The uses that are about a kind of data, not about one place in the pod."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line in words. `grant` is the consent's number; `live` says that it can still be withdrawn."""

    line: LogLine = field(repr=False)
    who: str
    name: str
    """The agent's name alone."""
    did: str
    why: str
    refusal: str
    """Why it was refused; nothing for what was permitted."""
    grant: str
    live: bool
    question: str
    """The address of the public question that counted the data, if it was one."""
    look: bool = False
    """A delegate looked, and did nothing else."""
    times: int = 1


def joined(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Return entries with the looks of one delegate that follow each other as one: each page shown is a line."""
    found: list[LogEntry] = []
    for entry in entries:
        newer = found[-1] if found else None
        if newer is None or not (entry.look and newer.look and entry.who == newer.who):
            found.append(entry)
            continue
        did = ", ".join(dict.fromkeys([*newer.did.split(", "), entry.did]))
        found[-1] = replace(newer, did=did, times=newer.times + 1)
    return found


def grant_number(line: LogLine) -> str:
    """Return the number of the consent that a line went under; empty if there was none."""
    return (line.grant or "").rstrip("/").rpartition("/")[2].partition("#")[0]


def log_entry(
    line: LogLine,
    place: Place,
    grants: Mapping[str, OwnGrant],
    _: Translator,
    formats: Formats,
    names: Names | None = None,
) -> LogEntry:
    """Return a line in the reader's words; `grants` are the person's by number, `names` those of delegates."""
    number = grant_number(line)
    grant = grants.get(number)
    mode = MODES.get(line.action)
    shapes = [item.shape for item in grant.items if item.mode is mode] if grant else []
    said = told(line, place.webid, names or Names(place.webid), _)
    who = words.agent_words(line, place.webid, _)
    return LogEntry(
        line=line,
        who=said.who if said else who,
        name=said.name if said else who,
        did=said.did if said else words.log_sentence(line, place.path, shapes, _, formats),
        why=words.in_language(line.purpose_title, _),
        refusal="" if line.permitted else refusal_words(line.reason, _),
        grant=number if grant else "",
        live=grant is not None and grant.state is GrantState.GIVEN and line.agent != place.webid,
        question=place.host + line.path if line.path.startswith(QUESTIONS) else "",
        look=said is not None and said.look,
    )
