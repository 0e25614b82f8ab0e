"""Routes of delegation: who may act for the caller, for whom the caller may act, and assisted sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import people_sql, registry_sql, wire
from consent.delegation import assistance_sql, delegations_sql, drafts_sql, profiles
from consent.delegation.appointments import Appointments
from consent.delegation.assistance import Assistance
from consent.delegation.model import Delegation, Kind, Power
from consent.delegation.review import to_review
from consent.delegation.wire import Sides, delegation_json, draft_json
from consent.grants_sql import Grants
from consent.http.callers import PRIVATE, json_answer, json_body
from consent.http.ground import Ground, Routes, routes_of
from pods.errors import BadContent, Forbidden, NotFound
from pods.http.openapi import LIST, NUMBER, OBJECT, TEXT, described, record
from pods.model import Agent
from pods.storage.base import Transaction

TAG = "delegation"
_NAMED = {
    "type": "object",
    "required": ["delegate", "powers"],
    "additionalProperties": False,
    "properties": {
        "delegate": TEXT,
        "powers": {"type": "array", "items": {"enum": [power.value for power in Power]}, "minItems": 1},
        "ends": {"type": "string", "format": "date-time"},
    },
}


class DelegationRoutes(Routes):
    """The people's side of delegation; the operator's is `portico delegations`."""

    def __init__(self, ground: Ground, appointments: Appointments, assistance: Assistance) -> None:
        super().__init__(ground)
        self._appointments = appointments
        self._assistance = assistance
        self._grants = Grants(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent/delegations`."""
        return routes_of(
            "/.consent/delegations",
            TAG,
            ("GET", "", self.listed, described(OBJECT, token=True)),
            ("POST", "", self.name, described(OBJECT, status=201, body=_NAMED, token=True)),
            (
                "POST",
                "/codes",
                self.open_code,
                described(OBJECT, status=201, body=record({"minutes": NUMBER}), token=True),
            ),
            (
                "POST",
                "/sessions",
                self.begin,
                described(OBJECT, status=201, body=record({"person": TEXT, "code": TEXT}), token=True),
            ),
            (
                "POST",
                "/interests",
                self.declare,
                described(status=204, body=record({"controller": TEXT}), token=True),
            ),
            ("GET", "/drafts", self.drafts, described(LIST, token=True)),
            ("DELETE", "/drafts", self.discard, described(status=204, query={"purpose": TEXT}, token=True)),
            (
                "POST",
                "/{delegation_id}/acceptance",
                self.accept,
                described(OBJECT, places=("delegation_id",), token=True),
            ),
            (
                "DELETE",
                "/{delegation_id}",
                self.end,
                described(status=204, places=("delegation_id",), token=True),
            ),
        )

    async def listed(self, request: Request) -> Response:
        """Who may act for the caller (`delegates`), for whom the caller may act (`people`), and what to review.

        `custodian` says whether the operator admitted the caller to assist people.
        """
        agent = await self._deciding(request)

        def job(tx: Transaction) -> dict[str, Any]:
            at = self._clock()
            own = people_sql.own_pod(tx, agent.webid or "")
            mine = delegations_sql.of_pod(tx, own.key) if own is not None else []
            review = to_review(tx, self._grants, own, at) if own is not None else []
            return {
                "delegates": [self._json(tx, one, at) for one in mine],
                "people": [
                    self._json(tx, one, at) for one in delegations_sql.of_delegate(tx, agent.webid or "")
                ],
                "review": [grant.id for grant in review],
                "custodian": assistance_sql.is_custodian(tx, agent.webid or ""),
            }

        return json_answer(await self._store.read(job))

    async def name(self, request: Request) -> Response:
        """Name a caregiver, who must accept."""
        agent = await self._deciding(request)
        body = _members(await json_body(request), {"delegate": str, "powers": list}, {"ends": str})
        powers, ends = _powers(body["powers"]), _end(body.get("ends"))

        def job(tx: Transaction) -> dict[str, Any]:
            at = self._clock()
            named = self._appointments.name_caregiver(tx, agent, body["delegate"], powers, ends, at)
            return self._json(tx, named, at)

        return json_answer(await self._commits.submit(job), 201)

    async def accept(self, request: Request) -> Response:
        """Accept to act for somebody."""
        agent = await self._deciding(request)
        name: str = request.path_params["delegation_id"]

        def job(tx: Transaction) -> dict[str, Any]:
            at = self._clock()
            return self._json(tx, self._appointments.accept(tx, agent, name, at), at)

        return json_answer(await self._commits.submit(job))

    async def end(self, request: Request) -> Response:
        """End a delegation at once, from either side."""
        agent = await self._deciding(request)
        name: str = request.path_params["delegation_id"]
        await self._commits.submit(lambda tx: self._appointments.end(tx, agent, name, self._clock()))
        return Response(status_code=204, headers=PRIVATE)

    async def open_code(self, request: Request) -> Response:
        """Open a code for an assisted session; the person reads it out to the custodian."""
        agent = await self._deciding(request)
        minutes: int = _members(await json_body(request), {"minutes": int}, {})["minutes"]
        code = await self._commits.submit(lambda tx: self._assistance.open(tx, agent, minutes, self._clock()))
        return json_answer({"code": code}, 201)

    async def begin(self, request: Request) -> Response:
        """Begin an assisted session as a community custodian."""
        agent = await self._deciding(request)
        body = _members(await json_body(request), {"person": str, "code": str}, {})

        def job(tx: Transaction) -> dict[str, Any] | None:
            at = self._clock()
            session = self._assistance.begin(tx, agent, body["person"], body["code"], at)
            return self._json(tx, session, at) if session is not None else None

        begun = await self._commits.submit(job)
        if begun is None:  # after the commit, so that the wrong guess is counted
            raise Forbidden("This code begins nothing. Ask the person to open a new one, and try it once.")
        return json_answer(begun, 201)

    async def declare(self, request: Request) -> Response:
        """Declare an interest of the caller's in a controller: they will not give it consent for anybody."""
        agent = await self._deciding(request)
        controller: str = _members(await json_body(request), {"controller": str}, {})["controller"]

        def job(tx: Transaction) -> None:
            if registry_sql.controller(tx, controller) is None:
                raise NotFound(f"{controller} is no registered organisation.")
            delegations_sql.declare_interest(tx, agent.webid or "", controller, self._clock())

        await self._commits.submit(job)
        return Response(status_code=204, headers=PRIVATE)

    async def drafts(self, request: Request) -> Response:
        """Answers that wait for the caller's own word; POST /.consent/grants makes one a consent."""
        agent = await self._deciding(request)

        def job(tx: Transaction) -> list[dict[str, Any]]:
            own = people_sql.own_pod(tx, agent.webid or "")
            return [draft_json(one) for one in drafts_sql.of_pod(tx, own.key)] if own is not None else []

        return json_answer(await self._store.read(job))

    async def discard(self, request: Request) -> Response:
        """Throw away an answer that was prepared for the caller; the question itself stays."""
        agent, purpose = await self._deciding(request), request.query_params.get("purpose", "")

        def job(tx: Transaction) -> None:
            own = people_sql.own_pod(tx, agent.webid or "")
            if own is not None:
                drafts_sql.forget(tx, own.key, purpose)

        await self._commits.submit(job)
        return Response(status_code=204, headers=PRIVATE)

    def _json(self, tx: Transaction, value: Delegation, at: float) -> dict[str, Any]:
        pod = tx.pod_by_key(value.pod)
        if pod is None:
            raise NotFound("The pod is not here any more.")
        heir_in_time = (value.kind is Kind.HEIR) is delegations_sql.is_dead(tx, pod.key)
        sides = Sides(
            profiles.name_of(tx, pod.owner),
            profiles.name_of(tx, value.delegate),
            self._origin + pod.root,
            value.active(at) and heir_in_time,
        )
        return delegation_json(value, pod, sides, at)

    async def _deciding(self, request: Request) -> Agent:
        agent, _ = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        return agent


def _members(body: Any, needed: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any]:
    """Return a JSON object with these members and no others; raise BadContent naming what is wrong."""
    if not isinstance(body, dict) or not set(needed) <= set(body) <= {*needed, *optional}:
        names = ", ".join([*needed, *(f"{name} (optional)" for name in optional)])
        raise BadContent(f"The body must be a JSON object with: {names}.")
    for name, kind in (*needed.items(), *optional.items()):
        if name in body and type(body[name]) is not kind:
            raise BadContent(f"The member {name!r} is not of the right type.")
    if any(isinstance(value, str) and "\0" in value for value in body.values()):
        raise BadContent("A text holds a character that is none (U+0000).")
    return body


def _powers(names: list[Any]) -> frozenset[Power]:
    known = {power.value: power for power in Power}
    if not all(isinstance(name, str) and name in known for name in names):
        raise BadContent(f"/powers: the powers are {', '.join(known)}.")
    return frozenset(known[name] for name in names)


def _end(text: str | None) -> float | None:
    try:
        return wire.seconds(text) if text is not None else None
    except ValueError as error:
        raise BadContent("/ends: write a time such as 2026-12-31T23:00:00Z.") from error
