"""A draft of a data protection impact assessment (GDPR, art. 35) from a declaration. It judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from consent.bases import handling
from consent.http.activities import TO_FILL, plain
from consent.http.pages import MODES
from consent.http.words import OFFERED, basis_words, data_words, local
from consent.model import OutputMode
from consent.processing import ProcessingRecord
from vocab.pages import Translator, msg
from vocab.pages.formats import Formats

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


CRITERIA = (
    msg("Evaluation or scoring of people"),
    msg("Automated decisions with legal or similar effect"),
    msg("Systematic monitoring"),
    msg("Special categories of data, or data of a very personal nature"),
    msg("Large scale"),
    msg("Data sets that are matched or combined"),
    msg("People in need of protection, such as minors"),
    msg("New technology, or a new use of it"),
    msg("People kept from a right, a service or a contract"),
)
"""The nine criteria of the guidelines WP 248 rev.01; where two are met, an assessment is mandatory as a rule."""
SPECIAL = "gdpr:A9-2-a"
TO_ASSESS = msg("[to be assessed]")
RIGHTS = (
    msg("Information (art. 13): this register, in plain words, before anybody is asked."),
    msg("Access (art. 15): a report of who was actually served, what and when, at any time."),
    msg(
        "Rectification, erasure and restriction (art. 16 to 19): whoever was served is told and must answer."
    ),
    msg("Portability (art. 20): the whole pod as an archive that programs read."),
    msg("A month to answer, kept by a clock that the person and the operator see (art. 12)."),
)
DECISION = (
    msg("Advice of the data protection officer (art. 35(2)): {blank}"),
    msg("Views of the people concerned, or why they were not asked (art. 35(9)): {blank}"),
    msg("Risk that remains, and whether the authority must be consulted first (art. 36): {blank}"),
    msg("Decision, by whom and when: {blank}"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its points, or with rows whose first cell is what the others are about."""

    title: str
    points: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def draft(record: ProcessingRecord, _: Translator) -> tuple[Section, ...]:
    """Return the draft for one version of a purpose, in the reader's language and the order of art. 35(7)."""
    purpose = record.purpose
    modes = [mode for mode in OutputMode if any(item.mode is mode for item in purpose.items)]
    end = Formats(_.language).last_day(purpose.valid_until)
    return (
        Section(_("What is planned"), _planned(record, modes, _)),
        Section(
            _("Is an assessment mandatory?"),
            columns=(_("Criterion (WP 248 rev.01)"), _("What the declaration tells")),
            rows=tuple((_(name), _(_told(name, record))) for name in CRITERIA),
        ),
        Section(
            _("Necessity and proportionality"),
            (
                *(_(MODES[mode][0]) for mode in modes),
                _(
                    "Nothing is kept longer than {count} days, and nothing is read after {end}.",
                    count=purpose.retention_days,
                    end=end,
                ),
                _("People can give less than what is asked for, and a no has no effect on any service."),
                _("Why less data, or a narrower output, would not serve: {blank}", blank=_(TO_FILL)),
            ),
        ),
        Section(
            _("Risks that come with what leaves the pod"),
            columns=(
                *(_("Risk"), _("What the host enforces against it"), _("Likelihood"), _("Severity")),
                _("What the organisation does"),
            ),
            rows=tuple(
                (_(risk), " ".join(_(text) for text in ENFORCED[mode]), *(_(TO_ASSESS),) * 2, _(TO_FILL))
                for mode in modes
                for risk in RISKS[mode]
            ),
        ),
        Section(_("What the host enforces"), tuple(_(text) for text in ALWAYS)),
        Section(
            _("Rights of the people concerned"),
            (*(_(text) for text in RIGHTS), _(OFFERED[handling(purpose.legal_basis)])),
        ),
        Section(
            _("What the organisation has to decide and to write itself"), tuple(_(text) for text in OPEN)
        ),
        Section(
            _("Advice and decision"),
            (
                *(_(text, blank=_(TO_FILL)) for text in DECISION),
                _("To be looked at again with every new version of the purpose, and by {end}.", end=end),
            ),
        ),
    )


def markdown(record: ProcessingRecord, _: Translator) -> str:
    """Return the draft as Markdown, to be continued in any editor."""
    title = local(record.purpose.title, _)
    lines = ["# " + _("Impact assessment, a draft: {title}", title=plain(title)), "", _(DISCLAIMER), ""]
    for section in draft(record, _):
        lines += ["## " + section.title, ""]
        lines += ["- " + plain(point) for point in section.points]
        if section.columns:
            lines += [_row(section.columns), _row(("---",) * len(section.columns), escape=False)]
            lines += [_row(row) for row in section.rows]
        lines.append("")
    return "\n".join(lines)


DISCLAIMER = msg(
    "Made from the published declaration. It is no legal assessment: it gathers what is known to the host and names "
    "what is not."
)


def _planned(record: ProcessingRecord, modes: list[OutputMode], _: Translator) -> tuple[str, ...]:
    purpose, controller = record.purpose, record.controller
    found = [
        _("Organisation: {name}, {contact}", name=controller.name, contact=controller.contact),
        _("Data protection officer: {name}", name=controller.dpo),
        _("Purpose: {text}", text=local(purpose.text, _)),
        _("Legal basis: {basis}", basis=basis_words(purpose.legal_basis, _)),
        _("Data: {text}", text="; ".join(data_words(purpose, _))),
        *(_(MODES[mode][1]) for mode in modes),
        _("Recipients: {names}", names=", ".join(purpose.recipients) or "–"),
        _("Kept for {count} days after receipt.", count=purpose.retention_days),
    ]
    terms = purpose.document.get("programme")
    if terms is not None:
        numbers = {name: terms[name] for name in ("min_participants", "k_min", "rho_total", "l0")}
        found.append(
            _(
                "Statistics from {min_participants} people on; totals under {k_min} are withheld; privacy loss of the "
                "whole programme ρ = {rho_total}; each person counts in {l0} cells at most.",
                **numbers,
            )
        )
    return tuple(found)


def _told(criterion: str, record: ProcessingRecord) -> str:
    """Return the message of what a declaration tells about a criterion; most it cannot know."""
    purpose = record.purpose
    shapes = {item.shape for item in purpose.items}
    totals = all(item.mode is OutputMode.AGGREGATE_ONLY for item in purpose.items)
    told = {
        CRITERIA[1]: msg("No: totals are not for decisions about a person.") if totals else TO_ASSESS,
        CRITERIA[3]: msg("Yes: consent to special categories of data is asked for.")
        if purpose.legal_basis == SPECIAL
        else msg("None is declared; whether the data tell such things has to be assessed."),
        CRITERIA[5]: msg("Yes: several kinds of data are asked for together.")
        if len(shapes) > 1
        else msg("One kind of data is asked for; other sources of the organisation have to be assessed."),
        CRITERIA[6]: msg("Minors take part through a guardian until they are 14; to be assessed."),
        CRITERIA[8]: msg("No: a refusal has no effect on any service."),
    }
    return told.get(criterion, TO_ASSESS)


def _row(cells: tuple[str, ...], *, escape: bool = True) -> str:
    return "| " + " | ".join(plain(cell) if escape else cell for cell in cells) + " |"
