"""A copy of the code in which one mechanism at a time is taken out, and a test is run."""

from __future__ import annotations

import enum
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.mechanism import Mechanism

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("apps", "consent", "pods", "vocab", "wallet", "tests", "pyproject.toml")
IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "fonts", "peers", "browser", "interop")
SECONDS = 240.0  # for one test; the slowest takes a tenth of it on a busy machine
_FAILED = 1  # pytest's exit code when tests ran and some failed


class Outcome(enum.Enum):
    """What became of a test."""

    PASSED = "NOT NOTICED"
    FAILED = "noticed"
    BROKEN = "the test did not run"


class Copy:
    """The code in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.said = ""
        """The end of what the last run that did not pass wrote."""
        self._folder = folder
        self._written = time.time()
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=IGNORED)
            else:
                shutil.copy(source, folder / part)

    def without(self, mechanism: Mechanism) -> Outcome:
        """Return what becomes of a mechanism's test when the mechanism is not there."""
        module = self._folder / mechanism.module
        code = module.read_text(encoding="utf-8")
        self._write(module, taken_out(code, mechanism))
        try:
            return self.run([mechanism.test])
        finally:
            self._write(module, code)

    def _write(self, module: Path, code: str) -> None:
        """Write a module with a time of its own: what is compiled of the others is used again, of this one never."""
        module.write_text(code, encoding="utf-8")
        self._written += 2  # compiled modules are told apart by whole seconds
        os.utime(module, (self._written, self._written))

    def run(self, tests: Sequence[str]) -> Outcome:
        """Run tests on the copy as it stands, on SQLite."""
        quiet = ["-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile", "unshrunk"]
        command = ["-m", "pytest", *quiet, "-k", "not postgresql", *tests]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "PYTHONPATH": str(self._folder),
        }
        try:
            done = subprocess.run(
                [sys.executable, *command],
                cwd=self._folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS * len(tests),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome.BROKEN
        if done.returncode == 0:
            return Outcome.PASSED
        # An error while a test is set up is no failure of the test.
        self.said = done.stdout[-2_000:]
        failed = done.returncode == _FAILED and " failed" in done.stdout.rstrip().rpartition("\n")[2]
        return Outcome.FAILED if failed else Outcome.BROKEN


def taken_out(code: str, mechanism: Mechanism) -> str:
    """Return the code of a module without a mechanism. Raises ValueError unless it stands there exactly once."""
    if code.count(mechanism.code) != 1:
        raise ValueError(f"{mechanism.name}: stands {code.count(mechanism.code)} times in {mechanism.module}")
    return code.replace(mechanism.code, mechanism.without)
