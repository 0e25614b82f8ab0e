"""A refusal whose reason can be said in the reader's language, and names the field that it is about."""

from __future__ import annotations

from vocab.pages import Translator


class Refusal(Exception):
    """Base of what an app refuses. `status` is the HTTP status, `code` the word that programs compare.

    As text it is English, `field: message`; `said` gives it in the language of a page.
    """

    status = 422
    code = "refused"

    def __init__(self, message: str, /, *, field: str = "", **blanks: object) -> None:
        text = message.format(**blanks) if blanks else message
        super().__init__(f"{field}: {text}" if field else text)
        self._message = message
        self._blanks = blanks
        self._field = field

    def said(self, translator: Translator, labels: dict[str, str] | None = None) -> str:
        """Return the reason in the translator's language; `labels` are message ids by field."""
        text = translator(self._message, **self._blanks)
        label = (labels or {}).get(self._field)
        name = translator(label) if label else self._field
        return f"{name}: {text}" if name else text
