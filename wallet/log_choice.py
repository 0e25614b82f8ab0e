"""What a person wants to see of the log: the fields of the form, and the filter that the host gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from consent.client import LogFilter
from consent.model import OwnGrant
from vocab.pages import Translator
from vocab.pages.formats import ROME
from wallet import words


@dataclass(frozen=True, slots=True)
class LogChoice:
    """The form as it was filled in; what cannot be read counts as left empty."""

    who: str = ""
    purpose: str = ""
    decision: str = ""
    first: str = ""
    last: str = ""

    @property
    def narrowed(self) -> bool:
        return any(asdict(self).values())

    def filter(self) -> LogFilter:
        """Return what the host is asked for; days are those of Italy, the last one included."""
        last = _day(self.last)
        return LogFilter(
            agent=self.who or None,
            purpose=self.purpose or None,
            decision=self.decision or None,
            start=_begins(_day(self.first)),
            end=_begins(last + timedelta(days=1)) if last else None,
        )

    def query(self, **more: str) -> str:
        """Return the choice as the query of an address."""
        return urlencode({name: value for name, value in {**asdict(self), **more}.items() if value})


def log_choice(parameters: Mapping[str, str]) -> LogChoice:
    """Return the choice in the query of an address."""
    decision = parameters.get("decision", "")
    return LogChoice(
        who=parameters.get("who", "")[:500],
        purpose=parameters.get("purpose", "")[:500],
        decision=decision if decision in ("permit", "deny") else "",
        first=parameters.get("first", "") if _day(parameters.get("first", "")) else "",
        last=parameters.get("last", "") if _day(parameters.get("last", "")) else "",
    )


def purposes(
    grants: Iterable[OwnGrant], choice: LogChoice, shown: str, _: Translator
) -> list[tuple[str, str]]:
    """Return the purposes of these consents, all versions of each as one, and the one that is chosen now (`shown`)."""
    newest = sorted(grants, key=lambda grant: grant.purpose.version)
    found = {
        grant.purpose.iri.rpartition("/")[0] + "/": words.in_language(grant.purpose.title, _)
        for grant in newest
    }
    if choice.purpose and choice.purpose not in found:
        found[choice.purpose] = shown
    return sorted(found.items(), key=lambda one: one[1].casefold())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _begins(day: date | None) -> float | None:
    return datetime(day.year, day.month, day.day, tzinfo=ROME).timestamp() if day else None
