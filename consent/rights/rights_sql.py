"""Rows of requests, their steps, and the duties of recipients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from consent.rights.model import (
    WAITING,
    Duty,
    RequestEvent,
    RequestState,
    RightKind,
    RightsId,
    RightsRequest,
    Step,
)
from pods.storage.base import Transaction

_REQUEST = "SELECT id, pod, controller, kind, grants, resource, words, state, received_at, due_at FROM rights_request"
_DUTY = (
    "SELECT id, request, pod, recipient, kind, grants, asked_at, due_at, stage, acknowledged_at, statement"
    " FROM rights_duty"
)
_WAITING = tuple(state.value for state in RequestState if state in WAITING)


def request(tx: Transaction, request_id: str) -> RightsRequest | None:
    """Return a request whatever its state."""
    rows = tx.execute(f"{_REQUEST} WHERE id = ?", (request_id,))
    return _request(rows[0]) if rows else None


def of_pod(tx: Transaction, pod: int) -> list[RightsRequest]:
    """Return the requests of a person, the newest first."""
    rows = tx.execute(f"{_REQUEST} WHERE pod = ? ORDER BY received_at DESC, id", (pod,))
    return [_request(row) for row in rows]


def of_controller(tx: Transaction, controller: str) -> list[RightsRequest]:
    """Return the requests that were sent to a controller, the newest first."""
    rows = tx.execute(f"{_REQUEST} WHERE controller = ? ORDER BY received_at DESC, id", (controller,))
    return [_request(row) for row in rows]


def late(tx: Transaction, at: float) -> list[RightsRequest]:
    """Return the requests that wait for an answer although its time is over, the longest first."""
    rows = tx.execute(f"{_REQUEST} WHERE state IN (?, ?, ?) AND due_at <= ? ORDER BY due_at", (*_WAITING, at))
    return [_request(row) for row in rows]


def unanswered(tx: Transaction, due_by: float, stage_below: int, limit: int) -> list[RightsRequest]:
    """Return requests that wait for an answer, due by a time and with fewer reminders than so many."""
    condition = "WHERE state IN (?, ?, ?) AND due_at <= ? AND stage < ? ORDER BY due_at, id LIMIT ?"
    rows = tx.execute(f"{_REQUEST} {condition}", (*_WAITING, due_by, stage_below, limit))
    return [_request(row) for row in rows]


def asked_again(tx: Transaction, request_id: str, stage: int) -> None:
    """Note that the controller got so many reminders of a request."""
    tx.execute("UPDATE rights_request SET stage = ? WHERE id = ?", (stage, request_id))


def save(tx: Transaction, value: RightsRequest) -> None:
    """Insert a request or note its new state and deadline."""
    tx.execute(
        "INSERT INTO rights_request (id, pod, controller, kind, grants, resource, words, state, received_at,"
        " due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at,"
        " stage = CASE WHEN excluded.due_at > rights_request.due_at THEN 0 ELSE rights_request.stage END",
        (
            *(value.id, value.pod, value.controller, value.kind.value, _text(value.grants), value.resource),
            *(value.text, value.state.value, value.received_at, value.due_at),
        ),
    )


def add_step(tx: Transaction, request_id: str, step: Step) -> None:
    """Append what happened to a request."""
    tx.execute(
        "INSERT INTO rights_event (request, number, event, state, at, words, attachments)"
        " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM rights_event WHERE request = ?), ?, ?, ?, ?, ?)",
        (
            *(request_id, request_id, step.event.value, step.state.value, step.at, step.text),
            _text(step.attachments),
        ),
    )


def steps(tx: Transaction, request_id: str) -> list[Step]:
    """Return what happened to a request, the oldest first."""
    rows = tx.execute(
        "SELECT event, state, at, words, attachments FROM rights_event WHERE request = ? ORDER BY number",
        (request_id,),
    )
    return [
        Step(RequestEvent(event), RequestState(state), at, words, tuple(orjson.loads(attachments)))
        for event, state, at, words, attachments in rows
    ]


def add_duty(tx: Transaction, duty: Duty) -> bool:
    """Put a duty into a recipient's queue; say whether it is new for this request and recipient."""
    rows = tx.execute(
        "INSERT INTO rights_duty (id, request, pod, recipient, kind, grants, asked_at, due_at, stage,"
        " acknowledged_at, statement) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, '')"
        " ON CONFLICT (request, recipient) DO NOTHING RETURNING id",
        (
            *(duty.id, duty.request, duty.pod, duty.recipient, duty.kind.value, _text(duty.grants)),
            *(duty.asked_at, duty.due_at, duty.stage),
        ),
    )
    return bool(rows)


def duty(tx: Transaction, duty_id: str) -> Duty | None:
    """Return a duty."""
    rows = tx.execute(f"{_DUTY} WHERE id = ?", (duty_id,))
    return _duty(rows[0]) if rows else None


def duties_of_request(tx: Transaction, request_id: str) -> list[Duty]:
    """Return the duties that a request led to, in the order of recipients."""
    return [_duty(row) for row in tx.execute(f"{_DUTY} WHERE request = ? ORDER BY recipient", (request_id,))]


def duties_of_recipient(tx: Transaction, recipient: str) -> list[Duty]:
    """Return a recipient's queue: what is open first, the earliest deadline first."""
    condition = "WHERE recipient = ? ORDER BY acknowledged_at IS NOT NULL, due_at, id"
    return [_duty(row) for row in tx.execute(f"{_DUTY} {condition}", (recipient,))]


def open_duties(tx: Transaction, due_by: float, stage_below: int, limit: int) -> list[Duty]:
    """Return duties that nobody acknowledged, due by a time and with fewer reminders than so many."""
    condition = "WHERE acknowledged_at IS NULL AND due_at <= ? AND stage < ? ORDER BY due_at, id LIMIT ?"
    return [_duty(row) for row in tx.execute(f"{_DUTY} {condition}", (due_by, stage_below, limit))]


def reminded(tx: Transaction, duty_id: str, stage: int) -> None:
    """Note that so many reminders were sent."""
    tx.execute("UPDATE rights_duty SET stage = ? WHERE id = ?", (stage, duty_id))


def acknowledge(tx: Transaction, duty_id: str, statement: str, at: float) -> bool:
    """Note what a recipient says that it did; say whether it had not said so before."""
    tx.execute(
        "UPDATE rights_duty SET acknowledged_at = ?, statement = ? WHERE id = ? AND acknowledged_at IS NULL",
        (at, statement, duty_id),
    )
    return tx.row_count == 1


def forget_pod(tx: Transaction, pod: int) -> None:
    """Remove what a person asked for, with their pod."""
    tx.execute(
        "DELETE FROM rights_event WHERE request IN (SELECT id FROM rights_request WHERE pod = ?)", (pod,)
    )
    for table in ("rights_request", "rights_duty", "breach_notice", "notice_out"):
        tx.execute(f"DELETE FROM {table} WHERE pod = ?", (pod,))  # noqa: S608  # names from above


def _request(row: Sequence[Any]) -> RightsRequest:
    return RightsRequest(
        id=RightsId(row[0]),
        pod=row[1],
        controller=row[2],
        kind=RightKind(row[3]),
        grants=tuple(orjson.loads(row[4])),
        resource=row[5],
        text=row[6],
        state=RequestState(row[7]),
        received_at=row[8],
        due_at=row[9],
    )


def _duty(row: Sequence[Any]) -> Duty:
    return Duty(
        id=RightsId(row[0]),
        request=RightsId(row[1]),
        pod=row[2],
        recipient=row[3],
        kind=RightKind(row[4]),
        grants=tuple(orjson.loads(row[5])),
        asked_at=row[6],
        due_at=row[7],
        stage=row[8],
        acknowledged_at=row[9],
        statement=row[10],
    )


def _text(names: Sequence[str]) -> str:
    return orjson.dumps(list(names)).decode()
