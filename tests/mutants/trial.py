"""One run of tests on a copy of the code, in a process of its own that need not import the libraries again."""

from __future__ import annotations

import contextlib
import enum
import importlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("apps", "consent", "pods", "vocab", "wallet", "tests")
"""What is in the copy; all other modules are the same for every run."""
COMMON = ("hypothesis.stateful", "tests.consent_host", "tests.wallet_town", "tests.rights_town")
SECONDS = 240.0  # for one test; the slowest takes a tenth of it on a busy machine
_FAILED = 1  # pytest's exit code when tests ran and some failed


class Outcome(enum.Enum):
    """What became of a test."""

    PASSED = "NOT NOTICED"
    FAILED = "noticed"
    BROKEN = "the test did not run"


def import_libraries() -> None:
    """Import what nearly every test needs, once: it costs more than most tests."""
    for name in COMMON:
        importlib.import_module(name)


class Trial:
    """Tests that run on the copy in a folder, on SQLite."""

    def __init__(self, folder: Path, tests: Sequence[str]) -> None:
        self._report = folder / "report.txt"
        self._until = time.monotonic() + SECONDS * len(tests)
        sys.stdout.flush()
        sys.stderr.flush()
        self._process = os.fork()
        if self._process == 0:
            _run(folder, self._report, tests)

    def outcome(self) -> Outcome | None:
        """Return what became of the tests, or None while they run."""
        ended, status = os.waitpid(self._process, os.WNOHANG)
        if not ended:
            if time.monotonic() < self._until:
                return None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            return Outcome.BROKEN
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return Outcome.PASSED
        # An error while a test is set up is no failure of the test.
        last = self.said().rstrip().rpartition("\n")[2]
        return Outcome.FAILED if code == _FAILED and " failed" in last else Outcome.BROKEN

    def said(self) -> str:
        """Return the end of what the tests wrote."""
        return self._report.read_text(encoding="utf-8", errors="replace")[-2_000:]


def _run(folder: Path, report: Path, tests: Sequence[str]) -> NoReturn:
    """Become the process that runs the tests: nothing of our own code is kept from before."""
    code = _FAILED + 1
    try:
        os.setsid()
        written = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(written, stream)
        sys.stdout = sys.stderr = os.fdopen(written, "w", encoding="utf-8")
        os.chdir(folder)
        for name in [name for name in os.environ if name.startswith("PYTEST")]:
            del os.environ[name]
        os.environ["PYTHONPATH"] = str(folder)
        sys.path[:] = [str(folder), *(place for place in sys.path if Path(place).resolve() != ROOT)]
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        quiet = ["-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile", "unshrunk"]
        # Assertions of libraries that are imported already stay as they are.
        libraries = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        code = int(pytest.main([*quiet, *libraries, "-k", "not postgresql", *tests]))
        sys.stdout.flush()
    finally:
        os._exit(code)
