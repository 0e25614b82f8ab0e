"""A line of the access log as a page shows it: who, what, why, and the consent that it went under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from consent.model import GrantState, LogLine, OutputMode, OwnGrant
from vocab.pages import Translator
from vocab.pages.formats import Formats
from wallet import words
from wallet.delegation_lines import Names, who_and_what
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
    did: str
    why: str
    refusal: str
    """Why it was refused; nothing for what was permitted."""
    grant: str
    live: bool
    question: str
    """The address of the public question that counted the data, if it was one."""


def log_entry(
    line: LogLine,
    place: Place,
    grants: Mapping[str, OwnGrant],
    _: Translator,
    formats: Formats,
    names: Names | None = None,
) -> LogEntry:
    """Return a line in the reader's words; `grants` are the person's by number, `names` those of delegates."""
    number = (line.grant or "").rstrip("/").rpartition("/")[2].partition("#")[0]
    grant = grants.get(number)
    mode = MODES.get(line.action)
    shapes = [item.shape for item in grant.items if item.mode is mode] if grant else []
    told = who_and_what(line, place.webid, names or Names(place.webid), _)
    return LogEntry(
        line=line,
        who=told[0] if told else words.agent_words(line, place.webid, _),
        did=told[1] if told else words.log_sentence(line, place.path, shapes, _, formats),
        why=words.in_language(line.purpose_title, _),
        refusal="" if line.permitted else refusal_words(line.reason, _),
        grant=number if grant else "",
        live=grant is not None and grant.state is GrantState.GIVEN and line.agent != place.webid,
        question=place.host + line.path if line.path.startswith(QUESTIONS) else "",
    )
