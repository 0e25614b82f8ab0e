"""Consent as JSON: what the routes answer is made here, and read back here by the client library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from consent.declarations import declaration, items, notice_digests
from consent.model import (
    ConsentRequest,
    Controller,
    ControllerState,
    DataItem,
    GrantId,
    GrantState,
    LogLine,
    OwnGrant,
    Pairwise,
    PurposeDeclaration,
    ServiceGrant,
    Verification,
)
from pods.model import WebId


def timestamp(at: float) -> str:
    """Return a time as RFC 3339 in UTC with whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Return the seconds since 1970 of a time that `timestamp` wrote; ValueError for another form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def items_json(granted: Sequence[DataItem]) -> list[dict[str, Any]]:
    """Return data items as JSON."""
    return [
        {"shape": item.shape, "properties": list(item.properties), "mode": item.mode.value}
        for item in granted
    ]


def controller_json(controller: Controller) -> dict[str, Any]:
    """Return a controller as the public register shows it."""
    return {
        "iri": controller.iri,
        "name": controller.name,
        "kind": controller.kind,
        "contact": controller.contact,
        "dpo": controller.dpo,
        "jwks": dict(controller.jwks),
        "state": controller.state.value,
        "registered_at": timestamp(controller.registered_at),
    }


def verification_json(verification: Verification | None) -> dict[str, Any] | None:
    """Return what an approval rests on, or None for nothing that the operator noted."""
    if verification is None:
        return None
    return {
        "at": timestamp(verification.at),
        "evidence": verification.evidence,
        "keys": list(verification.keys),
    }


def controller_value(plain: Mapping[str, Any]) -> Controller:
    """Return the controller that `controller_json` wrote."""
    return Controller(
        iri=WebId(plain["iri"]),
        name=plain["name"],
        kind=plain["kind"],
        contact=plain["contact"],
        dpo=plain["dpo"],
        jwks=plain["jwks"],
        state=ControllerState(plain["state"]),
        registered_at=seconds(plain["registered_at"]),
    )


def purpose_json(purpose: PurposeDeclaration) -> dict[str, Any]:
    """Return a declaration with its IRI, controller and digests around the document as published."""
    return {
        "iri": purpose.iri,
        "controller": purpose.controller,
        "digest": purpose.digest,
        "notice_digest": purpose.notice_digest,
        "notice_digests": notice_digests(purpose.document),
        "programme": purpose.programme,
        "declaration": dict(purpose.document),
    }


def purpose_value(plain: Mapping[str, Any]) -> PurposeDeclaration:
    """Return the declaration that `purpose_json` wrote; its digests are computed anew from the document."""
    origin = str(plain["iri"]).partition("/.consent/")[0]
    return declaration(plain["declaration"], plain["controller"], origin)


def request_json(request: ConsentRequest) -> dict[str, Any]:
    """Return a pending request as JSON."""
    return {
        "purpose": purpose_json(request.purpose),
        "controller": controller_json(request.controller),
        "asked_at": timestamp(request.asked_at),
        "deferrable": request.deferrable,
    }


def request_value(plain: Mapping[str, Any]) -> ConsentRequest:
    """Return the request that `request_json` wrote."""
    return ConsentRequest(
        purpose_value(plain["purpose"]),
        controller_value(plain["controller"]),
        seconds(plain["asked_at"]),
        plain["deferrable"],
    )


def own_grant_json(grant: OwnGrant) -> dict[str, Any]:
    """Return a decision as its owner sees it."""
    return {
        "id": grant.id,
        "purpose": purpose_json(grant.purpose),
        "controller": controller_json(grant.controller),
        "items": items_json(grant.items),
        "state": grant.state.value,
        "given_at": timestamp(grant.given_at),
        "expires_at": timestamp(grant.expires_at),
        "changed_at": timestamp(grant.changed_at),
        "record": grant.record,
        **({"language": grant.language} if grant.language else {}),
    }


def own_grant_value(plain: Mapping[str, Any]) -> OwnGrant:
    """Return the decision that `own_grant_json` wrote."""
    return OwnGrant(
        id=GrantId(plain["id"]),
        purpose=purpose_value(plain["purpose"]),
        controller=controller_value(plain["controller"]),
        items=items(plain["items"]),
        state=GrantState(plain["state"]),
        given_at=seconds(plain["given_at"]),
        expires_at=seconds(plain["expires_at"]),
        changed_at=seconds(plain["changed_at"]),
        record=plain["record"],
        language=plain.get("language", ""),
    )


def service_grant_json(grant: ServiceGrant) -> dict[str, Any]:
    """Return a grant as its grantee sees it."""
    plain = {
        "id": grant.id,
        "pairwise": grant.pairwise,
        "items": items_json(grant.items),
        "expires_at": timestamp(grant.expires_at),
    }
    places = {"resources": list(grant.resources)} if grant.resources else {}
    return {**plain, **places, **({"elsewhere": True} if grant.elsewhere else {})}


def service_grant_value(plain: Mapping[str, Any]) -> ServiceGrant:
    """Return the grant that `service_grant_json` wrote."""
    return ServiceGrant(
        id=GrantId(plain["id"]),
        pairwise=Pairwise(plain["pairwise"]),
        items=items(plain["items"]),
        expires_at=seconds(plain["expires_at"]),
        resources=tuple(plain.get("resources", ())),
        elsewhere=plain.get("elsewhere", False),
    )


def log_line_json(line: LogLine) -> dict[str, Any]:
    """Return a line of the access log as JSON."""
    return {
        "seq": line.seq,
        "at": timestamp(line.at),
        "agent": line.agent,
        "agent_name": line.agent_name,
        "client": line.client,
        "path": line.path,
        "action": line.action,
        "decision": "permit" if line.permitted else "deny",
        "reason": line.reason,
        "grant": line.grant,
        "purpose": line.purpose,
        "purpose_title": dict(line.purpose_title),
        "digest": line.digest,
    }


def log_line_value(plain: Mapping[str, Any]) -> LogLine:
    """Return the line that `log_line_json` wrote."""
    return LogLine(
        seq=plain["seq"],
        at=seconds(plain["at"]),
        agent=plain["agent"],
        agent_name=plain["agent_name"],
        client=plain["client"],
        path=plain["path"],
        action=plain["action"],
        permitted=plain["decision"] == "permit",
        reason=plain["reason"],
        grant=plain["grant"],
        purpose=plain["purpose"],
        purpose_title=plain["purpose_title"],
        digest=plain["digest"],
    )
