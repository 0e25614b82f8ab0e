"""Our pod host as its command line starts it, with two people on it, for clients that are not ours."""

import json
import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy import node
from tests.bench.portico import command_line
from tests.bench.servers import running
from tests.interop.packages import HERE

CLIENT_SECONDS = 60.0  # the slowest client walks through a pod link by link


@dataclass(frozen=True, slots=True)
class Someone:
    """What a client has to know of a person to act as them."""

    name: str
    password: str
    webid: str
    storage: str
    issuer: str
    client_id: str
    client_secret: str


def people(origin: str, names: Sequence[str]) -> list[Someone]:
    """Return people of a host with passwords and secrets that nobody had before."""
    return [
        Someone(
            name,
            secrets.token_urlsafe(),
            f"{origin}/{name}/profile/card#me",
            f"{origin}/{name}/",
            f"{origin}/",
            f"{name}-{secrets.token_hex(4)}",
            secrets.token_urlsafe(),
        )
        for name in names
    ]


@contextmanager
def pod_host(
    folder: Path, port: int, names: Sequence[str], trusted: Sequence[str], *, deciding: Sequence[str] = ()
) -> Iterator[list[Someone]]:
    """Run `portico serve pods` with seeded people; `trusted` are other servers of these tests, on loopback.

    Those who are `deciding` may give consent with their own client, which stands for a wallet.
    """
    origin = f"http://localhost:{port}"
    found = people(origin, names)
    seed = folder / "seed.json"
    wanted = ("name", "password", "client_id", "client_secret")
    seed.write_text(json.dumps([{name: asdict(one)[name] for name in wanted} for one in found]))
    command = [command_line(), "serve", "pods", "--data", str(folder / "data"), "--port", str(port)]
    command += ["--seed", str(seed), *(part for host in trusted for part in ("--trust", host))]
    wallets = ",".join(one.client_id for one in found if one.name in deciding)
    with running(command, folder, origin, {"PORTICO_CONSENT_CLIENTS": wallets} if wallets else None):
        yield found


def command_of(script: str, given: Mapping[str, Any]) -> list[str]:
    """Return how to run one of the clients with what it must know."""
    known = {name: asdict(value) if isinstance(value, Someone) else value for name, value in given.items()}
    return [*node.command("node"), str(HERE / "clients" / script), json.dumps(known)]


def told_by(script: str, **given: Any) -> Any:
    """Run one of the clients; return what it reports, raise with its own words if it fails."""
    ran = subprocess.run(
        command_of(script, given), capture_output=True, text=True, timeout=CLIENT_SECONDS, check=False
    )
    if ran.returncode != 0:
        raise AssertionError(f"{script} failed:\n{ran.stderr[-4000:]}")
    return json.loads(ran.stdout)


def told_after(script: str, visit: Callable[[str], None], **given: Any) -> Any:
    """Run a client that wants a person to visit an address; return what it reports afterwards."""
    with subprocess.Popen(
        command_of(script, given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as client:
        try:
            address = client.stdout.readline().strip() if client.stdout else ""
            if address:
                visit(address)
            told, complaint = client.communicate(timeout=CLIENT_SECONDS)
        finally:
            client.kill()
    if client.returncode != 0:
        raise AssertionError(f"{script} failed:\n{complaint[-4000:]}")
    return json.loads(told)
