"""Records of the operator as a processor (GDPR, art. 30(2)): for whom it processes, made from what they published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent.model import Controller, ControllerState, OutputMode, PurposeDeclaration
from vocab.terms import CONTEXTS

_CONTEXT: Mapping[str, Any] = {
    "name": "dpv:hasName",
    "contact": "dpv:hasContact",
    "dataProtectionOfficer": "dpv:hasDataProtectionOfficer",
    "processor": {"@id": "dpv:hasDataProcessor", "@type": "@id"},
    "controller": {"@id": "dpv:hasDataController", "@type": "@id"},
    "processing": {"@id": "dpv:hasProcessing", "@container": "@set"},
    "transfers": {"@id": "dpv:hasThirdCountry", "@container": "@set"},
    "measures": {"@id": "dpv:hasTechnicalOrganisationalMeasure", "@container": "@set"},
}


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the host, as its settings say; what they leave out is empty."""

    iri: str
    name: str
    contact: str
    dpo: str
    transfers: str


@dataclass(frozen=True, slots=True)
class ProcessorRecord:
    """What the host does on behalf of one controller."""

    controller: Controller
    modes: frozenset[OutputMode]
    """Ways in which data leave pods, or come in, under the purposes that are open now."""
    purposes: tuple[PurposeDeclaration, ...]
    """The versions that are open now."""


def processor_records(
    controllers: Sequence[Controller], purposes: Sequence[PurposeDeclaration], at: float
) -> list[ProcessorRecord]:
    """Return a record for each approved controller, by name; the host processes nothing for any other."""
    found = []
    for controller in controllers:
        if controller.state is ControllerState.APPROVED:
            own = tuple(one for one in purposes if one.controller == controller.iri and one.active(at))
            modes = frozenset(item.mode for one in own for item in one.items)
            found.append(ProcessorRecord(controller, modes, own))
    return sorted(found, key=lambda record: (record.controller.name, record.controller.iri))


def as_jsonld(
    operator: Operator,
    records: Sequence[ProcessorRecord],
    processing: Callable[[ProcessorRecord], Sequence[str]],
    measures: Sequence[str],
) -> dict[str, Any]:
    """Return the records as `dpv:Process` nodes, with the operator as their processor."""
    return {
        "@context": [CONTEXTS + "consent", dict(_CONTEXT)],
        "@graph": [
            _party(operator.iri, "dpv:DataProcessor", operator.name, operator.contact, operator.dpo),
            *(
                _party(
                    one.controller.iri, "dpv:DataController", one.controller.name, one.controller.contact, ""
                )
                for one in records
            ),
            *(
                {
                    "type": "dpv:Process",
                    "controller": one.controller.iri,
                    "processor": operator.iri,
                    "processing": list(processing(one)),
                    "transfers": [operator.transfers] if operator.transfers else [],
                    "measures": list(measures),
                }
                for one in records
            ),
        ],
    }


def _party(iri: str, kind: str, name: str, contact: str, dpo: str) -> dict[str, Any]:
    told = {"name": name, "contact": contact, "dataProtectionOfficer": dpo}
    return {"id": iri, "type": kind, **{member: text for member, text in told.items() if text}}
