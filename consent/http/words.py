"""The words of the register for what declarations name by a code: legal bases, output modes, data."""

from __future__ import annotations

from collections.abc import Mapping

from consent.bases import Handling
from consent.model import OutputMode, PurposeDeclaration
from vocab.pages import Translator, msg
from vocab.shapes import SHAPES

BASES: Mapping[str, str] = {
    "gdpr:A6-1-a": msg("Consent (GDPR, article 6(1)(a))"),
    "gdpr:A9-2-a": msg("Explicit consent to special categories of data (GDPR, article 9(2)(a))"),
    "gdpr:A6-1-b": msg("Contract with the person (GDPR, article 6(1)(b))"),
    "gdpr:A6-1-c": msg("Legal obligation (GDPR, article 6(1)(c))"),
    "gdpr:A6-1-e": msg("Task in the public interest (GDPR, article 6(1)(e))"),
    "gdpr:A6-1-f": msg("Legitimate interest (GDPR, article 6(1)(f))"),
}
OFFERED: Mapping[Handling, str] = {
    Handling.CONSENT: msg("You give consent or not, and withdraw it in one step whenever you want."),
    Handling.OBJECTION: msg(
        "It is no consent: nothing is read before you open it, and you may object in one step whenever you want "
        "(GDPR, article 21)."
    ),
    Handling.INFORMATION: msg("You are informed of it; there is nothing to consent to or to refuse."),
}
MODES: Mapping[OutputMode, str] = {
    OutputMode.ROWS: msg("values are read"),
    OutputMode.CLAIM: msg("only a computed result leaves"),
    OutputMode.AGGREGATE_ONLY: msg("only statistics leave"),
    OutputMode.APPEND: msg("documents are added"),
}


def basis_words(basis: str, _: Translator) -> str:
    """Return a legal basis as people read it; one that is not in the closed list as it was written."""
    return _(BASES[basis]) if basis in BASES else basis


def data_words(purpose: PurposeDeclaration, _: Translator) -> list[str]:
    """Return what is asked for, a line for each shape and mode."""
    lines = []
    for item in purpose.items:
        shape = SHAPES[item.shape]
        names = ", ".join(shape.by_name[name].label[_.language] for name in item.properties)
        lines.append(f"{shape.label[_.language]} ({_(MODES[item.mode])}): {names}")
    return lines


def local(texts: Mapping[str, str], _: Translator) -> str:
    """Return a published text in the reader's language, or in Italian, in which every text is published."""
    return texts.get(_.language, texts["it"])
