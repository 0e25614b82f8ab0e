"""kill -9 of the whole platform in the middle of the tour: nothing half-written, nothing acknowledged lost."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from apps.database import Database
from apps.ledger.verify import findings
from pods.client import ClientCredentials, SolidClient, SolidError
from tests.system.demo_platform import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

KILLS = 10
SOONEST = 1.0  # seconds in which a tour has hardly loaded its modules


class Writer:
    """Puts documents into a pod without pause and remembers which the server acknowledged."""

    def __init__(self, platform: Platform, credentials: dict[str, str]) -> None:
        self._platform = platform
        self._credentials = credentials
        self._stop = threading.Event()
        self.acknowledged: list[str] = []
        self.number = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._stop.clear()
        thread = threading.Thread(target=lambda: asyncio.run(self._write()))
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    async def _write(self) -> None:
        given = self._credentials
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            tokens = ClientCredentials(
                http, given["issuer"], given["client_id"], given["client_secret"], clock=time.time
            )
            solid = SolidClient(http, tokens, clock=time.time)
            while not self._stop.is_set():
                self.number += 1
                url = f"{given['storage']}notes/deep/{self.number}.ttl"
                try:
                    await solid.put(url, f'<#it> <urn:x:number> "{self.number}" .'.encode(), "text/turtle")
                except (httpx.HTTPError, SolidError):
                    await asyncio.sleep(0.05)  # the platform is being killed or not yet up
                else:
                    self.acknowledged.append(url)


def test_ten_kills_during_the_tour_lose_nothing(quiet_town: Platform) -> None:
    dice = random.Random(20171001)  # the moments differ by the machine's speed anyway
    started = time.monotonic()
    assert quiet_town.portico("tour", "--json").returncode == 0
    longest = time.monotonic() - started
    interrupted = 0
    credentials = _writer_account(quiet_town)
    writer = Writer(quiet_town, credentials)
    spent = 0.0
    for _ in range(KILLS):
        with writer.writing():
            tour = subprocess.Popen(
                [sys.executable, "-m", "apps.cli", "tour", "--json"],
                env=quiet_town.environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(dice.uniform(SOONEST, longest))
            interrupted += tour.poll() is None
            quiet_town.kill()
            tour.wait(timeout=180)
        _check_store(quiet_town.data / "pods.sqlite", writer.acknowledged, credentials["storage"])
        _check_ledger(quiet_town.data / "valueback.sqlite")
        now = _budget_spent(quiet_town.data / "pods.sqlite")
        assert now >= spent, "a budget was refunded"
        spent = now
        quiet_town.start()
    # A machine that speeds up finishes a tour before its moment comes; most of them must be cut off.
    assert interrupted > KILLS // 2
    finished = quiet_town.portico("tour", "--json")
    steps = json.loads(finished.stdout)
    assert [step["expected"] for step in steps if not step["holds"]] == []
    assert len(writer.acknowledged) > KILLS
    _check_payments(quiet_town.data / "valueback.sqlite")


def _writer_account(platform: Platform) -> dict[str, str]:
    platform.portico("pods", "create", "writer")
    given: dict[str, str] = json.loads(platform.portico("pods", "credentials", "writer").stdout)
    return given


def _check_store(pods: Path, acknowledged: list[str], storage: str) -> None:
    database = sqlite3.connect(pods)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    orphans = database.execute(
        "SELECT name FROM resource WHERE parent IS NOT NULL AND rtrim(parent, '/') NOT IN"
        " (SELECT name FROM resource WHERE container)"
    ).fetchall()
    assert orphans == []
    short = database.execute("SELECT name FROM resource WHERE length(content) <> size").fetchall()
    assert short == []
    root = "/" + storage.rstrip("/").rpartition("/")[2]
    kept = {
        name
        for (name,) in database.execute("SELECT name FROM resource WHERE name LIKE ?", (f"{root}/notes/%",))
    }
    assert {f"{root}/{url.removeprefix(storage)}" for url in acknowledged} <= kept
    database.close()


def _check_ledger(books: Path) -> None:
    if books.exists():
        with Database(books, ()).reading() as tx:
            assert findings(tx) == []


def _budget_spent(pods: Path) -> float:
    database = sqlite3.connect(pods)
    (spent,) = database.execute("SELECT coalesce(sum(rho_spent), 0) FROM budget").fetchone()
    database.close()
    return float(spent)


def _check_payments(books: Path) -> None:
    """Every member of a run is paid once: one booking a pseudonym and run."""
    database = sqlite3.connect(books)
    booked = database.execute(
        "SELECT count(*), count(DISTINCT txn) FROM share WHERE txn IS NOT NULL"
    ).fetchone()
    assert booked[0] == booked[1] > 0
    database.close()
