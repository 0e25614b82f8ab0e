"""What was done about a breach, in the reader's language: the register notes its own steps in English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vocab.pages import Translator, msg

_STEPS: Mapping[re.Pattern[str], str] = {
    re.compile(r"opened: (?P<count>\d+) people affected"): msg("entry opened, people concerned: {count}"),
    re.compile(r"told (?P<count>\d+) people through their inboxes"): msg("notices put into inboxes: {count}"),
    re.compile(r"the authority was told"): msg("the authority was told"),
    re.compile(r"the authority was told: (?P<text>.+)", re.DOTALL): msg("the authority was told: {text}"),
    re.compile(r"described: (?P<text>.+)", re.DOTALL): msg("description saved: {text}"),
    re.compile(r"made public"): msg("made public"),
    re.compile(r"closed: (?P<text>.+)", re.DOTALL): msg("closed: {text}"),
}


def in_words(entry: str, _: Translator) -> str:
    """Return an entry as people read it; a note stays as it was written."""
    for pattern, message in _STEPS.items():
        if found := pattern.fullmatch(entry):
            return _(message, **found.groupdict())
    return entry
