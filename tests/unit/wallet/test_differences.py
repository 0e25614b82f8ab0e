"""The difference between two versions in sentences: every kind has one, and what asks for more comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent import declarations
from consent.changes import changes
from consent.model import About, PurposeDeclaration
from tests.consent_host import ROWS, declaration, item
from vocab.pages import Catalogues
from wallet import differences
from wallet.differences import sentences

ITALIAN = Catalogues([Path(differences.__file__).parent])["it"]


def version(number: int, **changed: object) -> PurposeDeclaration:
    document = declaration([ROWS], version=number) | changed
    return declarations.declaration(document, "https://coop.example/#it", "https://pods.example")


def test_each_kind_of_change_has_a_sentence() -> None:
    assert set(differences._SENTENCES) == set(About)


@pytest.mark.parametrize(
    ("changed", "told", "grows"),
    [
        (
            {"items": [item("Purchase", ("orderedAt", "total"), "rows")]},
            "Non chiede più questo: Acquisti: Categoria merceologica.",
            False,
        ),
        ({"recipients": ["Comune", "Regione"]}, "Ora i dati vanno anche a: Regione.", True),
        (
            {"retention_days": 60},
            "I dati sono conservati più a lungo: 60 giorni, prima erano 30.",
            True,
        ),
        (
            {"title": {"it": "Pubblicità", "en": "Neighbourhood shopping"}},
            "Il testo pubblicato è cambiato: il titolo. Prima diceva: «Spesa di quartiere»",
            True,
        ),
    ],
)
def test_a_change_in_plain_italian(changed: dict[str, object], told: str, grows: bool) -> None:
    assert sentences(changes(version(1), version(2, **changed)), ITALIAN) == [(told, grows)]


def test_what_asks_for_more_comes_first() -> None:
    newer = version(2, items=[item("Purchase", ("total", "description"), "rows")], retention_days=10)
    told = sentences(changes(version(1), newer), ITALIAN)
    assert [grows for _, grows in told] == [True, False, False, False]


def test_a_text_that_the_reader_does_not_read_is_left_out() -> None:
    newer = version(2, title={"it": "Spesa di quartiere", "en": "Advertising"})
    assert sentences(changes(version(1), newer), ITALIAN) == []
