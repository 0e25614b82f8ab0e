"""A purpose declaration as JSON-LD in the vocabulary of DPV."""

from __future__ import annotations

from typing import Any

from consent.model import PurposeDeclaration
from vocab.shapes import SHAPES
from vocab.terms import CONTEXTS


def purpose_jsonld(purpose: PurposeDeclaration) -> dict[str, Any]:
    """Return one version of a purpose as a `dpv:Process`."""
    found: dict[str, Any] = {
        "@context": CONTEXTS + "consent",
        "id": purpose.iri,
        "type": "Process",
        "identifier": purpose.identifier,
        "version": purpose.version,
        "controller": purpose.controller,
        "title": dict(purpose.title),
        "text": dict(purpose.text),
        "consequenceOfRefusal": dict(purpose.consequence_of_refusal),
        "legalBasis": purpose.legal_basis,
        "recipients": list(purpose.recipients),
        "retention": f"P{purpose.retention_days}D",
        "validUntil": purpose.document["valid_until"],
        "noticeDigest": purpose.notice_digest,
        "digest": purpose.digest,
        "items": [
            {
                "dataShape": SHAPES[item.shape].iri,
                "properties": list(item.properties),
                "outputMode": item.mode.value,
            }
            for item in purpose.items
        ],
    }
    if purpose.programme is not None:
        found["programme"] = purpose.programme
    if purpose.revision_of is not None:
        found["revisionOf"] = purpose.revision_of
    return found
