"""docs/consent-client.md: its four steps, as they stand there, register, publish and read on a running host."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import pytest_asyncio

from consent.client import OwnerClient
from pods.client import ClientCredentials, SolidClient
from tests.bench.servers import free_port
from tests.consent_host import ORDER
from tests.interop.stage import Someone, pod_host

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "consent-client.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(python|sh)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Followed:
    """A folder in which the steps are followed, a host, and a person on it."""

    folder: Path
    origin: str
    coop: Someone
    person: SolidClient

    def run(self, number: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the page."""
        kind, text = BLOCKS[number - 1]
        command = ["/bin/sh", "-ec", text] if kind == "sh" else [sys.executable, "-c", text, *arguments]
        known = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "WEBID": self.coop.webid,
            "PORTICO_DATA": str(self.folder / "data"),
            "PORTICO_POD_URL": self.origin,
        }
        return subprocess.run(
            command, cwd=self.folder, env=known, capture_output=True, text=True, timeout=SECONDS, check=False
        )


@pytest_asyncio.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Followed]:
    port = free_port()
    with pod_host(tmp_path, port, ("anna", "coop"), (), deciding=("anna",)) as (anna, coop):
        (tmp_path / "service.json").write_text(json.dumps(asdict(coop)))
        async with httpx.AsyncClient(timeout=20) as http:
            tokens = ClientCredentials(http, anna.issuer, anna.client_id, anna.client_secret, clock=time.time)
            person = SolidClient(http, tokens, clock=time.time)
            yield Followed(tmp_path, f"http://localhost:{port}", coop, person)


def test_the_page_has_four_steps() -> None:
    assert [kind for kind, _ in BLOCKS] == ["python", "sh", "python", "python"]


async def test_the_steps_of_the_page_lead_from_registration_to_the_granted_data(followed: Followed) -> None:
    registered = followed.run(1)
    assert registered.stdout.strip() == "pending", registered.stderr
    early = followed.run(3)
    assert early.returncode != 0  # nobody publishes before the operator approved them
    for number in (2, 3):
        done = followed.run(number)
        assert done.returncode == 0, done.stderr
    basket = f"{followed.origin}/anna/purchases/2017-10/b77.ttl"
    await followed.person.put(basket, ORDER, "text/turtle")
    before = followed.run(4, basket, "0")
    assert (before.returncode, before.stderr.strip()) == (1, "request_submitted")
    owner = OwnerClient(followed.person, followed.origin)
    (asked,) = await owner.requests()
    given = await owner.give(asked.purpose.iri, asked.purpose.items, float(int(time.time()) + 86_400))
    read = followed.run(4, basket, "0")
    assert read.returncode == 0, read.stderr
    assert "12.40" in read.stdout or "12.4" in read.stdout
    assert "Parmigiano" not in read.stdout
    await owner.withdraw(given.id)
    assert followed.run(4, basket, "0").stderr.strip() == "request_submitted"
