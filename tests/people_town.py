"""People of a town who act for each other: their wallets, and the operator who appoints, for the tests of delegation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from consent import wire
from consent.delegation import assistance_sql
from consent.delegation.appointments import Appointments
from consent.delegation.model import Delegation, Kind
from consent.grants_sql import Grants
from consent.model import DAY, GrantState, PurposeDeclaration
from pods.model import WebId
from pods.provision import webid_for
from pods.storage.base import Pod
from tests.consent_host import Organisation, Town
from tests.pod_host import ORIGIN

ANNA, BOB, CARL = (webid_for(ORIGIN, name) for name in ("anna", "bob", "carl"))


@dataclass
class People:
    """A town with anna, whose purpose it is, and others who may act for her."""

    host: Town
    coop: Organisation
    purpose: PurposeDeclaration

    async def call(self, name: str, method: str, place: str, body: Any = None) -> httpx.Response:
        """Send a request as somebody's wallet does."""
        return await self.host.person(name).request(
            method,
            f"/.consent{place}",
            content=orjson.dumps(body) if body is not None else b"",
            headers={"content-type": "application/json"},
        )

    async def give(self, name: str, whose: WebId = ANNA) -> httpx.Response:
        body = {
            "purpose": self.purpose.iri,
            "items": wire.items_json(self.purpose.items),
            "expires_at": wire.timestamp(self.host.clock() + 90 * DAY),
        }
        return await self.call(name, "POST", f"/grants?for={quoted(whose)}", body)

    async def refuse(self, name: str) -> httpx.Response:
        return await self.call(name, "POST", f"/refusals?for={quoted(ANNA)}", {"purpose": self.purpose.iri})

    async def withdraw(self, name: str) -> httpx.Response:
        return await self.call(name, "DELETE", f"/grants/{self.grant_id()}?for={quoted(ANNA)}")

    def grant_id(self) -> str:
        with self.host.core.store.reading() as tx:
            found = Grants(ORIGIN).by_purpose(tx, self.pod().key, self.purpose.iri)
        return found.id if found is not None else "none"

    def state(self) -> GrantState | None:
        with self.host.core.store.reading() as tx:
            found = Grants(ORIGIN).by_purpose(tx, self.pod().key, self.purpose.iri)
        return found.state if found is not None else None

    def pod(self, name: str = "anna") -> Pod:
        with self.host.core.store.reading() as tx:
            found = tx.pod(name)
        assert found is not None
        return found

    async def appoint(self, name: str, kind: Kind = Kind.REPRESENTATIVE, **more: Any) -> Delegation:
        """Let the operator appoint somebody for anna, and let them accept."""
        self.host.pod(name, "person")
        with self.host.core.store.writing() as tx:
            made = Appointments(ORIGIN).appoint(
                *(tx, self.pod(), kind, webid_for(ORIGIN, name), "file 7", self.host.clock()), **more
            )
        assert (await self.call(name, "POST", f"/delegations/{made.id}/acceptance")).status_code == 200
        return made

    async def session(self, minutes: int = 20) -> httpx.Response:
        """Let bob, a custodian, begin a session with the code that anna opened."""
        self.host.pod("bob", "person")
        with self.host.core.store.writing() as tx:
            assistance_sql.admit(tx, BOB, "mandate 3", self.host.clock())
        opened = await self.call("anna", "POST", "/delegations/codes", {"minutes": minutes})
        assert opened.status_code == 201
        return await self.call(
            "bob", "POST", "/delegations/sessions", {"person": ANNA, "code": opened.json()["code"]}
        )


def quoted(webid: str) -> str:
    """Return a WebID as it stands in a query."""
    return webid.replace("#", "%23")
