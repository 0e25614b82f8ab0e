"""A host that is killed while it starts, wherever it was, starts the next time: no lock and no half of a step stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pods.authn.replay import FileReplayGuard
from pods.protocol.dpop import Proof

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
PLACES = 2 * int(os.environ.get("PORTICO_KILLS", "3"))
HOLDS = """
import sys, time
from pathlib import Path
from pods.authn.replay import FileReplayGuard
guard = FileReplayGuard(Path(sys.argv[1]))
with guard._file.begin(write=True) as changes:
    changes.put(b"half", b"")
    print("has it", flush=True)
    time.sleep(600)
"""


@pytest.mark.timeout(120 + 5 * PLACES)
def test_after_a_kill_at_any_line_of_a_start_the_next_one_succeeds(tmp_path: Path, address: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.system.killed_starts", str(tmp_path), address, str(PLACES)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    said = ran.stdout.splitlines()
    assert len(said) == 1, ran.stdout
    assert said[0].startswith(f"{PLACES} places among ")


def test_a_process_killed_while_it_remembers_a_proof_keeps_nobody_waiting(tmp_path: Path) -> None:
    ours = FileReplayGuard(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "has it\n"
    process.kill()
    process.wait()
    process.stdout.close()
    # Its lock is given back by the kernel, to who has the file open and to who opens it.
    assert ours.first_use(Proof("key", "a", 1_000.0), 1_000.0)
    assert not FileReplayGuard(tmp_path).first_use(Proof("key", "a", 1_000.0), 1_000.0)
    ours.close()
