"""What happens in the demo town on its first day, over HTTP, as organisations and people do it themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from apps.cli import programmes
from apps.cli.citizens import Citizen, LogIn
from apps.cli.operator import operator_core
from apps.cli.stage import DemoRecord
from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from apps.town.organisations import SHOPS
from consent import controllers
from consent.client import PurposeKey, ServiceClient
from pods.client import ClientCredentials, refusal
from pods.settings import PodSettings

AT_ONCE = 8  # people who log in at the same time
DECLARED_DAYS = 365
GRANT_DAYS = 180.0
TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Town:
    """The running platform as its inhabitants reach it."""

    http: httpx.AsyncClient
    settings: AppSettings
    record: DemoRecord

    def organisation(self, name: str) -> Organisation:
        """Return an organisation of the demo with its credentials."""
        found = Organisations(self.settings.data).named(name)
        if found is None:
            raise LookupError(f"the demo has no organisation {name}; start `portico demo` first")
        return found

    def service(self, name: str) -> ServiceClient:
        """Return the service client of an organisation."""
        one = self.organisation(name)
        credentials = ClientCredentials(
            self.http, str(one.issuer), str(one.client_id), str(one.client_secret), clock=time.time
        )
        key = PurposeKey.from_jwk(one.purpose_jwk or {})
        return ServiceClient(self.http, credentials, key, clock=time.time, host=self.settings.pod_url)

    def people(self) -> LogIn:
        """Return the way in for citizens."""
        settings = self.settings
        return LogIn(self.http, pod_url=settings.pod_url, wallet_url=settings.wallet_url, clock=time.time)

    async def valueback(self, method: str, place: str, content: Any = None) -> Any:
        """Call the API of value-back as the cooperative does; return the JSON answer, or None."""
        coop = self.organisation("coop")
        url = f"{self.settings.apps_url}/valueback/api{place}"
        secret = (str(coop.client_id), str(coop.client_secret))
        answer = await self.http.request(method, url, json=content, auth=secret)
        if answer.is_error:
            raise refusal(answer)
        return answer.json() if answer.content else None


async def open_programmes(town: Town, host: PodSettings) -> None:
    """Register the administration and the cooperative, publish what they ask for, and invite everybody."""
    for name, (contact, dpo) in programmes.CONTACTS.items():
        one = town.organisation(name)
        await town.service(name).register(one.title, one.kind, contact, dpo)
    with operator_core(host) as core, core.store.writing() as tx:
        for name in programmes.CONTACTS:
            controllers.approve(tx, str(town.organisation(name).webid))
    until = (datetime.now(UTC).date() + timedelta(days=DECLARED_DAYS)).isoformat()
    comune = town.service("comune")
    asked = programmes.neighbourhood_life(town.organisation("comune").title, until)
    question = await comune.publish(asked)
    shops = [shop.issuer(town.settings.apps_url) for shop in SHOPS]
    refund = await town.valueback("POST", "/programmes", programmes.patronage_refund(shops, until))
    town.record.purposes = {programmes.NEIGHBOURHOOD: question.iri, programmes.RETURN: refund["purpose"]}
    for name in (programmes.NEIGHBOURHOOD, programmes.RETURN):
        owner = comune if name == programmes.NEIGHBOURHOOD else town.service("coop")
        await owner.invite(town.record.purposes[name])


async def agree(citizen: Citizen, purpose: str) -> str:
    """Let a person agree to everything that a purpose asks for; return the id of the grant."""
    declared = await citizen.owner.purpose(purpose)
    until = min(time.time() + GRANT_DAYS * 86_400, declared.valid_until)
    return str((await citizen.owner.give(purpose, declared.items, until)).id)


async def opt_in(
    town: Town, names: Sequence[str], purposes: Sequence[str], told: Callable[[], None] = lambda: None
) -> None:
    """Let these people log in and agree to these purposes, several at a time."""
    gate = asyncio.Semaphore(AT_ONCE)
    way_in = town.people()

    async def one(name: str) -> None:
        async with gate:
            citizen = await way_in.citizen(name, town.record.password)
            for purpose in purposes:
                await agree(citizen, purpose)
            told()

    await asyncio.gather(*(one(name) for name in names))
