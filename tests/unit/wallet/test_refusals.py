"""Why somebody was refused: each reason that a host of ours gives has an Italian sentence, and no English shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import consent.main  # loads every error of the host
from consent.foreign import Fault
from pods.errors import PodError
from vocab.pages import Catalogues
from wallet import foreign_words, refusals
from wallet.refusals import CODES, refusal_words

ROOT = Path(consent.main.__file__).parents[1]
CATALOGUES = Catalogues([ROOT / "wallet"])
ITALIAN, ENGLISH = CATALOGUES["it"], CATALOGUES["en"]
RAISED = {
    "consent/uma.py": "_Denied",
    "consent/purpose_claim.py": "BadClaim",
    "consent/identity.py": "BadIdentity",
}
"""Where the authorization server's reasons are written down, and the error that carries them into the log."""


def errors(kind: type[PodError] = PodError) -> Iterator[type[PodError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from errors(below)


def reasons() -> Iterator[str]:
    """Return every text that the log gives as a reason of a refused attempt, with something for its blanks."""
    for place, name in RAISED.items():
        for node in ast.walk(ast.parse((ROOT / place).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)
                elif isinstance(first, ast.JoinedStr):
                    yield "".join(
                        str(part.value) if isinstance(part, ast.Constant) else "something"
                        for part in first.values
                    )
    for mode in ("Read", "Append", "Write", "Control", "Read, Write", "a right"):
        yield f"This needs {mode} on /anna/x.ttl, which was not given."
        yield f"notification: This needs {mode} on /anna/x.ttl, which was not given."
    yield "no grant in force covers this resource for this purpose"
    yield "not in force"
    for error in errors():
        yield f"{error.code}: The host said so."


def test_the_table_of_reasons_is_not_empty() -> None:
    assert len(set(reasons())) > 60


@pytest.mark.parametrize("reason", sorted(set(reasons())))
def test_each_reason_has_an_italian_sentence(reason: str) -> None:
    italian, english = refusal_words(reason, ITALIAN), refusal_words(reason, ENGLISH)
    assert italian.endswith(".")
    assert english.endswith(".")
    assert italian != english


def test_each_error_code_of_the_host_has_words_and_no_code_is_left_over() -> None:
    ours = {error.code for error in errors() if error.__module__.startswith(("pods.", "consent."))}
    assert set(CODES) == ours


def test_each_fault_of_another_server_has_words() -> None:
    for fault in (*Fault, foreign_words.NO_ANSWER, foreign_words.REFUSED):
        said = foreign_words.foreign_words(fault, ITALIAN)
        assert said != foreign_words.FAULTS[fault]
    assert set(foreign_words.FAULTS) == {*Fault, foreign_words.NO_ANSWER, foreign_words.REFUSED}


def test_refusals_without_a_line_are_counted_in_words() -> None:
    reason = (
        "This needs Read on /anna/x.ttl, which was not given. 40 refusals to this agent since "
        "2026-11-22T07:00Z, not all with a line."
    )
    said = refusal_words(reason, ITALIAN)
    assert said.endswith("Ci sono stati 40 tentativi di questo tipo in poco tempo.")
    assert not re.search(r"refusals|This needs", said)


def test_a_reason_that_no_host_of_ours_gives_is_not_guessed() -> None:
    assert refusal_words("because", ITALIAN) == ""
    assert all(part for part, _ in refusals.REASONS)
