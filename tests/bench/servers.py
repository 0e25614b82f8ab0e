"""The servers under measurement: start each with its own data, log in, hand out the rights to its pod."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.proofs import ProofKey

START_SECONDS = 120.0  # Community Solid Server wires its components for a while


@dataclass(frozen=True, slots=True)
class Access:
    """A token for the owner of a pod; with a key it is bound to proofs, without one it is a bearer token."""

    storage: str
    token: str
    key: ProofKey | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Client credentials of the pod's owner."""

    storage: str
    issuer: str
    client_id: str
    client_secret: str

    def access(self) -> Access:
        """Log in at the issuer with a fresh key (client credentials grant, DPoP)."""
        configuration = httpx.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        endpoint = str(configuration.raise_for_status().json()["token_endpoint"])
        key = ProofKey.new()
        answer = httpx.post(
            endpoint,
            data={"grant_type": "client_credentials", "scope": "webid"},
            auth=(self.client_id, self.client_secret),
            headers={"DPoP": key.proof("POST", endpoint, int(time.time()))},
        )
        return Access(self.storage, str(answer.raise_for_status().json()["access_token"]), key)


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str], folder: Path, origin: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in its folder until the block ends; its output goes to server.log there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_it_answers(process, origin, folder / "server.log")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_it_answers(process: subprocess.Popen[bytes], origin: str, log: Path) -> None:
    """Return when the server gives any HTTP answer; raise with the end of its log if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(origin, timeout=5.0)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(
        f"{origin} does not answer; the end of {log}:\n{log.read_text(errors='replace')[-2000:]}"
    )


def clean(folder: Path) -> Path:
    """Return the folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
