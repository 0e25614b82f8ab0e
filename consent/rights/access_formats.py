"""The answer to art. 15 as JSON-LD in DPV terms, and as a table (CSV, RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consent.model import OwnGrant
from consent.rights.access import AccessReport, Use
from consent.wire import items_json, timestamp

JSON_LD, CSV = "application/ld+json", "text/csv"
_IRI: Mapping[str, str] = {"@type": "@id"}
_TIME: Mapping[str, str] = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
CONTEXT: Mapping[str, Any] = {
    "@version": 1.1,
    "id": "@id",
    "type": "@type",
    "dpv": "https://w3id.org/dpv#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "po": "https://w3id.org/portico/ns#",
    "RightFulfilment": "dpv:RightFulfilmentNotice",
    "subject": {"@id": "dpv:hasDataSubject", **_IRI},
    "source": {"@id": "dpv:hasDataSource", **_IRI},
    "made_at": {"@id": "dcterms:issued", **_TIME},
    "grants": {"@id": "dpv:hasProcess", "@container": "@set"},
    "uses": {"@id": "po:actualDisclosure", "@container": "@set"},
    "runs": {"@id": "po:aggregateRun", "@container": "@set"},
    "results": {"@id": "po:resultThatLeft", "@container": "@set"},
    "controller": {"@id": "dpv:hasDataController", **_IRI},
    "recipient": {"@id": "dpv:hasRecipient", **_IRI},
    "purpose": {"@id": "dpv:hasPurpose", **_IRI},
    "legal_basis": {"@id": "dpv:hasLegalBasis"},
    "name": "dcterms:title",
    "contact": "dpv:hasContact",
    "dpo": "po:dataProtectionOfficer",
    "title": {"@id": "dcterms:title", "@container": "@language"},
    "status": "po:grantState",
    "categories": {"@id": "po:item", "@type": "@json"},
    "recipients_foreseen": {"@id": "po:recipientForeseen", "@container": "@set"},
    "retention_days": "po:retentionDays",
    "given_at": {"@id": "po:givenAt", **_TIME},
    "expires_at": {"@id": "po:expiresAt", **_TIME},
    "record": {"@id": "dpv:hasRecordOfActivity", **_IRI},
    "action": "po:action",
    "times": "po:times",
    "first": {"@id": "prov:startedAtTime", **_TIME},
    "last": {"@id": "prov:endedAtTime", **_TIME},
    "at": {"@id": "prov:atTime", **_TIME},
    "result": {"@id": "po:result", "@type": "@json"},
    "totals": None,
}
"""Written out in the document, which is kept for years and read by programs that know nothing of us."""

COLUMNS = (
    *("kind", "organisation", "webid", "purpose", "title", "legal_basis", "categories", "status"),
    *("from", "to", "retention_days", "recipients_foreseen", "action", "times", "result"),
)


def json_ld(report: AccessReport) -> dict[str, Any]:
    """Return the answer as one JSON-LD document with its context."""
    totals = {"totals": dict(report.totals)} if report.totals else {}
    return {
        "@context": dict(CONTEXT),
        "type": "RightFulfilment",
        "subject": report.subject,
        "source": report.storage,
        "made_at": timestamp(report.made_at),
        "grants": [_grant(grant) for grant in report.grants],
        "uses": [_use(use) for use in report.uses],
        "runs": [_use(use) for use in report.runs],
        "results": [
            {"at": timestamp(one.at), "purpose": one.purpose, "result": dict(one.result)}
            for one in report.results
        ],
        **totals,
    }


def table(report: AccessReport, language: str) -> str:
    """Return the answer as a table: a row for each decision, disclosure, aggregate run and result."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(report, language):
        writer.writerow({name: _inert(value) for name, value in row.items()})
    return text.getvalue()


def _rows(report: AccessReport, language: str) -> Iterator[dict[str, object]]:
    titles: dict[str, str] = {}
    for grant in report.grants:
        title = grant.purpose.title.get(language) or next(iter(grant.purpose.title.values()), "")
        titles[grant.purpose.iri] = title
        yield {
            "kind": "consent",
            "organisation": grant.controller.name,
            "webid": grant.controller.iri,
            "purpose": grant.purpose.iri,
            "title": title,
            "legal_basis": grant.purpose.legal_basis,
            "categories": "; ".join(
                f"{item.shape} ({', '.join(item.properties)}): {item.mode.value}" for item in grant.items
            ),
            "status": grant.state.value,
            "from": timestamp(grant.given_at),
            "to": timestamp(grant.expires_at),
            "retention_days": grant.purpose.retention_days,
            "recipients_foreseen": "; ".join(grant.purpose.recipients),
        }
    for kind, uses in (("disclosure", report.uses), ("aggregate run", report.runs)):
        yield from _use_rows(kind, uses, titles)
    for one in report.results:
        yield {
            "kind": "result",
            "purpose": one.purpose,
            "title": titles.get(one.purpose, ""),
            "from": timestamp(one.at),
            "to": timestamp(one.at),
            "result": "; ".join(f"{name}: {value}" for name, value in sorted(one.result.items())),
        }


def _use_rows(kind: str, uses: Sequence[Use], titles: Mapping[str, str]) -> Iterator[dict[str, object]]:
    for use in uses:
        yield {
            "kind": kind,
            "organisation": use.name,
            "webid": use.recipient,
            "purpose": use.purpose,
            "title": titles.get(use.purpose, ""),
            "from": timestamp(use.first),
            "to": timestamp(use.last),
            "action": use.action,
            "times": use.times,
        }


def _grant(grant: OwnGrant) -> dict[str, Any]:
    return {
        "controller": {
            "id": grant.controller.iri,
            "name": grant.controller.name,
            "contact": grant.controller.contact,
            "dpo": grant.controller.dpo,
        },
        "purpose": {"id": grant.purpose.iri, "title": dict(grant.purpose.title)},
        "legal_basis": grant.purpose.legal_basis,
        "categories": items_json(grant.items),
        "recipients_foreseen": list(grant.purpose.recipients),
        "retention_days": grant.purpose.retention_days,
        "status": grant.state.value,
        "given_at": timestamp(grant.given_at),
        "expires_at": timestamp(grant.expires_at),
        "record": grant.record,
    }


def _use(use: Use) -> dict[str, Any]:
    plain = {
        "recipient": {"id": use.recipient, "name": use.name} if use.name else use.recipient,
        "action": use.action,
        "times": use.times,
        "first": timestamp(use.first),
        "last": timestamp(use.last),
    }
    return {**plain, "purpose": use.purpose} if use.purpose else plain


def _inert(value: object) -> object:
    # A cell that begins like this is a formula to a spreadsheet, and names and titles are strangers' words.
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )
