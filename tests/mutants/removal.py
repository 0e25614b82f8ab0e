"""A copy of the code in which one mechanism at a time is taken out, and a test is run."""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.mechanism import Mechanism
from tests.mutants.trial import OURS, ROOT, Outcome, Trial

LOOK_SECONDS = 0.05  # between two looks whether a test has ended
IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "fonts", "peers", "browser", "interop")


class Copy:
    """The code in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = time.time()
        self._whole: tuple[Path, str] | None = None
        """The module that lacks something, and what stands in it otherwise."""
        for part in (*OURS, "pyproject.toml"):
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=IGNORED)
            else:
                shutil.copy(source, folder / part)

    def run(self, tests: Sequence[str]) -> Trial:
        """Run tests on the copy as it stands."""
        return Trial(self._folder, tests)

    def without(self, mechanism: Mechanism) -> Trial:
        """Run a mechanism's test where the mechanism is not there; `restore` when it has ended."""
        module = self._folder / mechanism.module
        code = module.read_text(encoding="utf-8")
        self._write(module, taken_out(code, mechanism))
        self._whole = module, code
        return self.run([mechanism.test])

    def restore(self) -> None:
        """Put back what was taken out."""
        if self._whole is not None:
            self._write(*self._whole)
            self._whole = None

    def _write(self, module: Path, code: str) -> None:
        """Write a module with a time of its own: what is compiled of the others is used again, of this one never."""
        module.write_text(code, encoding="utf-8")
        self._written += 2  # compiled modules are told apart by whole seconds
        os.utime(module, (self._written, self._written))


def taken_out(code: str, mechanism: Mechanism) -> str:
    """Return the code of a module without a mechanism. Raises ValueError unless it stands there exactly once."""
    if code.count(mechanism.code) != 1:
        raise ValueError(f"{mechanism.name}: stands {code.count(mechanism.code)} times in {mechanism.module}")
    return code.replace(mechanism.code, mechanism.without)


def taken_out_of(
    copies: Sequence[Copy], wanted: Sequence[Mechanism]
) -> Iterator[tuple[Mechanism, float, Outcome]]:
    """Take each mechanism out of some copy, in all of them at once; yield what became of each as it ends."""
    waiting, idle = deque(wanted), list(copies)
    running: list[tuple[Mechanism, Copy, Trial, float]] = []
    while waiting or running:
        while waiting and idle:
            one, copy = waiting.popleft(), idle.pop()
            running.append((one, copy, copy.without(one), time.monotonic()))
        time.sleep(LOOK_SECONDS)
        for entry in list(running):
            one, copy, trial, started = entry
            outcome = trial.outcome()
            if outcome is not None:
                running.remove(entry)
                copy.restore()
                idle.append(copy)
                yield one, time.monotonic() - started, outcome


def ended(trial: Trial) -> Outcome:
    """Wait for the end of a run."""
    while (outcome := trial.outcome()) is None:
        time.sleep(LOOK_SECONDS)
    return outcome
