"""Lines of the log about acting for somebody: who, for whom, as what, in words that need no verb for you or them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from consent.model import LogLine
from vocab.pages.catalogues import Catalogues
from vocab.pages.formats import Formats
from wallet.delegation_lines import Names, told
from wallet.discovery import Place
from wallet.log_entries import LogEntry, joined, log_entry

ROOT = Path(__file__).resolve().parents[3]
CATALOGUES = Catalogues([ROOT / "vocab" / "pages", ROOT / "wallet"])
ANNA, BOB = "https://pods.example/anna/profile/card#me", "https://pods.example/bob/profile/card#me"
NAMES = {ANNA: "Anna", BOB: "Bob"}
LINE = LogLine(
    seq=1,
    at=1_790_000_000.0,
    agent=BOB,
    agent_name=None,
    client=None,
    path="/.consent/grants",
    action="acted for another person",
    permitted=True,
    reason=f"see, as guardian of {ANNA}",
    grant=None,
    purpose=None,
    purpose_title={},
    digest="",
)
GIVEN = replace(LINE, reason=f"give, as caregiver of {ANNA}", path="/.consent/grants/1")
BEGUN = replace(LINE, action="delegation active", reason=f"{BOB}, caregiver of {ANNA}")
APPOINTED = replace(BEGUN, agent=None, action="delegation proposed")


@pytest.mark.parametrize(
    ("line", "reader", "said"),
    [
        (LINE, ANNA, "Bob, per te, come genitore o tutore: consensi consultati"),
        (LINE, BOB, "Tu, per Anna, come genitore o tutore: consensi consultati"),
        (GIVEN, ANNA, "Bob, per te, come persona di fiducia: consenso dato o preparato"),
        (BEGUN, ANNA, "Bob: incarico iniziato: Bob, per te, come persona di fiducia"),
        (APPOINTED, ANNA, "Il gestore del pod: incarico proposto: Bob, per te, come persona di fiducia"),
        (replace(LINE, action="consent given", reason=""), ANNA, "Bob: consenso dato a nome di te"),
    ],
)
def test_a_line_says_it_to_each_side(line: LogLine, reader: str, said: str) -> None:
    found = told(line, ANNA, Names(reader, NAMES), CATALOGUES["it"])
    assert found is not None
    assert f"{found.who} {found.did}" == said


@pytest.mark.parametrize(
    "line",
    [
        replace(LINE, action="read", reason=""),
        replace(LINE, action="consent given", agent=ANNA, reason=""),
        replace(LINE, reason="something that no version of the host writes"),
        replace(BEGUN, reason="nothing"),
    ],
)
def test_other_lines_are_told_in_the_usual_way(line: LogLine) -> None:
    assert told(line, ANNA, Names(ANNA, NAMES), CATALOGUES["it"]) is None


def entry(line: LogLine) -> LogEntry:
    """Return a line as anna's page shows it."""
    place = Place(ANNA, "Anna", "https://pods.example/anna/", {}, consent=True)
    return log_entry(line, place, {}, CATALOGUES["it"], Formats("it"), Names(ANNA, NAMES))


def test_looks_that_follow_each_other_are_one_entry_and_a_deed_stands_alone() -> None:
    requests = replace(LINE, path="/.consent/requests")
    shown = joined(entry(line) for line in (LINE, requests, LINE, GIVEN, LINE))
    assert [(one.did, one.times) for one in shown] == [
        ("consensi consultati, richieste consultate", 3),
        ("consenso dato o preparato", 1),
        ("consensi consultati", 1),
    ]


def test_looks_of_two_people_are_two_entries() -> None:
    other = replace(LINE, agent="https://pods.example/carl/profile/card#me")
    assert [one.times for one in joined(map(entry, (LINE, other)))] == [1, 1]
