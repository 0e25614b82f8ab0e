"""Requests, steps and duties as JSON: what the routes answer is made here, and read back by the client library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consent.rights.model import ARTICLES, Duty, RequestState, RightKind, RightsRequest, Step
from consent.rights.outgoing_sql import Outgoing
from consent.wire import seconds, timestamp

REMEDY: Mapping[str, str] = {
    "authority": "Garante per la protezione dei dati personali",
    "address": "https://www.garanteprivacy.it/",
    "law": "GDPR art. 12(4), 77 and 79: you may complain to the authority and go to court.",
}
"""Told with every refusal, and with an answer that is overdue."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the reader of a request sees beside it."""

    steps: Sequence[Step]
    duties: Sequence[Duty] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Registered names by WebID."""
    person: str = ""
    """Who asks, as this reader knows them; nothing towards the person."""
    notices: Mapping[str, Outgoing] = field(default_factory=dict)
    """By duty, the notice to a recipient whose inbox is on another host."""


def request_json(request: RightsRequest, told: Told, at: float) -> dict[str, Any]:
    """Return a request as its reader sees it."""
    plain: dict[str, Any] = {
        "id": request.id,
        "kind": request.kind.value,
        "article": ARTICLES[request.kind],
        "controller": {"iri": request.controller, "name": told.names.get(request.controller, "")},
        "grants": list(request.grants),
        "resource": request.resource,
        "text": request.text,
        "state": request.state.value,
        "overdue": request.overdue(at),
        "received_at": timestamp(request.received_at),
        "due_at": timestamp(request.due_at),
        "steps": [step_json(step) for step in told.steps],
    }
    if told.person:
        return {**plain, "person": told.person}
    plain["duties"] = [
        {**duty_json(duty, told.names, at), "notice": notice_json(duty, told.notices.get(duty.id))}
        for duty in told.duties
    ]
    refused = any(step.state is RequestState.REFUSED for step in told.steps)
    return {**plain, "remedy": dict(REMEDY)} if refused or request.overdue(at) else plain


def step_json(step: Step) -> dict[str, Any]:
    """Return a step."""
    return {
        "step": step.event.value,
        "state": step.state.value,
        "by": step.by.value,
        "at": timestamp(step.at),
        "text": step.text,
        "attachments": list(step.attachments),
    }


def duty_json(duty: Duty, names: Mapping[str, str], at: float, *, person: str = "") -> dict[str, Any]:
    """Return a duty as the person sees it, or, with the person's name for the recipient, as that one does."""
    plain: dict[str, Any] = {
        "id": duty.id,
        "request": duty.request,
        "kind": duty.kind.value,
        "article": ARTICLES[duty.kind],
        "recipient": {"iri": duty.recipient, "name": names.get(duty.recipient, "")},
        "grants": list(duty.grants),
        "asked_at": timestamp(duty.asked_at),
        "due_at": timestamp(duty.due_at),
        "overdue": duty.overdue(at),
        "acknowledged_at": None if duty.acknowledged_at is None else timestamp(duty.acknowledged_at),
        "statement": duty.statement,
    }
    return {**plain, "person": person} if person else plain


def notice_json(duty: Duty, sent: Outgoing | None) -> dict[str, Any]:
    """Return whether the recipient's inbox has the notice: the person must know who could not be told (art. 19)."""
    if sent is None:  # it was written into an inbox of this host with the duty
        return {"state": "delivered", "at": timestamp(duty.asked_at), "why": ""}
    if sent.taken_at is not None:
        return {"state": "delivered", "at": timestamp(sent.taken_at), "why": ""}
    if sent.given_up_at is not None:
        return {"state": "undeliverable", "at": timestamp(sent.given_up_at), "why": sent.why}
    return {"state": "waiting", "at": timestamp(sent.made_at), "why": sent.why}


def moment(text: str) -> float:
    """Return a time as it stands in the answer to art. 15, in seconds since 1970."""
    return seconds(text)


@dataclass(frozen=True, slots=True)
class OwnDuty:
    """A recipient and what it did, as the person reads it."""

    recipient: str
    name: str
    due_at: float
    overdue: bool
    acknowledged_at: float | None
    statement: str
    notice: str
    """Whether the recipient's inbox has the notice: delivered, waiting or undeliverable."""


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A step as the person reads it."""

    step: str
    state: RequestState
    at: float
    text: str
    attachments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A request as the person reads it."""

    id: str
    kind: RightKind
    controller: str
    controller_name: str
    grants: tuple[str, ...]
    resource: str
    text: str
    state: RequestState
    overdue: bool
    received_at: float
    due_at: float
    steps: tuple[OwnStep, ...]
    duties: tuple[OwnDuty, ...]


def request_value(plain: Mapping[str, Any]) -> OwnRequest:
    """Return the person's request that `request_json` wrote."""
    return OwnRequest(
        id=plain["id"],
        kind=RightKind(plain["kind"]),
        controller=plain["controller"]["iri"],
        controller_name=plain["controller"]["name"],
        grants=tuple(plain["grants"]),
        resource=plain["resource"],
        text=plain["text"],
        state=RequestState(plain["state"]),
        overdue=plain["overdue"],
        received_at=seconds(plain["received_at"]),
        due_at=seconds(plain["due_at"]),
        steps=tuple(
            OwnStep(
                one["step"],
                RequestState(one["state"]),
                seconds(one["at"]),
                one["text"],
                tuple(one["attachments"]),
            )
            for one in plain["steps"]
        ),
        duties=tuple(
            OwnDuty(
                one["recipient"]["iri"],
                one["recipient"]["name"],
                seconds(one["due_at"]),
                one["overdue"],
                None if one["acknowledged_at"] is None else seconds(one["acknowledged_at"]),
                one["statement"],
                one["notice"]["state"],
            )
            for one in plain["duties"]
        ),
    )
