"""What staff write into the forms about a breach, checked before the pod host is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vocab.pages import msg
from vocab.pages.formats import ROME
from vocab.shapes import SHAPES

MOST_WORDS = 4_000  # characters of a text, as the register takes them
MOST_CLIENT = 1_000
TEXTS = ("nature", "consequences", "measures", "contact")
FIELDS = ("begins", "ends", "client", *TEXTS)
_WRITTEN = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Entered:
    """A form as it came in."""

    values: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    data: Sequence[str] = ()
    """Names of shapes that were ticked."""

    def wrong(self, now: float) -> dict[str, str]:
        """Return message ids by the field that they are about; nothing if the register can take the entry."""
        begins, ends = _moment(self.values["begins"]), _moment(self.values["ends"])
        found: dict[str, str] = {}
        for name, moment in (("begins", begins), ("ends", ends)):
            if moment is None:
                found[name] = msg("Write a day and a time such as 2026-03-01T18:30.")
        if begins is not None and ends is not None and ends <= begins:
            found["ends"] = msg("The end must come after the beginning.")
        if begins is not None and begins.timestamp() > now:
            found["begins"] = msg("This lies in the future.")
        if not self.values["nature"]:
            found["nature"] = msg("Say what happened.")
        if any(not letter.isprintable() or letter.isspace() for letter in self.values["client"]) or (
            len(self.values["client"]) > MOST_CLIENT
        ):
            found["client"] = msg("This is no client id.")
        return {**found, **too_long(self.values)}

    def document(self) -> dict[str, Any]:
        """Return the entry as the register takes it; only where nothing is wrong."""
        times = {name: _written(self.values[name]) for name in ("begins", "ends")}
        words = {name: self.values[name] for name in ("client", *TEXTS) if self.values[name]}
        known = [shape for shape in SHAPES if shape in self.data]
        return {**times, **words, **({"data": known} if known else {})}


def too_long(values: Mapping[str, str]) -> dict[str, str]:
    """Return a message id for each text that the register would not take."""
    return {
        name: msg("At most {most} characters.")
        for name in values
        if name not in ("begins", "ends", "client") and (len(values[name]) > MOST_WORDS)
    }


def _moment(text: str) -> datetime | None:
    """Return a local time such as `2026-03-01T18:30`; without an offset it is Italian."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=ROME)).astimezone(UTC)


def _written(text: str) -> str:
    moment = _moment(text)
    return moment.strftime(_WRITTEN) if moment is not None else text
