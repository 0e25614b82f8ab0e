"""What goes wrong with grants on servers that are not ours."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Why a grant could not be held or taken out; a page has a sentence for each."""

    NOT_A_DOCUMENT = "not-a-document"
    NO_LIST = "no-list"
    LIST_ELSEWHERE = "list-elsewhere"
    NO_TAG = "no-tag"
    NOT_GOVERNED = "not-governed"
    NO_CONTROL = "no-control"
    BUSY = "busy"
    NOT_KEPT = "not-kept"
    UNKNOWN_GRANT = "unknown-grant"


class ForeignError(Exception):
    """A server cannot hold a grant, or did not do what was asked; the message says what, where and what to do."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
