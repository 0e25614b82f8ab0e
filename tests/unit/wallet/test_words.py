"""Plain words: every mode, state and action has them, and none shows a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent.life import LOGGED
from consent.model import DataItem, GrantState, LogLine, OutputMode
from vocab.pages import Catalogues
from vocab.pages.formats import Formats
from vocab.shapes import SHAPES
from wallet import words

WALLET = Path(words.__file__).parent
CATALOGUES = Catalogues([WALLET])
OWNER = "https://pods.example/anna/profile/card#me"


def line(
    action: str, path: str, *, permitted: bool = True, agent: str | None = "https://coop.example/#it"
) -> LogLine:
    return LogLine(
        seq=1,
        at=0.0,
        agent=agent,
        agent_name="Cooperativa" if agent else None,
        client=None,
        path=path,
        action=action,
        permitted=permitted,
        reason="",
        grant=None,
        purpose=None,
        purpose_title={},
        digest="",
    )


def said(entry: LogLine, *shapes: str, language: str = "it") -> str:
    return words.log_sentence(entry, "/anna/", shapes, CATALOGUES[language], Formats(language))


def test_every_mode_and_state_has_words() -> None:
    assert set(words.MODES) == set(OutputMode)
    assert set(words.STATES) == set(GrantState)


def test_everything_that_the_log_says_of_decisions_has_words() -> None:
    assert {action for action in LOGGED.values() if action not in words.ACTIONS} == set()


@pytest.mark.parametrize(
    ("action", "path", "permitted", "sentence"),
    [
        ("read", "/anna/purchases/2017-10/b1.ttl", True, "ha letto i tuoi acquisti, ottobre 2017"),
        ("read", "/anna/profile/private.ttl", False, "ha provato a leggere il tuo profilo"),
        ("read", "/anna/profile/card", True, "ha letto il tuo profilo pubblico"),
        (
            "append ValueShare",
            "/anna/value/ristorno/x.ttl",
            True,
            "ha aggiunto un documento: le tue quote di valore",
        ),
        ("ask to read", "/anna/participation/", False, "ha provato ad avere accesso: la tua partecipazione"),
        ("invent", "/anna/elsewhere/x", True, "ha usato il tuo pod"),
    ],
)
def test_a_line_becomes_a_sentence(action: str, path: str, permitted: bool, sentence: str) -> None:
    assert said(line(action, path, permitted=permitted)) == sentence


def test_a_total_and_a_result_name_what_the_consent_is_about() -> None:
    counted = said(line("aggregate", "/.consent/questions/7"), "Profile", "Purchase")
    assert counted == "ha contato in un totale il tuo profilo, i tuoi acquisti"
    computed = said(line("claim", "/anna/"), "Purchase", language="en")
    assert computed == "had a result computed from your purchases"


@pytest.mark.parametrize(
    ("agent", "name", "who"),
    [
        (OWNER, None, "Tu"),
        ("https://coop.example/#it", "Cooperativa", "Cooperativa"),
        ("https://x.example/me", None, "Qualcuno con un profilo presso x.example"),
        (None, None, "Qualcuno senza accesso"),
    ],
)
def test_who_it_was_is_said_without_an_address(agent: str | None, name: str | None, who: str) -> None:
    entry = line("read", "/anna/", agent=agent)
    object.__setattr__(entry, "agent_name", name)
    assert words.agent_words(entry, OWNER, CATALOGUES["it"]) == who


def test_what_is_read_can_be_chosen_singly_and_what_a_rule_needs_only_whole() -> None:
    italian = CATALOGUES["it"]
    read = words.item_words(DataItem("Profile", ("ageClass", "income"), OutputMode.ROWS), italian)
    assert [label for _name, label in read.properties] == [
        SHAPES["Profile"].by_name["ageClass"].label["it"],
        SHAPES["Profile"].by_name["income"].label["it"],
    ]
    assert not read.whole
    assert words.item_words(DataItem("Purchase", ("total",), OutputMode.CLAIM), italian).whole
    assert words.item_words(DataItem("ValueShare", ("share",), OutputMode.APPEND), italian).whole


def test_a_legal_basis_without_words_is_shown_as_published() -> None:
    assert words.legal_basis("gdpr:A6-1-a", CATALOGUES["en"]).startswith("Your consent")
    assert words.legal_basis("gdpr:A6-1-z", CATALOGUES["en"]) == "gdpr:A6-1-z"


def test_no_text_of_the_wallet_uses_the_vague_words_of_dark_patterns() -> None:
    vague = ("migliorare la tua esperienza", "improve your experience", "e simili", "such as but not limited")
    texts = (WALLET / "locale" / "it.po").read_text("utf-8").lower()
    assert [words_ for words_ in vague if words_ in texts] == []
