"""Legal bases (GDPR, art. 6(1) and 9(2)(a)) as a closed list, and what a person can do about each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Handling(StrEnum):
    """What the host offers the person for a legal basis."""

    CONSENT = "consent"
    """The person gives, refuses and withdraws."""
    OBJECTION = "objection"
    """The person opens the data and objects (art. 21): nothing is called consent, for it is none."""
    INFORMATION = "information"
    """The person is informed (art. 13) and not asked: a question with one answer would be a lie."""


HANDLING: Mapping[str, Handling] = {
    "gdpr:A6-1-a": Handling.CONSENT,
    "gdpr:A9-2-a": Handling.CONSENT,
    "gdpr:A6-1-b": Handling.INFORMATION,
    "gdpr:A6-1-c": Handling.INFORMATION,
    "gdpr:A6-1-e": Handling.OBJECTION,
    "gdpr:A6-1-f": Handling.OBJECTION,
}
"""The closed list; vital interests, art. 6(1)(d), are no ground to ask anybody in advance."""

NOT_FOR_ADMINISTRATIONS = "gdpr:A6-1-f"
"""Art. 6(1), last sentence: authorities do not rest on legitimate interest in the performance of their tasks."""

OBJECTED = "objection (GDPR, article 21)"
"""The reason that the log gives when a refusal or an end is an objection."""


def handling(basis: str) -> Handling:
    """Return what is offered for a basis; a basis outside the list cannot be published and is only told."""
    return HANDLING.get(basis, Handling.INFORMATION)
