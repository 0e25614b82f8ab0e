"""An import that is killed at any moment leaves whole households only, and the next run completes it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path as FilePath

import pytest

from apps.imports.completejourney import MARKER, Counts, Host, Town, load
from apps.imports.source import CompleteJourney
from apps.town.events import Calendar
from apps.town.keys import issuer_keys
from apps.town.people import People
from consent.receipts.keys import key_ring
from consent.receipts.signing import verify
from pods.identity.accounts import Accounts
from pods.identity.schema_sql import IDENTITY
from pods.model import Path
from pods.storage.sqlite import SqliteStore

pytestmark = pytest.mark.system

HOUSEHOLDS = 40
SECRET = b"a secret of this installation..."


def town() -> Town:
    return Town(issuer_keys("https://apps.example", SECRET), SECRET, People(), Calendar())


def host(folder: FilePath) -> Host:
    store = SqliteStore(folder / "pods.sqlite", IDENTITY)
    return Host(store, Accounts(clock=time.time), "https://pods.example", time.time)


def main(folder: FilePath) -> None:
    """What the killed process runs: it says a word after each commit."""
    load(
        host(folder),
        town(),
        limit=HOUSEHOLDS,
        progress=lambda done, _whole: print(done.households, flush=True),
    )


def loaded(folder: FilePath) -> dict[str, int]:
    """Return the receipts of each household that is marked as loaded; all of them must verify."""
    ring = key_ring(key.public() for key in town().keys.values())
    found = {}
    with host(folder).store.reading() as tx:
        for (name,) in tx.execute("SELECT name FROM pod ORDER BY name"):
            assert tx.get(Path(f"/{name}/{MARKER}")) is not None, f"{name} is there, but was not loaded whole"
            rows = tx.execute(
                "SELECT content FROM resource WHERE name LIKE ? AND media_type = 'application/jose'",
                (f"/{name}/%",),
            )
            for (jws,) in rows:
                verify(jws, ring)
            found[name] = len(rows)
    return found


@pytest.mark.parametrize("commits", [1, 3])
def test_after_a_kill_the_next_run_goes_on(tmp_path: FilePath, commits: int) -> None:
    command = [sys.executable, "-m", "tests.system.test_import_killed", str(tmp_path)]
    root = FilePath(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        for _ in range(commits):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    before = loaded(tmp_path)
    assert 0 < len(before) < HOUSEHOLDS

    source = CompleteJourney()
    counts = load(host(tmp_path), town(), limit=HOUSEHOLDS, source=source)
    after = loaded(tmp_path)
    assert len(after) == HOUSEHOLDS
    assert counts == Counts(
        HOUSEHOLDS - len(before), len(before), counts.purchases, counts.lines, counts.participations
    )
    assert after.items() >= before.items()
    purchases = source.size(source.households()[:HOUSEHOLDS]).baskets
    assert sum(after.values()) - sum(before.values()) == counts.receipts
    assert purchases <= sum(after.values())


if __name__ == "__main__":
    main(FilePath(sys.argv[1]))
