"""Records of the operator as a processor (GDPR, art. 30(2)) in the reader's language: particulars, Markdown, a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from consent.http.activities import MEASURES as ENFORCED
from consent.http.activities import Particular, inert, plain
from consent.model import OutputMode
from consent.processor import Operator, ProcessorRecord
from vocab.pages import Translator, msg

TITLE = msg("Records of the operator as a processor")
INTRODUCTION = msg(
    "GDPR, article 30(2). What this host does on behalf of each organisation, made from the register; what only the "
    "operator can say comes from the settings of the host, and is marked where it is missing."
)
TO_FILL = msg("[to be written by the operator]")
NONE_NAMED = msg("none named")
MEASURES = (
    *ENFORCED,
    msg("texts of the log sealed with a key for each pod, which goes with the pod; its checkpoints signed"),
    msg("the operator has no right to read pods, and what it ends or changes stands in the log"),
    msg("copies that are checked, and put back only where they are whole"),
)
_ALWAYS = (
    msg("putting requests to people, and keeping their decisions with the proof of each"),
    msg("keeping a log of accesses and refusals, for the person and as evidence"),
    msg("passing on requests about rights, and notices of breaches"),
)
_OF_MODE: Mapping[OutputMode, str] = {
    OutputMode.ROWS: msg("handing over the granted properties of documents in pods"),
    OutputMode.CLAIM: msg("computing published rules beside pods, and signing their results"),
    OutputMode.AGGREGATE_ONLY: msg("counting over the data of many people, and adding noise to the totals"),
    OutputMode.APPEND: msg("taking in documents for pods"),
}
COLUMNS = (
    *(
        "processor",
        "processor_contact",
        "processor_dpo",
        "controller",
        "controller_contact",
        "controller_dpo",
    ),
    *("processing", "purposes", "transfers", "measures"),
)


def processing(record: ProcessorRecord) -> tuple[str, ...]:
    """Return the message ids of the categories of processing; the closed list of modes has one each."""
    if not record.purposes:
        return _ALWAYS
    return (*(text for mode, text in _OF_MODE.items() if mode in record.modes), *_ALWAYS)


def of_operator(operator: Operator, _: Translator) -> tuple[Particular, ...]:
    """Return the particulars that are the same for every controller."""
    who = ", ".join(filter(None, (operator.name, operator.contact))) or _(TO_FILL)
    return (
        Particular("a", _("Processor"), (who,)),
        Particular("a", _("Data protection officer"), (operator.dpo or _(NONE_NAMED),)),
        Particular("c", _("Transfers to third countries"), (operator.transfers or _(TO_FILL),)),
        Particular("d", _("Security measures (article 32)"), tuple(_(text) for text in MEASURES)),
    )


def of_controller(record: ProcessorRecord, _: Translator) -> tuple[Particular, ...]:
    """Return the particulars of one controller."""
    own = record.controller
    return (
        Particular("a", _("Controller"), (f"{own.name}, {own.contact}",)),
        Particular("a", _("Its data protection officer"), (own.dpo,)),
        Particular("b", _("Categories of processing"), tuple(_(text) for text in processing(record))),
    )


def markdown(operator: Operator, records: Sequence[ProcessorRecord], _: Translator) -> str:
    """Return the records as Markdown, to be continued in any editor."""
    lines = ["# " + _(TITLE), "", _(INTRODUCTION), "", *_items(of_operator(operator, _))]
    for record in records:
        lines += ["", f"## {plain(record.controller.name)}", "", record.controller.iri, ""]
        lines += [*_items(of_controller(record, _)), *(f"- {purpose.iri}" for purpose in record.purposes)]
    return "\n".join([*lines, ""])


def table(operator: Operator, records: Sequence[ProcessorRecord], _: Translator) -> str:
    """Return the records as CSV, a row for each controller; the names of columns are the same in every language."""
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    writer.writerow(COLUMNS)
    for record in records:
        own = record.controller
        row = (
            *(operator.name or _(TO_FILL), operator.contact or _(TO_FILL), operator.dpo or _(NONE_NAMED)),
            *(own.name, own.contact, own.dpo, "; ".join(_(text) for text in processing(record))),
            *(" ".join(one.iri for one in record.purposes), operator.transfers or _(TO_FILL)),
            "; ".join(_(text) for text in MEASURES),
        )
        writer.writerow([inert(text) for text in row])
    return output.getvalue()


def _items(particulars: Sequence[Particular]) -> list[str]:
    return [
        f"- **({one.letter}) {one.label}**: {'; '.join(plain(text) for text in one.lines)}"
        for one in particulars
    ]
