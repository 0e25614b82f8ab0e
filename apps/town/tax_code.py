"""Tax codes (codice fiscale) that are well-formed and cannot be anybody's: no municipality has the code A000."""

from __future__ import annotations

import unicodedata

NOWHERE = "A000"
"""Place codes begin with A001, so a code with this place was never issued (D.M. 23-12-1976 gives the form)."""

_MONTHS = "ABCDEHLMPRST"
_VOWELS = "AEIOU"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Values of a character in an odd position, by its place among digits or letters.
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def tax_code(given: str, surname: str, gender: str, year: int, month: int, day: int) -> str:
    """Return the code of an invented person born nowhere."""
    # Women have 40 added to their day of birth.
    days = day + 40 if gender == "female" else day
    body = f"{_surname(surname)}{_given(given)}{year % 100:02}{_MONTHS[month - 1]}{days:02}{NOWHERE}"
    return body + check_letter(body)


def check_letter(body: str) -> str:
    """Return the sixteenth character of a code from the first fifteen."""
    values = [int(character) if character.isdigit() else _LETTERS.index(character) for character in body]
    total = sum(_ODD[value] if place % 2 == 0 else value for place, value in enumerate(values))
    return _LETTERS[total % 26]


def _surname(name: str) -> str:
    consonants, vowels = _split(name)
    return (consonants + vowels + "XXX")[:3]


def _given(name: str) -> str:
    consonants, vowels = _split(name)
    if len(consonants) > 3:
        return consonants[0] + consonants[2:4]
    return (consonants + vowels + "XXX")[:3]


def _split(name: str) -> tuple[str, str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    letters = [character for character in plain if character in _LETTERS]
    return "".join(c for c in letters if c not in _VOWELS), "".join(c for c in letters if c in _VOWELS)
