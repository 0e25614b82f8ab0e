"""Message catalogues: gettext `.po` files read at start, English message ids, Italian first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LANGUAGES = ("it", "en")
DEFAULT_LANGUAGE = "it"


def msg(message: str) -> str:
    """Mark a message for extraction where it is defined; it is translated where it is shown."""
    return message


class Translator:
    """The messages of one language. `_("{count} receipts", count=3)` translates, then fills the blanks."""

    def __init__(self, language: str, catalogues: Iterable[Catalog]) -> None:
        self.language = language
        self._one: dict[str, str] = {}
        self._many: dict[str, tuple[str, str]] = {}
        for catalogue in catalogues:
            for message in catalogue:
                if not message.id or message.fuzzy:
                    continue
                if isinstance(message.id, tuple | list) and isinstance(message.string, tuple | list):
                    if all(message.string):
                        self._many[message.id[0]] = (message.string[0], message.string[1])
                elif isinstance(message.id, str) and message.string:
                    self._one[message.id] = str(message.string)

    def __call__(self, message: str, /, **blanks: object) -> str:
        text = self._one.get(message, message)
        return text.format(**blanks) if blanks else text

    def plural(self, one: str, many: str, count: int, /, **blanks: object) -> str:
        """Return the form that fits `count`, with `{count}` and the other blanks filled."""
        # Italian, English and German have the same two forms: one, and everything else.
        singular, other = self._many.get(one, (one, many))
        return (singular if count == 1 else other).format(count=count, **blanks)

    def knows(self, message: str) -> bool:
        """Tell whether a translation of the message exists."""
        return message in self._one or message in self._many


class Catalogues:
    """The translators of all languages, from the `locale/` folders of several packages."""

    def __init__(self, folders: Iterable[Path]) -> None:
        parts = list(folders)
        self._translators: Mapping[str, Translator] = {
            language: Translator(language, _read(parts, language)) for language in LANGUAGES
        }

    def __getitem__(self, language: str) -> Translator:
        return self._translators[language]


def _read(folders: Iterable[Path], language: str) -> list[Catalog]:
    catalogues = []
    for folder in folders:
        file = folder / "locale" / f"{language}.po"
        if file.exists():
            with file.open("rb") as content:
                catalogues.append(read_po(content, locale=language, abort_invalid=True))
    return catalogues
