"""The looks of pages for people: templates, their one style sheet, and the policy that makes a page powerless."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2

from vocab.pages.catalogues import LANGUAGES, Catalogues
from vocab.pages.formats import Formats
from vocab.pages.language import best_of
from vocab.pages.rendering import HERE as SHARED

_HERE = Path(__file__).resolve().parent
STYLE = (_HERE / "templates" / "resource" / "style.css").read_text("utf-8")
SOURCES = STYLE.encode() + b"".join(
    file.read_bytes()
    for file in sorted([*(_HERE / "templates").rglob("*.html"), *(_HERE / "locale").glob("*.po")])
)
"""Everything that a page is made of beside its data."""
_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = (
    # What strangers wrote stands in these pages, on the origin of the login pages: nothing in them runs, posts
    # or loads. The one style is named by its digest; downloads are what the page offers.
    f"sandbox allow-downloads; default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_UNITS = ("byte", "kB", "MB", "GB", "TB")


class Looks:
    """Renders the templates in the reader's language."""

    def __init__(self) -> None:
        parts = (_HERE, SHARED)
        catalogues = Catalogues(parts)
        loader = jinja2.FileSystemLoader([_HERE / "templates"])
        self._environments = {code: _environment(code, loader, catalogues) for code in LANGUAGES}

    def render(self, language: str, template: str, **values: Any) -> bytes:
        """Return a page in `it` or `en`."""
        page = self._environments[language].get_template(f"resource/{template}").render(values)
        return page.encode("utf-8", "replace")  # a literal may hold half of a surrogate pair


def language_of(accept_language: str) -> str:
    """Return the language that a reader's browser asks for, Italian if it asks for none of ours."""
    return best_of(accept_language)


def _environment(code: str, loader: jinja2.BaseLoader, catalogues: Catalogues) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    formats, translator = Formats(code), catalogues[code]

    def moment(text: str) -> str:
        try:
            return formats.moment(text) if "T" in text else formats.day(text)
        except (ValueError, OverflowError):
            return text  # a literal may call itself a date and be none

    def size(amount: int) -> str:
        value, unit = float(amount), 0
        while value >= 1000 and unit < len(_UNITS) - 1:
            value, unit = value / 1000, unit + 1
        return f"{formats.number(value, 1 if unit and value < 100 else 0)}\u00a0{_UNITS[unit]}"

    environment.filters.update(moment=moment, size=size, short_day=formats.short_day, iso=formats.iso)
    environment.globals.update(_=translator, plural=translator.plural, language=code, style=STYLE)
    return environment
