"""Every message of every package has its Italian text, with the same blanks as the English."""

import re
from pathlib import Path

import pytest

from vocab.pages.catalogues import Catalogues
from vocab.pages.extraction import used_messages

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = sorted(
    {
        templates.parent
        for package in ("apps", "consent", "pods", "vocab", "wallet")
        for templates in (ROOT / package).rglob("templates")
    }
)
BLANK = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_message_has_an_italian_text(folder: Path) -> None:
    italian = Catalogues([ROOT / "vocab" / "pages", folder])["it"]
    used = used_messages(folder)
    assert used, "a folder of templates without a message: are they marked for translation?"
    names = {message if isinstance(message, str) else message[0]: place for message, place in used.items()}
    assert [f"{place}: {name}" for name, place in names.items() if not italian.knows(name)] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_translations_fill_the_same_blanks(folder: Path) -> None:
    italian = Catalogues([folder])["it"]
    for message in used_messages(folder):
        if isinstance(message, str):
            assert set(BLANK.findall(italian(message))) == set(BLANK.findall(message)), message
