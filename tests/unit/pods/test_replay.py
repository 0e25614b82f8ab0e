"""The memory of used proofs."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pods.authn import replay
from pods.authn.replay import FileReplayGuard
from pods.errors import StoreError
from pods.protocol.dpop import CLOCK_SKEW, PROOF_MAX_AGE, Proof

NOW = 1_700_000_000.0


def used(jti: str, *, key: str = "key", at: float = NOW) -> Proof:
    return Proof(key, jti, at)


def test_a_proof_counts_once(tmp_path: Path) -> None:
    guard = FileReplayGuard(tmp_path / "replay")
    assert guard.first_use(used("one"), NOW)
    assert not guard.first_use(used("one"), NOW)
    guard.close()


def test_the_same_jti_of_another_key_is_another_proof(tmp_path: Path) -> None:
    guard = FileReplayGuard(tmp_path / "replay")
    assert guard.first_use(used("one", key="anna"), NOW)
    assert guard.first_use(used("one", key="bruno"), NOW)
    guard.close()


def test_two_workers_share_the_memory(tmp_path: Path) -> None:
    here, there = FileReplayGuard(tmp_path / "replay"), FileReplayGuard(tmp_path / "replay")
    assert here.first_use(used("one"), NOW)
    assert not there.first_use(used("one"), NOW)
    assert there.first_use(used("two"), NOW)
    assert not here.first_use(used("two"), NOW)
    here.close()
    there.close()


def _use_all(path: Path, found: multiprocessing.Queue[int]) -> None:
    guard = FileReplayGuard(path)
    found.put(sum(guard.first_use(used(str(number)), NOW) for number in range(500)))
    guard.close()


def test_of_many_processes_that_race_exactly_one_wins_each_proof(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    found: multiprocessing.Queue[int] = context.Queue()
    racers = [context.Process(target=_use_all, args=(tmp_path / "replay", found)) for _ in range(3)]
    for racer in racers:
        racer.start()
    total = sum(found.get(timeout=60) for _ in racers)
    for racer in racers:
        racer.join()
    assert total == 500


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    before = FileReplayGuard(tmp_path / "replay")
    assert before.first_use(used("one"), NOW)
    before.close()
    after = FileReplayGuard(tmp_path / "replay")
    assert not after.first_use(used("one"), NOW)
    after.close()


def test_a_purge_forgets_only_what_would_be_refused_anyway(tmp_path: Path) -> None:
    guard = FileReplayGuard(tmp_path / "replay")
    window = PROOF_MAX_AGE + CLOCK_SKEW
    assert guard.first_use(used("kept", at=NOW - PROOF_MAX_AGE), NOW)
    assert guard.first_use(used("old", at=NOW - window - 1), NOW)
    for number in range(replay.PURGE_EVERY):
        guard.first_use(used(f"filler {number}"), NOW)
    assert not guard.first_use(used("kept", at=NOW - PROOF_MAX_AGE), NOW)
    assert guard.first_use(used("old", at=NOW - window - 1), NOW)
    guard.close()


def test_each_start_of_the_machine_begins_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A power cut may leave anything in a file that nobody waited for to be written.
    boot, folder = tmp_path / "boot_id", tmp_path / "replay"
    monkeypatch.setattr(replay, "_BOOT", boot)
    boot.write_text("first\n")
    guard = FileReplayGuard(folder)
    assert guard.first_use(used("one"), NOW)
    guard.close()
    boot.write_text("second\n")
    guard = FileReplayGuard(folder)
    assert guard.first_use(used("one"), NOW)
    assert not guard.first_use(used("one"), NOW)
    guard.close()
    assert {file.name for file in folder.iterdir()} == {"second.lmdb", "second.lmdb-lock"}


def test_where_starts_cannot_be_told_apart_a_proof_counts_once_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "_BOOT", tmp_path / "nowhere")
    guard = FileReplayGuard(tmp_path / "replay")
    assert guard.first_use(used("one"), NOW)
    assert not guard.first_use(used("one"), NOW)
    guard.close()


def test_a_guard_that_was_closed_takes_nothing(tmp_path: Path) -> None:
    guard = FileReplayGuard(tmp_path / "replay")
    guard.close()
    with pytest.raises(StoreError):
        guard.first_use(used("one"), NOW)


def test_a_worker_that_is_killed_while_it_writes_stops_nobody(tmp_path: Path) -> None:
    guard = FileReplayGuard(tmp_path / "replay")
    assert guard.first_use(used("one"), NOW)
    script = (
        "import os, signal, sys; from pathlib import Path; from pods.authn.replay import FileReplayGuard\n"
        "begun = FileReplayGuard(Path(sys.argv[1]))._file.begin(write=True)\n"
        "begun.put(b'half', b''); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "replay")], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert guard.first_use(used("two"), NOW)
    assert not guard.first_use(used("one"), NOW)
    guard.close()
