"""Messages that templates and modules use, and the Italian catalogue kept up with them.

`python -m vocab.pages.extraction FOLDER ...` adds what is missing to `FOLDER/locale/it.po`, untranslated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

KEYWORDS: Mapping[str, tuple[int, ...] | None] = {"_": None, "msg": None, "plural": (1, 2)}
_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true"}
Message = str | tuple[str, str]


def used_messages(folder: Path) -> dict[Message, str]:
    """Return each message of a package (one text, or singular and plural) with the first place that uses it."""
    found: dict[Message, str] = {}
    for file in sorted([*folder.glob("**/*.py"), *folder.glob("templates/**/*.html")]):
        with file.open("rb") as content:
            for line, message in _extracted(file, content):
                found.setdefault(message, f"{file.relative_to(folder.parent)}:{line}")
    return found


def _extracted(file: Path, content: BinaryIO) -> Iterator[tuple[int, Message]]:
    if file.suffix == ".py":
        for line, messages, _comments, _context in extract("python", content, keywords=dict(KEYWORDS)):
            yield line, _message(messages)
        return
    for line, function, found, _comments in babel_extract(content, tuple(KEYWORDS), (), _OPTIONS):
        texts = [found] if isinstance(found, str) else [text for text in found or () if text]
        if texts:
            yield line, _message(tuple(texts[:2]) if function == "plural" else texts[0])


def _message(found: str | tuple[str, ...] | list[str]) -> Message:
    if isinstance(found, str):
        return found
    return (found[0], found[1]) if len(found) > 1 else found[0]


def complete(folder: Path, language: str = "it") -> int:
    """Add the missing messages to the package's catalogue, drop unused ones; return how many lack a text."""
    file = folder / "locale" / f"{language}.po"
    known = Catalog(locale=language)
    if file.exists():
        with file.open("rb") as content:
            known = read_po(content, locale=language)
    catalogue = Catalog(locale=language, project="Portico", charset="utf-8", fuzzy=False)
    empty = 0
    for message, _place in used_messages(folder).items():
        old = known.get(message if isinstance(message, str) else message[0])
        text = old.string if old else ("" if isinstance(message, str) else ("", ""))
        empty += not all(text) if isinstance(text, tuple | list) else not text
        catalogue.add(message, text)
    file.parent.mkdir(exist_ok=True)
    with file.open("wb") as target:
        write_po(target, catalogue, width=0, omit_header=True, sort_output=False)
    return empty


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(f"{name}: {complete(Path(name))} messages without a text\n")
