"""Records of processing activities (GDPR, art. 30), made from what controllers have published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from consent.linked import purpose_jsonld
from consent.model import Controller, PurposeDeclaration
from vocab.terms import CONTEXTS

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


def as_jsonld(
    records: Sequence[ProcessingRecord], measures: Callable[[ProcessingRecord], Sequence[str]]
) -> dict[str, Any]:
    """Return the records as `dpv:Process` nodes with the measures of each, every controller once."""
    controllers = {record.controller.iri: record.controller for record in records}
    return {
        "@context": [CONTEXTS + "consent", _CONTEXT],
        "@graph": [
            *(_controller(controller) for controller in controllers.values()),
            *(_process(record, measures(record)) for record in records),
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


def _process(record: ProcessingRecord, measures: Sequence[str]) -> dict[str, Any]:
    plain = purpose_jsonld(record.purpose)
    del plain["@context"]
    return {**plain, "measures": list(measures)}
