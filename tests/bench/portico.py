"""Portico under measurement: one worker of the pod host, started by its own command line."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.servers import Credentials, clean, free_port, running

POD = "bench"


def command_line() -> str:
    """Return the `portico` beside the Python that runs us."""
    found = shutil.which("portico", path=str(Path(sys.executable).parent))
    if found is None:
        raise RuntimeError("no portico command beside this Python: run `make setup`")
    return found


@contextmanager
def pod_host(folder: Path) -> Iterator[Credentials]:
    """Run the pod host with one pod whose owner has client credentials."""
    port = free_port()
    origin = f"http://localhost:{port}"
    data = clean(folder) / "data"
    settings = {"PORTICO_POD_URL": origin, "PORTICO_DATA": str(data)}
    portico = command_line()

    def ask(*arguments: str) -> str:
        environment = {**os.environ, **settings}
        command = [portico, "pods", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    ask("create", POD)
    credentials = json.loads(ask("credentials", POD))
    serve = [portico, "serve", "pods", "--data", str(data), "--port", str(port)]
    with running(serve, folder, origin, settings):
        yield Credentials(
            storage=credentials["storage"],
            issuer=credentials["issuer"],
            client_id=credentials["client_id"],
            client_secret=credentials["client_secret"],
        )
