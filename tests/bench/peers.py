"""Other Solid servers from npm, pinned in peers/package-lock.json: installed, started, logged in to."""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy import node
from tests.bench.servers import Access, Credentials, clean, free_port, running

LOCK = Path(__file__).parent / "peers"
DONE = "installed-lock.json"
POD = "bench"
EMAIL = "bench@example.org"


def installed(folder: Path) -> bool:
    """Say whether the folder holds what the lock file names."""
    done = folder / DONE
    return done.is_file() and done.read_bytes() == (LOCK / "package-lock.json").read_bytes()


def install(folder: Path) -> Path:
    """Install the peers once per lock file; return their node_modules."""
    if not installed(folder):
        clean(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LOCK / name, folder / name)
        node.install_packages(folder)
        shutil.copy(LOCK / "package-lock.json", folder / DONE)
    return folder / "node_modules"


@contextmanager
def community_solid_server(modules: Path, folder: Path) -> Iterator[Credentials]:
    """Run Community Solid Server on its file configuration, one worker, with one seeded pod."""
    port = free_port()
    origin = f"http://localhost:{port}/"
    password = secrets.token_urlsafe()
    seed = clean(folder) / "seed.json"
    seed.write_text(json.dumps([{"email": EMAIL, "password": password, "pods": [{"name": POD}]}]))
    command = [*node.command("node"), str(modules / "@solid/community-server/bin/server.js")]
    command += ["--config", "@css:config/file.json", "--rootFilePath", str(folder / "data")]
    command += ["--port", str(port), "--baseUrl", origin, "--seedConfig", str(seed), "--loggingLevel", "warn"]
    with running(command, folder, origin):
        yield _account_credentials(origin, password)


def _account_credentials(origin: str, password: str) -> Credentials:
    """Walk through the account API: log in, then ask for client credentials for the pod's WebID."""
    with httpx.Client(base_url=origin, timeout=30.0) as client:
        login = client.post(".account/login/password/", json={"email": EMAIL, "password": password})
        authorization = f"CSS-Account-Token {login.raise_for_status().json()['authorization']}"
        headers = {"Authorization": authorization, "Accept": "application/json"}
        account = client.get(".account/", headers=headers).raise_for_status().json()["controls"]["account"]
        webid = f"{origin}{POD}/profile/card#me"
        wanted = {"name": "bench", "webId": webid}
        created = (
            client.post(account["clientCredentials"], headers=headers, json=wanted).raise_for_status().json()
        )
        return Credentials(f"{origin}{POD}/", origin, created["id"], created["secret"])


@contextmanager
def javascript_solid_server(modules: Path, folder: Path) -> Iterator[Access]:
    """Run javascript-solid-server with one pod; it gives a plain bearer token, without proofs."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}/"
    clean(folder)
    command = [*node.command("node"), str(LOCK / "jss.mjs"), str(modules), str(folder / "data"), str(port)]
    with running(command, folder, origin, {"TOKEN_SECRET": secrets.token_urlsafe()}):
        pod = httpx.post(f"{origin}.pods", json={"name": POD}).raise_for_status().json()
        # A pod is born with the counter, whatever the server's default.
        (folder / "data" / POD / ".quota.json").unlink(missing_ok=True)
        yield Access(pod["podUri"], pod["token"], key=None)
