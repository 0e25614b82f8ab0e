"""A whole platform in a process of its own: started by the command a newcomer types, killed when a test says so."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

START_SECONDS = 240.0  # a first start imports households and gives their consent
STEP = 0.1


def free_ports(count: int) -> list[int]:
    """Return so many different ports that were free a moment ago."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@dataclass(slots=True)
class Platform:
    """`portico demo` on free ports with a data folder of its own."""

    data: Path
    households: int
    ports: list[int] = field(default_factory=lambda: free_ports(3))
    process: subprocess.Popen[bytes] | None = None
    database: str = ""

    @property
    def environ(self) -> dict[str, str]:
        urls = [f"http://localhost:{port}" for port in self.ports]
        names = ("PORTICO_POD_URL", "PORTICO_WALLET_URL", "PORTICO_APPS_URL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
        own = {"PORTICO_DATA": str(self.data), "PORTICO_DATABASE": self.database}
        return kept | dict(zip(names, urls, strict=True)) | own

    @property
    def urls(self) -> tuple[str, str, str]:
        pods, wallet, apps = (f"http://localhost:{port}" for port in self.ports)
        return pods, wallet, apps

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def start(self) -> None:
        """Start the demo and wait until it says that it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "apps.cli", "demo", "--households", str(self.households)],
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the demo did not start:\n{self.log.read_text('utf-8')[-4000:]}")
            time.sleep(STEP)

    def _ready(self) -> bool:
        try:
            told = httpx.get(f"{self.urls[2]}/ready", timeout=2)
        except httpx.TransportError:
            return False
        return told.status_code == 200 and self.demo().get("ready") is True

    def kill(self) -> None:
        """Kill the whole platform as a power cut would: no warning, no clean-up."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Stop the platform as Ctrl-C does."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def portico(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line against this platform."""
        return subprocess.run(
            [sys.executable, "-m", "apps.cli", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def demo(self) -> dict[str, Any]:
        """Return what the demo wrote about itself: addresses, log-ins, purposes."""
        path = self.data / "demo.json"
        written: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return written


@contextmanager
def running(platform: Platform) -> Iterator[Platform]:
    """Run a demo for the length of a block."""
    platform.data.mkdir(parents=True, exist_ok=True)
    platform.start()
    try:
        yield platform
    finally:
        platform.kill()
