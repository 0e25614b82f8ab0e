"""`make fuzz`: look for bytes that break a parser or the host, guided by which code they reach.

Each target runs in a process of its own for SECONDS; a crash, a hang or a leak ends it, and the bytes that
did it stay below build/fuzz/, to become a test.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path("build/fuzz")
SECONDS = 30  # of each target, unless the command line says otherwise
HANG_SECONDS = 5
MEMORY_MIB = 1024


def fuzz(name: str, arguments: list[str]) -> None:
    """Run one target in this process; the fuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["pods", "vocab"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name].run)
    atheris.Fuzz()


def run(name: str, seeds: tuple[bytes, ...], seconds: int) -> bool:
    """Run one target in a process of its own; say whether it held."""
    corpus = FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [
        f"-max_total_time={seconds}",
        f"-timeout={HANG_SECONDS}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-artifact_prefix={FOLDER}/{name}-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    command = [sys.executable, "-m", "tests.fuzz", "--target", name, str(corpus), *limits]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    executed = next((line for line in done.stderr.splitlines() if "number_of_executed_units" in line), "")
    print(
        f"{name:14} {'held' if done.returncode == 0 else 'BROKE'} {executed.split()[-1] if executed else 'no'} inputs"
    )
    if done.returncode != 0:
        print(done.stderr[-4000:], file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    """Fuzz every target, or run the one that a child process is for."""
    if sys.argv[1:2] == ["--target"]:
        fuzz(sys.argv[2], sys.argv[3:])
        return 0
    from tests.fuzz.targets import TARGETS

    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    held = [run(name, target.seeds, seconds) for name, target in TARGETS.items()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
