"""Controllers: an organisation registers itself, the operator approves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from consent import registry_sql
from consent.model import Controller, ControllerState, Verification
from pods.errors import BadContent, Forbidden, NotFound
from pods.model import WebId
from pods.protocol import jose
from pods.storage.base import Transaction
from vocab.schemas import SchemaError, validate


def register(tx: Transaction, webid: WebId, request: Any, at: float) -> Controller:
    """Register an organisation under its WebID, or renew what is known about it; it waits for approval.

    An approved organisation that changes anything but its contacts waits again: the operator approved this
    name, this kind and these keys, not others.
    """
    _check(request)
    known = registry_sql.controller(tx, webid)
    fields = {name: request[name] for name in ("name", "kind", "contact", "dpo", "jwks")}
    if known is None:
        value = Controller(iri=webid, state=ControllerState.PENDING, registered_at=at, **fields)
    else:
        same = all(fields[name] == getattr(known, name) for name in ("name", "kind", "jwks"))
        state = known.state if same else ControllerState.PENDING
        value = Controller(iri=webid, state=state, registered_at=known.registered_at, **fields)
    registry_sql.save_controller(tx, value)
    return value


def approve(tx: Transaction, iri: str) -> Controller:
    """Mark an organisation as verified by the operator; raise NotFound if it never registered."""
    return _put(tx, iri, ControllerState.APPROVED)


def stop(tx: Transaction, iri: str) -> Controller:
    """Take an approval back: from the commit on nobody is asked and nothing is read, until it is approved again."""
    return _put(tx, iri, ControllerState.PENDING)


def _put(tx: Transaction, iri: str, state: ControllerState) -> Controller:
    known = registry_sql.controller(tx, iri)
    if known is None:
        raise NotFound(f"{iri} has not registered; it must send its registration before it can be approved.")
    value = replace(known, state=state)
    registry_sql.save_controller(tx, value)
    return value


def verify(tx: Transaction, iri: str, evidence: str, at: float) -> Controller:
    """Approve an organisation and note in public what the operator looked at; it holds for these keys only."""
    value = approve(tx, iri)
    keys = tuple(key["kid"] for key in _keys(value.jwks))
    registry_sql.add_verification(tx, iri, Verification(at, evidence, keys))
    return value


def approved(tx: Transaction, webid: str | None) -> Controller:
    """Return the approved controller with this WebID; raise Forbidden, saying what is missing."""
    known = registry_sql.controller(tx, webid) if webid is not None else None
    if known is None:
        raise Forbidden("Only a registered organisation may do this; send its registration first.")
    if known.state is not ControllerState.APPROVED:
        raise Forbidden("The registration waits for the operator's approval; until then nobody can be asked.")
    return known


def _check(request: Any) -> None:
    try:
        validate("controller", request)
    except SchemaError as error:
        raise BadContent(str(error)) from error
    names: set[str] = set()
    for number, jwk in enumerate(_keys(request["jwks"])):
        try:
            jose.public_key(jwk)
        except jose.BadJose as error:
            raise BadContent(f"controller at /jwks/keys/{number}: {error}.") from error
        if jwk["kid"] in names:
            raise BadContent(f"controller at /jwks/keys/{number}: the kid occurs twice.")
        names.add(jwk["kid"])


def _keys(jwks: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(jwks["keys"])
