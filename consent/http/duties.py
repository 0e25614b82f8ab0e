"""Routes of recipients: what they must do with data that they were served (GDPR art. 19), and what they did."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import registry_sql
from consent.http.callers import json_answer, json_body
from consent.http.ground import Ground, Routes, routes_of
from consent.rights import rights_sql, wire
from consent.rights.duties import Duties
from consent.rights.model import Duty
from consent.rights.requests import Rights
from pods.errors import BadContent, NotFound
from pods.http.openapi import LIST, OBJECT, TEXT, described, record
from pods.storage.base import Transaction

MOST_WORDS = 4_000  # characters of a statement; a page and a half
_STATEMENT = record({"statement": TEXT})


class DutyRoutes(Routes):
    """`/.consent/rights/duties`: for whoever was served, registered here or not, from this host or another."""

    def __init__(self, ground: Ground, rights: Rights) -> None:
        super().__init__(ground)
        self._rights = rights
        self._duties = Duties(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent/rights/duties`."""
        return routes_of(
            "/.consent/rights/duties",
            "rights",
            ("GET", "", self.duties, described(LIST, token=True)),
            ("GET", "/{duty_id}", self.duty, described(OBJECT, places=("duty_id",), token=True)),
            (
                "POST",
                "/{duty_id}",
                self.acknowledge,
                described(OBJECT, body=_STATEMENT, places=("duty_id",), token=True),
            ),
        )

    async def duties(self, request: Request) -> Response:
        """What the caller must still do, or did, with data that it was served; open ones first."""
        _, webid = await self._callers.known(request)

        def job(tx: Transaction) -> list[dict[str, Any]]:
            return [self._told(tx, duty) for duty in rights_sql.duties_of_recipient(tx, webid)]

        return json_answer(await self._store.read(job))

    async def duty(self, request: Request) -> Response:
        """One duty, at the address that the notice names."""
        _, webid = await self._callers.known(request)
        name: str = request.path_params["duty_id"]
        return json_answer(
            await self._store.read(lambda tx: self._told(tx, self._duties.of(tx, webid, name)))
        )

    async def acknowledge(self, request: Request) -> Response:
        """Say what was done with the data: erased, stored without use, or read again."""
        _, webid = await self._callers.known(request)
        body = await json_body(request)
        words = body.get("statement") if isinstance(body, dict) and len(body) == 1 else None
        if not isinstance(words, str) or not words.strip() or len(words) > MOST_WORDS or "\0" in words:
            raise BadContent(
                f"Send {{'statement': …}}: what was done with the data, in at most {MOST_WORDS} characters."
            )

        def job(tx: Transaction) -> dict[str, Any]:
            name: str = request.path_params["duty_id"]
            return self._told(tx, self._duties.acknowledge(tx, webid, name, words, self._clock()))

        return json_answer(await self._commits.submit(job))

    def _told(self, tx: Transaction, duty: Duty) -> dict[str, Any]:
        if tx.pod_by_key(duty.pod) is None:
            raise NotFound("The person's pod is gone, and the duty with it.")
        person = self._rights.pseudonym(tx, duty.pod, duty.recipient)
        names = registry_sql.names(tx, {duty.recipient})
        return wire.duty_json(duty, names, self._clock(), person=person)
