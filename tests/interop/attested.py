"""A pod host of ours as its command line starts it, where a person gave a consent: for verifiers that are not ours."""

import os
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from consent.chapters import CHAPTER
from consent.client import OwnerClient, PurposeKey, ServiceClient
from consent.model import OwnGrant
from pods.client import ClientCredentials, SolidClient
from tests.bench.portico import command_line
from tests.bench.servers import free_port
from tests.consent_host import ROWS, declaration
from tests.interop.stage import Someone, pod_host

DAYS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Consenting:
    """A host, somebody who gave a consent there, and the service that has it."""

    origin: str
    person: SolidClient
    owner: OwnerClient
    service: SolidClient
    grant: OwnGrant
    webid: str

    async def attested(self) -> Mapping[str, dict[str, Any]]:
        """Return everything that the host attests about the consent."""
        path = f"{self.origin}/.consent/credentials/{self.grant.id}"
        told = {
            "grant of the person": await self.person.request("GET", path),
            "grant of the service": await self.service.request("GET", path),
            "record": await self.person.request("GET", path + "/record"),
            "receipt": await self.person.request("GET", path + "/receipt"),
            "revocation list": await self.person.request("GET", f"{self.origin}/.consent/status/0"),
            "suspension list": await self.person.request("GET", f"{self.origin}/.consent/status/1"),
        }
        return {what: answer.raise_for_status().json() for what, answer in told.items()}


@asynccontextmanager
async def consenting(folder: Path) -> AsyncIterator[Consenting]:
    """Start a host with a person and a cooperative, and let the person say yes to a purpose."""
    port = free_port()
    with pod_host(folder, port, ("anna", "coop"), (), deciding=("anna",)) as (anna, coop):
        origin = f"http://localhost:{port}"
        async with httpx.AsyncClient(timeout=20) as http:
            tokens = _tokens(http, coop)
            client = ServiceClient(http, tokens, PurposeKey.generate(), clock=time.time)
            await client.register("Coop", "cooperative", "info@coop.example", "dpo@coop.example")
            _approve(folder / "data", origin, coop.webid)
            purpose = await client.publish(declaration([ROWS]))
            person = SolidClient(http, _tokens(http, anna), clock=time.time)
            owner = OwnerClient(person, origin)
            end = float(int(time.time()) + DAYS)
            # So often that the record begins in a chapter of its own.
            for _ in range(CHAPTER // 2):
                given = await owner.give(purpose.iri, purpose.items, end)
                await owner.withdraw(given.id)
            given = await owner.give(purpose.iri, purpose.items, end)
            service = SolidClient(http, tokens, clock=time.time)
            yield Consenting(origin, person, owner, service, given, anna.webid)


def _tokens(http: httpx.AsyncClient, one: Someone) -> ClientCredentials:
    return ClientCredentials(http, one.issuer, one.client_id, one.client_secret, clock=time.time)


def _approve(data: Path, origin: str, webid: str) -> None:
    """Let the operator approve an organisation."""
    known = {**os.environ, "PORTICO_DATA": str(data), "PORTICO_POD_URL": origin}
    command = [command_line(), "controllers", "approve", webid]
    subprocess.run(command, env=known, check=True, capture_output=True)
