"""Records of processing activities (GDPR, art. 30(1)) in the reader's language: particulars, Markdown, a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consent.http.words import basis_words, data_words, local
from consent.model import OutputMode
from consent.processing import ProcessingRecord
from vocab.pages import Translator, msg

MEASURES = (
    msg(
        "access only under a grant for one purpose, by tokens that live for 60 seconds and are bound to a key"
    ),
    msg("answers filtered to the properties that were granted"),
    msg("withdrawal in effect for every read that is decided after it"),
    msg("every access and every refusal in a log that the person can verify"),
)
"""What the host itself enforces for everybody (art. 32); a controller adds its own."""
OF_MODE: Mapping[OutputMode, str] = {
    OutputMode.AGGREGATE_ONLY: msg("only noisy totals over many people leave, within a budget"),
    OutputMode.CLAIM: msg("only the result of a published rule leaves"),
}
SUBJECTS = msg("people who have a pod on this host and agreed")
TO_FILL = msg("[to be written by the organisation]")
TITLE = msg("Records of processing activities")
INTRODUCTION = msg(
    "GDPR, article 30(1). Made from the published declarations; what a declaration does not say is marked. The host "
    "processes on behalf of the organisations named here (article 28)."
)
COLUMNS = (
    *("controller", "contact", "data_protection_officer", "purpose", "version", "current", "title"),
    *(
        "legal_basis",
        "data_subjects",
        "data",
        "recipients",
        "transfers",
        "erasure",
        "valid_until",
        "measures",
    ),
)


@dataclass(frozen=True, slots=True)
class Particular:
    """One particular of art. 30(1): its letter, a name, and what is said."""

    letter: str
    label: str
    lines: tuple[str, ...]


def measures(record: ProcessingRecord) -> tuple[str, ...]:
    """Return the message ids of what the host enforces for a purpose."""
    modes = {item.mode for item in record.purpose.items}
    return (*MEASURES, *(text for mode, text in OF_MODE.items() if mode in modes))


def particulars(record: ProcessingRecord, _: Translator) -> tuple[Particular, ...]:
    """Return the particulars of one record in the order of the article."""
    controller, purpose = record.controller, record.purpose
    erasure = _("{count} days after receipt", count=purpose.retention_days)
    return (
        Particular("a", _("Controller"), (f"{controller.name}, {controller.contact}",)),
        Particular("a", _("Data protection officer"), (controller.dpo,)),
        Particular("a", _("Joint controllers and representative"), (_(TO_FILL),)),
        Particular("b", _("Purpose"), (local(purpose.text, _),)),
        Particular("b", _("Legal basis"), (basis_words(purpose.legal_basis, _),)),
        Particular("c", _("Data subjects"), (_(SUBJECTS),)),
        Particular("c", _("Categories of data"), tuple(data_words(purpose, _))),
        Particular("d", _("Recipients"), purpose.recipients or ("–",)),
        Particular("e", _("Transfers to third countries"), (_(TO_FILL),)),
        Particular("f", _("Time limit for erasure"), (erasure,)),
        Particular("g", _("Measures of the host (article 32)"), tuple(_(text) for text in measures(record))),
        Particular("g", _("Measures of the organisation (article 32)"), (_(TO_FILL),)),
    )


def markdown(records: Sequence[ProcessingRecord], _: Translator) -> str:
    """Return the records as Markdown, to be continued in any editor."""
    lines = ["# " + _(TITLE), "", _(INTRODUCTION), ""]
    for record in records:
        state = _("current") if record.current else _("former")
        title = plain(local(record.purpose.title, _))
        lines += [
            f"## {title} ({_('Version')} {record.purpose.version}, {state})",
            "",
            record.purpose.iri,
            "",
        ]
        for one in particulars(record, _):
            lines += [f"- **({one.letter}) {one.label}**: {'; '.join(plain(text) for text in one.lines)}"]
        lines.append("")
    return "\n".join(lines)


def table(records: Sequence[ProcessingRecord], _: Translator) -> str:
    """Return the records as CSV, a row each; the names of columns are the same in every language."""
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerow([inert(text) for text in _row(record, _)])
    return output.getvalue()


def plain(text: str) -> str:
    """Return a text on one line, without what Markdown would take for a heading, a link, a table or HTML."""
    escaped = "".join("\\" + letter if letter in "\\`*_[]<>#|" else letter for letter in text)
    return " ".join(escaped.split())


def _row(record: ProcessingRecord, _: Translator) -> tuple[str, ...]:
    controller, purpose = record.controller, record.purpose
    return (
        *(controller.name, controller.contact, controller.dpo, purpose.iri, str(purpose.version)),
        *("yes" if record.current else "no", local(purpose.title, _), basis_words(purpose.legal_basis, _)),
        *(_(SUBJECTS), "; ".join(data_words(purpose, _)), "; ".join(purpose.recipients), _(TO_FILL)),
        *(_("{count} days after receipt", count=purpose.retention_days), purpose.document["valid_until"]),
        "; ".join(_(text) for text in measures(record)),
    )


def inert(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: organisations write these texts."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
