"""Why a plain Solid server could not hold a permission or take it out, in words."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from consent.foreign import Fault, ForeignError
from pods.client import SolidError
from vocab.pages import Translator, msg

NO_ANSWER, REFUSED = "no-answer", "refused"
"""Reasons of a server that says none: it could not be reached, or answered with a refusal."""

FAULTS: Mapping[str, str] = {
    Fault.NOT_A_DOCUMENT: msg("Only single documents of your own storage can be opened, no folders."),
    Fault.NO_LIST: msg("Your server does not use the access rules (WAC) that this wallet can write."),
    Fault.LIST_ELSEWHERE: msg("Your server keeps its access rules on another server; they were not touched."),
    Fault.NO_TAG: msg(
        "Your server does not say which version of its rules it gives, so they cannot be changed safely."
    ),
    Fault.NOT_GOVERNED: msg("Your server shows no access rules for this document."),
    Fault.NO_CONTROL: msg("The rules of this document name nobody who may change them."),
    Fault.BUSY: msg("Somebody else is changing the same rules all the time."),
    Fault.NOT_KEPT: msg("Your server did not keep the rule as it was written."),
    Fault.UNKNOWN_GRANT: msg("Your storage has no note of this permission any more."),
    NO_ANSWER: msg("Your server does not answer."),
    REFUSED: msg("Your server refused it. Perhaps this wallet may not change access rules there."),
}
"""Why a plain Solid server could not hold a permission, or take it out."""


def foreign_words(reason: str, _: Translator) -> str:
    """Return why a plain Solid server did not do it; unknown reasons count as a refusal."""
    return _(FAULTS.get(reason, FAULTS[REFUSED]))


def reason_of(error: Exception) -> str:
    """Return the reason in an error of work on a plain Solid server."""
    if isinstance(error, ForeignError):
        return error.fault.value
    silent = isinstance(error, SolidError) and error.status in (0, 502, 503, 504)
    return NO_ANSWER if silent or isinstance(error, httpx.HTTPError) else REFUSED
