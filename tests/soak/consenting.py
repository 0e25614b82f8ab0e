"""Consent under load: citizens who give and withdraw, a service that reads and delivers meanwhile, questions about all."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx

from consent.client import AccessRefused, OwnerClient, ServiceClient
from consent.model import OwnGrant, PurposeDeclaration
from pods.client import SolidError
from tests.soak.tally import Tally, Wrong, work_until
from tests.soak.town import BASKET

DAY = 86_400.0
ASK_AGAIN = 5.0  # seconds between two questions of a programme
NEW_QUESTIONS = (
    120  # within the budget; afterwards they are asked again, and the stored answers must be the same
)
RHO = 0.05
CONNECTIONS = 40  # that one after another reach some worker, each as likely as the other
_SHARE = """@prefix po: <https://w3id.org/portico/ns#> . @prefix schema: <http://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<#it> a po:ValueShare ; po:programme <https://coop.example/{number}> ; po:period "2017-10" ; schema:price 1.20 ;
  schema:dateIssued "2026-03-01T12:00:00Z"^^xsd:dateTime .
"""


class Citizen:
    """Somebody who gives consent and withdraws it, and a service that knows what it may do when."""

    def __init__(
        self,
        wallet: OwnerClient,
        service: ServiceClient,
        purpose: PurposeDeclaration,
        *,
        client: str,
        storage: str,
        seed: int,
    ) -> None:
        self._wallet = wallet
        self._client = client
        self._service = service
        self._purpose = purpose
        self._basket = storage + BASKET
        self._random = random.Random(seed)
        self._grant: OwnGrant | None = None
        self._delivered = 0

    async def run(self, until: float, tally: Tally) -> None:
        """Give, use, look, withdraw, until the monotonic time `until`."""
        mixture = (
            (12, self.read),
            (2, self.deliver),
            (2, self.look_at_the_log),
            (1, self.look_at_the_grants),
            (2, self.give_or_withdraw),
        )
        await work_until(until, tally, mixture, self._random)

    async def give_or_withdraw(self) -> str:
        """Give what is asked, or take it back: the next read must be refused."""
        if self._grant is None:
            end = float(int(time.time() + DAY))
            self._grant = await self._wallet.give(self._purpose.iri, self._purpose.items, end)
            return "give consent"
        await self._wallet.withdraw(self._grant.id)
        self._grant = None
        return "withdraw consent"

    async def read(self) -> str:
        """Read the basket as the service: the granted properties, or nothing."""
        try:
            answer = await self._service.read(self._basket, self._purpose.iri)
        except AccessRefused:
            if self._grant is not None:
                raise
            return "service refused"
        if self._grant is None:
            raise Wrong(f"the service read {self._basket} after the withdrawal: {answer.status_code}")
        if answer.status_code != 200 or "bakery" not in answer.text or "B-77" in answer.text:
            raise Wrong(f"{answer.status_code} for the granted part of {self._basket}: {answer.text[:200]}")
        return "service reads"

    async def deliver(self) -> str:
        """Append a share to the pod, where there is consent to it."""
        if self._grant is None:
            return await self.read()
        self._delivered += 1
        content = _SHARE.format(number=self._delivered).encode()
        await self._service.append(self._grant.id, content, "text/turtle", self._purpose.iri)
        return "service delivers"

    async def look_at_the_log(self) -> str:
        """See who did what: the one service, and the person who decided."""
        page = await self._wallet.log_page(limit=50)
        strange = [line for line in page.lines if line.client not in ("coop-client", self._client)]
        if strange:
            raise Wrong(f"the log names somebody else: {strange[0]}")
        return "log of accesses"

    async def look_at_the_grants(self) -> str:
        """See what was given: what the service may do now, and all that was taken back."""
        page = await self._wallet.grants_page(limit=20)
        if self._grant is not None and self._grant.id not in {grant.id for grant in page.grants}:
            raise Wrong("a grant in force is not listed")
        return "list of consents"


class Asker:
    """An administration that asks about everybody, now and then.

    `service` makes a client with connections of its own: one worker answers questions, and a new connection finds it.
    """

    def __init__(
        self, service: Callable[[], AbstractAsyncContextManager[ServiceClient]], purpose: PurposeDeclaration
    ) -> None:
        self._service = service
        self._purpose = purpose
        self._asked = 0
        self._answers: dict[int, object] = {}

    async def run(self, until: float, tally: Tally) -> None:
        """Ask until the monotonic time `until`: a question that is new, or was asked, and then the same again."""
        while time.monotonic() < until:
            number = self._asked % NEW_QUESTIONS
            self._asked += 1
            try:
                for kind in ("question about all", "the same question"):
                    await tally.time(kind, self._ask(number))
            except Exception as error:  # noqa: BLE001  # whatever it was, it must not be
                tally.wrong.append(f"question {number}: {error!r}")
            await asyncio.sleep(min(ASK_AGAIN, max(0.0, until - time.monotonic())))

    async def _ask(self, number: int) -> None:
        query = {
            "programme": self._purpose.programme,
            "measure": {"function": "people"},
            "group_by": ["Purchase.seller"],
            "where": [],
            "period": {"from": "2017-01", "to": "2017-12"},
            "rho": RHO + number / 10_000,
        }
        answer = await self._answer(query)
        if self._answers.setdefault(number, answer["cells"]) != answer["cells"]:
            raise Wrong("another answer than before")

    async def _answer(self, query: Mapping[str, object]) -> dict[str, Any]:
        for _ in range(CONNECTIONS):
            try:
                async with self._service() as service:
                    return await service.query(query, self._purpose.iri)
            except SolidError as refused:
                if refused.status != httpx.codes.SERVICE_UNAVAILABLE:
                    raise
        raise Wrong("no worker answers questions")
