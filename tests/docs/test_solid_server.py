"""docs/solid-server.md: its two commands, as they stand there, start a server with two users."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pods.client import ClientCredentials, SolidClient

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "solid-server.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
START_SECONDS = 60.0


@contextmanager
def started(script: str, folder: Path, port: int) -> Iterator[str]:
    """Run a block of the page in an empty folder until the block ends; give the server's origin."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PORT": str(port)}
    process = subprocess.Popen(
        ["/bin/sh", "-ec", script], cwd=folder, env=environment, start_new_session=True
    )
    origin = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(origin)
                break
            except httpx.TransportError:
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.1)
        yield origin
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def own_preferences(origin: str, name: str) -> bytes:
    """Return what the user reads with the client credentials of the page."""

    async def read() -> bytes:
        async with httpx.AsyncClient() as http:
            credentials = (f"{name}-client", f"{name}-client-secret")
            tokens = ClientCredentials(http, f"{origin}/", *credentials, clock=time.time)
            solid = SolidClient(http, tokens, clock=time.time)
            found = await solid.request("GET", f"{origin}/{name}/settings/prefs.ttl")
            return found.content

    return asyncio.run(read())


def test_the_two_commands_start_a_server_with_two_users(tmp_path: Path, free_port: int) -> None:
    script = BLOCKS[0]
    assert [line for line in script.splitlines() if line.startswith(("cat", "portico"))] == [
        "cat > seed.json <<'END'",
        "portico serve pods --port ${PORT:-3000} --data solid-data --seed seed.json",
    ]
    with started(script, tmp_path, free_port) as origin:
        assert b"ConfigurationFile" in own_preferences(origin, "alice")
        assert b"ConfigurationFile" in own_preferences(origin, "bob")
        assert httpx.get(f"{origin}/alice/settings/prefs.ttl").status_code == 401
        # What the page says of alice is so.
        for stated in ("/alice/profile/card", "/.well-known/openid-configuration"):
            assert f"http://localhost:3000{stated}" in PAGE or f"`{stated}`" in PAGE
            assert httpx.get(origin + stated).status_code == 200
    assert {"seed.json", "solid-data"} == {path.name for path in tmp_path.iterdir()}


def test_the_command_without_a_file_does_the_same(tmp_path: Path, free_port: int) -> None:
    with started(BLOCKS[1].replace("--port 3000", f"--port {free_port}"), tmp_path, free_port) as origin:
        assert b"ConfigurationFile" in own_preferences(origin, "alice")
        assert b"ConfigurationFile" in own_preferences(origin, "bob")


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_the_harness_is_told_the_users_of_the_seed(name: str) -> None:
    harness = dict(line.split("=", 1) for line in BLOCKS[2].splitlines())
    assert harness[f"USERS_{name.upper()}_WEBID"] == f"http://localhost:3000/{name}/profile/card#me"
    assert f'"client_id": "{harness[f"USERS_{name.upper()}_CLIENTID"]}"' in BLOCKS[0]
    assert f'"client_secret": "{harness[f"USERS_{name.upper()}_CLIENTSECRET"]}"' in BLOCKS[0]
