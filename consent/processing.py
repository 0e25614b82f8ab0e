"""Records of processing activities (GDPR, art. 30), made from what controllers have published."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consent.linked import purpose_jsonld
from consent.model import Controller, OutputMode, PurposeDeclaration
from vocab.shapes import SHAPES
from vocab.terms import CONTEXTS

MEASURES = (
    "access only under a grant for one purpose, by tokens that live for 60 seconds and are bound to a key",
    "answers filtered to the properties that were granted",
    "withdrawal in effect for every read that is decided after it",
    "every access and every refusal in a log that the person can verify",
)
"""What the host itself enforces for everybody (art. 32); a controller adds its own."""
_OF_MODE = {
    OutputMode.AGGREGATE_ONLY: "only noisy totals over many people leave, within a budget",
    OutputMode.CLAIM: "only the result of a published rule leaves",
}
_CONTEXT = {
    "name": "dpv:hasName",
    "contact": "dpv:hasContact",
    "dataProtectionOfficer": "dpv:hasDataProtectionOfficer",
    "measures": {"@id": "dpv:hasTechnicalMeasure", "@container": "@set"},
}


@dataclass(frozen=True, slots=True)
class ProcessingRecord:
    """One processing activity: a version of a purpose and who answers for it."""

    controller: Controller
    purpose: PurposeDeclaration
    current: bool
    """Whether it is the newest version and has not ended."""

    def measures(self) -> tuple[str, ...]:
        """Return what the host enforces for it."""
        modes = {item.mode for item in self.purpose.items}
        return (*MEASURES, *(text for mode, text in _OF_MODE.items() if mode in modes))


def processing_records(
    controllers: Sequence[Controller], purposes: Sequence[PurposeDeclaration], at: float
) -> list[ProcessingRecord]:
    """Return a record for every version, former ones too, by controller, purpose and version."""
    known = {controller.iri: controller for controller in controllers}
    newest: dict[str, int] = {}
    for purpose in purposes:
        newest[purpose.identifier] = max(purpose.version, newest.get(purpose.identifier, 0))
    found = [
        ProcessingRecord(
            known[purpose.controller],
            purpose,
            purpose.active(at) and newest[purpose.identifier] == purpose.version,
        )
        for purpose in purposes
        if purpose.controller in known
    ]
    return sorted(found, key=lambda r: (r.controller.name, r.purpose.identifier, -r.purpose.version))


def as_jsonld(records: Sequence[ProcessingRecord]) -> dict[str, Any]:
    """Return the records as `dpv:Process` nodes, each controller once."""
    controllers = {record.controller.iri: record.controller for record in records}
    return {
        "@context": [CONTEXTS + "consent", _CONTEXT],
        "@graph": [
            *(_controller(controller) for controller in controllers.values()),
            *(_process(record) for record in records),
        ],
    }


def _controller(controller: Controller) -> dict[str, Any]:
    return {
        "id": controller.iri,
        "type": "dpv:DataController",
        "name": controller.name,
        "contact": controller.contact,
        "dataProtectionOfficer": controller.dpo,
    }


def _process(record: ProcessingRecord) -> dict[str, Any]:
    plain = purpose_jsonld(record.purpose)
    del plain["@context"]
    return {**plain, "measures": list(record.measures())}


def as_csv(records: Sequence[ProcessingRecord]) -> str:
    """Return the records as a table, a row each, with the particulars of art. 30(1) as columns."""
    output = io.StringIO(newline="")
    table = csv.writer(output)
    table.writerow(COLUMNS)
    for record in records:
        table.writerow([_inert(text) for text in _row(record)])
    return output.getvalue()


COLUMNS = (
    *("controller", "contact", "data_protection_officer", "purpose", "version", "current", "title"),
    *("legal_basis", "data_subjects", "data", "recipients", "erasure", "valid_until", "measures"),
)


def _row(record: ProcessingRecord) -> tuple[str, ...]:
    controller, purpose = record.controller, record.purpose
    data = "; ".join(data_words(purpose, "en").splitlines())
    return (
        *(controller.name, controller.contact, controller.dpo, purpose.iri, str(purpose.version)),
        *("yes" if record.current else "no", purpose.title["it"], purpose.legal_basis),
        *("people who have a pod on this host and agreed", data, "; ".join(purpose.recipients)),
        *(f"{purpose.retention_days} days after receipt", purpose.document["valid_until"]),
        "; ".join(record.measures()),
    )


def data_words(purpose: PurposeDeclaration, language: str) -> str:
    """Return what is asked for, a line for each shape and mode."""
    lines = []
    for item in purpose.items:
        shape = SHAPES[item.shape]
        names = ", ".join(shape.by_name[name].label[language] for name in item.properties)
        lines.append(f"{shape.label[language]} ({item.mode.value}): {names}")
    return "\n".join(lines)


def _inert(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: organisations write these texts."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
