"""The register as JSON-LD in the vocabulary of DPV: purpose declarations, and who answers for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from consent import wire
from consent.model import Controller, PurposeDeclaration, Verification
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


KINDS: Mapping[str, str] = {
    "administration": "dpv:GovernmentalOrganisation",
    "cooperative": "dpv:Organisation",
    "shop": "dpv:ForProfitOrganisation",
    "association": "dpv:NonProfitOrganisation",
    "other": "dpv:Organisation",
}
CONTROLLER_CONTEXT: Mapping[str, Any] = {
    "security": "https://w3id.org/security#",
    "name": "dpv:hasName",
    "contact": "dpv:hasContact",
    "dataProtectionOfficer": "dpv:hasDataProtectionOfficer",
    "purposes": {"@id": "dpv:hasProcess", "@type": "@id", "@container": "@set"},
    "registeredAt": {"@id": "dct:created", "@type": "xsd:dateTime"},
    "registration": "dct:accessRights",
    "verification": "prov:wasInfluencedBy",
    "endedAt": {"@id": "prov:endedAtTime", "@type": "xsd:dateTime"},
    "evidence": "dct:description",
    "verificationMethod": {"@id": "security:verificationMethod", "@container": "@set"},
    "publicKeyJwk": {"@id": "security:publicKeyJwk", "@type": "@json"},
}
"""What the context of consent lacks; written out, so that a program needs nothing else."""


def controllers_jsonld(
    controllers: Sequence[Controller],
    verified: Mapping[str, Verification],
    purposes: Sequence[PurposeDeclaration],
) -> dict[str, Any]:
    """Return the organisations as `dpv:DataController` and `prov:Organization`, each with what it published."""
    return {
        "@context": [CONTEXTS + "consent", dict(CONTROLLER_CONTEXT)],
        "@graph": [
            _controller(one, verified.get(one.iri), [p.iri for p in purposes if p.controller == one.iri])
            for one in controllers
        ],
    }


def _controller(
    controller: Controller, verification: Verification | None, purposes: Sequence[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": controller.iri,
        "type": ["dpv:DataController", "prov:Organization", KINDS[controller.kind]],
        "name": controller.name,
        "contact": controller.contact,
        "dataProtectionOfficer": controller.dpo,
        "registeredAt": wire.timestamp(controller.registered_at),
        "registration": controller.state.value,
        "purposes": list(purposes),
        # CID 1.0, 2.2.3: a key as a JSON Web Key; its name is ours to give, and so it has no address.
        "verificationMethod": [
            {"type": "security:JsonWebKey", "identifier": key["kid"], "publicKeyJwk": key}
            for key in controller.jwks["keys"]
        ],
    }
    if verification is not None:
        found["verification"] = {
            "type": "prov:Activity",
            "endedAt": wire.timestamp(verification.at),
            "evidence": verification.evidence,
        }
    return found
