"""The processes beside a test that check signatures."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def processes(worker: int | None = None) -> set[int]:
    """Return the processes that a worker (this one) began to check signatures, and that live."""
    return set(_found(Path("/proc", "self" if worker is None else str(worker))))


def _found(worker: Path) -> Iterator[int]:
    for thread in (worker / "task").iterdir():
        with suppress(FileNotFoundError):  # ended meanwhile
            children = (thread / "children").read_text("ascii").split()
            for child in children:
                with suppress(FileNotFoundError):
                    if b"signature_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                        yield int(child)
