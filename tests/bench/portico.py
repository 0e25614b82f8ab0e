"""Portico under measurement: workers of the pod host on a database, started by its own command line."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import Credentials, clean, free_port, running
from tests.postgres_cluster import DURABLE, NoPostgres, cluster

POD = "bench"


@dataclass(frozen=True, slots=True)
class Running:
    """A pod host that serves: how its owner logs in, what a worker weighs and how long the start took."""

    owner: Credentials
    process: int
    started_in: float

    def memory(self) -> float:
        """Return the megabytes that a host with one worker holds, with the process beside it that checks signatures."""
        return sum(_resident(process) for process in (self.process, *_children(self.process)))


def command_line() -> str:
    """Return the `portico` beside the Python that runs us."""
    found = shutil.which("portico", path=str(Path(sys.executable).parent))
    if found is None:
        raise RuntimeError("no portico command beside this Python: run `make setup`")
    return found


@contextmanager
def pod_host(folder: Path, *, workers: int = 1, database: str = "") -> Iterator[Running]:
    """Run the pod host with one pod whose owner has client credentials; on SQLite unless a database is named."""
    port = free_port()
    origin = f"http://localhost:{port}"
    data = clean(folder) / "data"
    settings = {"PORTICO_POD_URL": origin, "PORTICO_DATA": str(data), "PORTICO_DATABASE": database}
    portico = command_line()

    def ask(*arguments: str) -> str:
        environment = {**os.environ, **settings}
        command = [portico, "pods", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    ask("create", POD)
    credentials = json.loads(ask("credentials", POD))
    serve = [portico, "serve", "pods", "--data", str(data), "--port", str(port), "--workers", str(workers)]
    owner = Credentials(
        storage=credentials["storage"],
        issuer=credentials["issuer"],
        client_id=credentials["client_id"],
        client_secret=credentials["client_secret"],
    )
    started = time.monotonic()
    with running(serve, folder, origin, settings) as process:
        yield Running(owner, process.pid, time.monotonic() - started)


@contextmanager
def on_postgresql(folder: Path, *, workers: int = 1) -> Iterator[Running | None]:
    """Run the pod host on a PostgreSQL of its own, as durable as SQLite is here; None where there is none."""
    try:
        with cluster(DURABLE) as made, pod_host(folder, workers=workers, database=made.create()) as host:
            yield host
    except NoPostgres:
        yield None


def _resident(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]
