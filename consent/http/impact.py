"""A draft of a data protection impact assessment (GDPR, art. 35) from a declaration. It judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from consent.http.pages import MODES
from consent.model import OutputMode
from consent.processing import ProcessingRecord, data_words
from vocab.pages import Translator, msg

RISKS: Mapping[OutputMode, tuple[str, ...]] = {
    OutputMode.ROWS: (
        msg(
            "The organisation knows single entries of a known person and may keep copies after a withdrawal."
        ),
        msg("Entries can be put together with other data about the same person."),
    ),
    OutputMode.CLAIM: (
        msg("A result can tell something about the person, even without the entries behind it."),
    ),
    OutputMode.AGGREGATE_ONLY: (
        msg(
            "Totals of small groups, or many questions about the same group, can tell something about one person."
        ),
    ),
    OutputMode.APPEND: (msg("Documents that are wrong or not wanted can get into a pod."),),
}
ENFORCED: Mapping[OutputMode, tuple[str, ...]] = {
    OutputMode.ROWS: (
        msg("Only the properties that the person chose are in any answer."),
        msg(
            "When a consent ends, whoever was served is told; deleting the copies is the organisation's duty."
        ),
    ),
    OutputMode.CLAIM: (
        msg("Rules are published with a version, and the person sees each result that left."),
    ),
    OutputMode.AGGREGATE_ONLY: (
        msg(
            "Noise, a limit of privacy loss for the whole programme and a least number of people are enforced."
        ),
    ),
    OutputMode.APPEND: (msg("The organisation reads nothing, and the person can delete what was added."),),
}
ALWAYS = (
    msg("Nothing is read without the person's own act, for one purpose and until a day that they choose."),
    msg("Withdrawing takes one step and holds for every read that is decided afterwards."),
    msg("Every access and every refusal is in a log that the person can verify."),
    msg("Access tokens live for 60 seconds and are bound to a key of the service."),
)
OPEN = (
    msg(
        "Whether an assessment is mandatory (art. 35(1) and (3), and the list of the supervisory authority)."
    ),
    msg("Whether the processing is necessary and proportionate for this purpose (art. 35(7)(b))."),
    msg(
        "How likely and how severe each risk is, and what the organisation itself does about it (art. 35(7)(c), (d))."
    ),
    msg(
        "The advice of the data protection officer and the views of the people concerned (art. 35(2) and (9))."
    ),
    msg("Transfers to third countries: a declaration does not describe them."),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its points."""

    title: str
    points: tuple[str, ...]


def draft(record: ProcessingRecord, _: Translator) -> tuple[Section, ...]:
    """Return the draft for one version of a purpose, in the reader's language."""
    purpose, controller = record.purpose, record.controller
    modes = [mode for mode in OutputMode if any(item.mode is mode for item in purpose.items)]
    return (
        Section(
            _("What is planned"),
            (
                _("Organisation: {name}, {contact}", name=controller.name, contact=controller.contact),
                _("Data protection officer: {name}", name=controller.dpo),
                _("Purpose: {text}", text=purpose.text.get(_.language, purpose.text["it"])),
                _("Legal basis: {basis}", basis=purpose.legal_basis),
                *data_words(purpose, _.language).splitlines(),
                *(_(MODES[mode][1]) for mode in modes),
                _("Recipients: {names}", names=", ".join(purpose.recipients) or "–"),
                _("Kept for {count} days after receipt.", count=purpose.retention_days),
            ),
        ),
        Section(_("Risks that come with what leaves the pod"), tuple(_(r) for m in modes for r in RISKS[m])),
        Section(
            _("What the host enforces"),
            tuple(_(text) for text in (*ALWAYS, *(t for m in modes for t in ENFORCED[m]))),
        ),
        Section(
            _("What the organisation has to decide and to write itself"), tuple(_(text) for text in OPEN)
        ),
    )


def markdown(record: ProcessingRecord, _: Translator) -> str:
    """Return the draft as Markdown, to be continued in any editor."""
    title = record.purpose.title.get(_.language, record.purpose.title["it"])
    lines = ["# " + _("Impact assessment, a draft: {title}", title=_plain(title)), "", _(DISCLAIMER), ""]
    for section in draft(record, _):
        lines += ["## " + section.title, "", *("- " + _plain(point) for point in section.points), ""]
    return "\n".join(lines)


DISCLAIMER = msg(
    "Made from the published declaration. It is no legal assessment: it gathers what is known to the host and names "
    "what is not."
)


def _plain(text: str) -> str:
    """Return a text on one line, without what Markdown would take for a heading, a link or HTML."""
    escaped = "".join("\\" + letter if letter in "\\`*_[]<>#|" else letter for letter in text)
    return " ".join(escaped.split())
