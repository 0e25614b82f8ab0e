"""A cooperative's town on real sockets: pod host in this process, value-back in one of its own that can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from apps.organisations import Organisation, Organisations
from consent import controllers
from consent.client import PurposeKey, ServiceClient
from consent.main import Extension, extension, schemas
from consent.receipts.derive import target
from consent.receipts.keys import IssuerKey
from consent.receipts.signing import MEDIA_TYPE, sign
from pods.client import ClientCredentials
from pods.identity.passwords import hash_password
from pods.main import Core, application, open_core
from pods.model import Agent
from pods.model import Path as PodPath
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.serving import bound_socket, serving
from tests.valueback_stage import programme, purchase_receipt

PASSWORD = "una cassa in piazza"
START_SECONDS = 60.0


@dataclass(slots=True)
class Town:
    """Addresses, credentials, and the app's process."""

    data: Path
    core: Core
    added: Extension
    pods: str
    apps: str
    keys: dict[str, IssuerKey]
    members: tuple[str, ...]
    coop: tuple[str, str] = ("", "")
    factory: str = "apps.valueback.main:create_app"
    process: subprocess.Popen[bytes] | None = None
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"{self.apps}/valueback"

    def start(self) -> None:
        """Start the app and wait until it answers."""
        with (self.data / "apps.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "--factory", self.factory),
                    *("--port", self.apps.rpartition(":")[2], "--log-level", "warning"),
                ],
                env={
                    **{name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")},
                    "PORTICO_DATA": str(self.data),
                    "PORTICO_POD_URL": self.pods,
                    "PORTICO_APPS_URL": self.apps,
                    "PORTICO_TRUSTED_HOSTS": self.apps.removeprefix("http://"),
                },
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.data / "apps.log").read_text("utf-8")[-3000:])
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the app as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.base}/api/programmes", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def publish(self, **changes: Any) -> dict[str, Any]:
        """Publish the programme, and let every member consent."""
        document = programme(issuers=[key.issuer for key in self.keys.values()], **changes)
        answer = httpx.post(f"{self.base}/api/programmes", json=document, auth=self.coop, timeout=60)
        assert answer.status_code == 201, answer.text
        self.shown = answer.json()
        for name in self.members:
            self.give(name)
        return self.shown

    def give(self, name: str) -> None:
        """Let a person consent to everything, as their wallet would."""
        at = self.core.clock()
        with self.core.store.writing() as tx:
            pod = tx.pod(name)
            assert pod is not None
            agent = Agent(pod.owner, "http://localhost:8081/client.jsonld")
            purpose = self.shown["purpose"]
            found, _ = self.added.consents._open_purpose(tx, purpose, at)
            self.added.consents.give(tx, pod, agent, purpose, found.items, float(int(at) + 86_400), at)

    def begin(self, first: str = "2017-10", last: str = "2017-10") -> str:
        """Start a run and return its id."""
        place = self.shown["iri"].removeprefix(self.base)
        body = {"first": first, "last": last}
        answer = httpx.post(f"{self.base}/api{place}/runs", json=body, auth=self.coop, timeout=60)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.base}/api/runs/{run_id}", timeout=30)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def statements(self, name: str) -> list[bytes]:
        """Return the statements in a pod."""
        with self.core.store.reading() as tx:
            entries = tx.children(PodPath(f"/{name}/value/ristorno/"))
            return [stored.content for one in entries if (stored := tx.get(one.path))]


@contextmanager
def town(folder: Path, members: int) -> Iterator[Town]:
    """Serve a pod host whose members bought bread in October 2017; the app is not started yet."""
    listener = bound_socket()
    pods = f"http://localhost:{listener.getsockname()[1]}"
    apps = f"http://localhost:{_free_port()}"
    data = folder / "data"
    hosts = (pods.removeprefix("http://"), apps.removeprefix("http://"))
    core = open_core(PodSettings(data=data, pod_url=pods, trusted_hosts=hosts), time.time, schemas=schemas())
    added = extension(core)
    host = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    keys = {name: IssuerKey.generate(f"{apps}/valueback/shops/{name}") for name in ("forno", "ospizio")}
    names = tuple(f"socio{number}" for number in range(1, members + 1))
    found = Town(data, core, added, pods, apps, keys, names)
    with serving(host, listener=listener):
        _settle(found)
        asyncio.run(_register(found))
        try:
            yield found
        finally:
            found.stop()


def _free_port() -> int:
    with bound_socket() as probe:
        return int(probe.getsockname()[1])


def _settle(found: Town) -> None:
    password = hash_password(PASSWORD)
    with found.core.store.writing() as tx:
        for name in (*found.members, "coop", "forno", "casa-orologio"):
            webid = webid_for(found.pods, name)
            kind = "person" if name in found.members else "organisation"
            create_pod(
                *(tx, name, webid),
                base=found.pods,
                issuer=found.pods + "/",
                display_name=name.title(),
                at=found.core.clock(),
                kind=kind,  # type: ignore[arg-type]  # one of the two literals above
            )
            found.core.accounts.create(tx, name, password=password, webid=webid)
        for number, name in enumerate(found.members, start=1):
            for copy in range(3):
                receipt = purchase_receipt(10 * number + copy, 100 * number + copy, key=found.keys["forno"])
                place, base = target(receipt)
                path = PodPath(f"/{name}/{place}{base}.jws")
                tx.write(path, MEDIA_TYPE, sign(receipt, found.keys["forno"]), found.core.clock())


async def _register(found: Town) -> None:
    """Register the cooperative with the pod host, and write the organisations' files."""
    files, webid, key = Organisations(found.data), webid_for(found.pods, "coop"), PurposeKey.generate()
    with found.core.store.writing() as tx:
        found.coop = found.core.accounts.credentials(tx, webid, "value-back")
    issuer = f"{found.pods}/"
    async with httpx.AsyncClient(timeout=30.0) as http:
        credentials = ClientCredentials(http, issuer, *found.coop, clock=time.time)
        service = ServiceClient(http, credentials, key, clock=time.time)
        await service.register("Cooperativa", "cooperative", "soci@coop.example", "dpo@coop.example")
    with found.core.store.writing() as tx:
        controllers.approve(tx, webid)
    files.write(
        Organisation(
            *("coop", "Cooperativa Valore Comune", webid),
            issuer=issuer,
            client_id=found.coop[0],
            client_secret=found.coop[1],
            purpose_jwk=key.private_jwk(),
        )
    )
    house = IssuerKey.generate(f"{found.apps}/checkin/casa-orologio")
    titles = {"forno": "Forno dell'Orologio", "ospizio": "Market Ospizio"}
    for name, signer in {**found.keys, "casa-orologio": house}.items():
        files.write(
            Organisation(
                *(name, titles.get(name, "Casa di Quartiere Orologio"), webid_for(found.pods, name)),
                client_id=f"{name}-program",
                client_secret=f"{name}-secret",
                receipt_issuer=signer.issuer,
                receipt_jwk=signer.private_jwk(),
            )
        )
