"""A grant as a Verifiable Credential 2.0: the whole of it for the person, and what the service may know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from consent import wire
from consent.credentials.status import VC_CONTEXT
from consent.model import DataItem, Grant, OutputMode
from vocab.terms import CONTEXTS

CREDENTIALS_PATH = "/.consent/credentials/"
CONTEXT = [VC_CONTEXT, CONTEXTS + "grant"]


def own_credential(
    grant: Grant, record: str, issuer: str, origin: str, status: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the grant for the person who gave it: with their WebID and the record in their pod."""
    told = {"person": grant.subject, "record": record, **_agreed(grant, grant.items)}
    return _credential(grant, "GrantCredential", "#own", told, issuer, origin, status)


def service_credential(
    grant: Grant, issuer: str, origin: str, status: Sequence[dict[str, Any]], resources: Sequence[str]
) -> dict[str, Any]:
    """Return the grant for the grantee: it names the person by a pseudonym, and no WebID.

    `resources` are places in the pod, for `rows` items only. What the grantee may not know of is left out.
    """
    visible = [item for item in grant.items if item.mode is not OutputMode.AGGREGATE_ONLY]
    told = {"pseudonym": grant.pairwise, **_agreed(grant, visible)}
    if resources:
        told["resource"] = _few(list(resources))
    return _credential(grant, "ServiceGrantCredential", "", told, issuer, origin, status)


def _credential(
    grant: Grant,
    kind: str,
    form: str,
    told: dict[str, Any],
    issuer: str,
    origin: str,
    status: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "@context": list(CONTEXT),
        "id": f"{origin}{CREDENTIALS_PATH}{grant.id}{form}",
        "type": ["VerifiableCredential", kind],
        "issuer": issuer,
        "validFrom": wire.timestamp(grant.given_at),
        "validUntil": wire.timestamp(grant.expires_at),
        # The subject is the grantee: the credential says what they may do.
        "credentialSubject": {"id": grant.controller, "grant": grant.iri, **told},
        "credentialStatus": list(status),
    }


def _agreed(grant: Grant, items: Sequence[DataItem]) -> dict[str, Any]:
    return {
        "purpose": grant.purpose,
        "declarationDigest": grant.digest,
        "noticeDigest": grant.notice_digest,
        "item": _few(
            [
                {
                    "dataShape": f"shape:{item.shape}",
                    "property": _few(list(item.properties)),
                    "outputMode": item.mode.value,
                }
                for item in items
            ]
        ),
    }


def _few(values: list[Any]) -> Any:
    """Return a set as JSON-LD writes it: one value without brackets."""
    return values[0] if len(values) == 1 else values
