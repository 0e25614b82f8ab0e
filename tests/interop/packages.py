"""Other people's clients and servers from npm, pinned in lock files: installed once for each of these.

`python -m tests.interop.packages` installs them; `make test` does so before the tests run.
"""

import os
import subprocess
import sys
from pathlib import Path

from deploy import node
from tests.bench import peers

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
LOCK = HERE / "package-lock.json"
# A server of its own folder: it reads the components of every package beside it, also those of our clients.
SERVERS = HERE.parents[1] / "var" / "bench" / "peers"
DONE = MODULES / ".installed-lock.json"
"""A copy of the lock file, written last: a broken installation has none."""


def installed() -> bool:
    """Say whether what the lock files name is there."""
    return DONE.is_file() and DONE.read_bytes() == LOCK.read_bytes() and peers.installed(SERVERS)


def install() -> None:
    """Install what the lock files name, unless it is there; raise CalledProcessError if npm cannot."""
    if not installed():
        node.install_packages(HERE)
        peers.install(SERVERS)
        DONE.write_bytes(LOCK.read_bytes())


def main() -> int:
    """Install, and say what is left out if the network does not let us; an error only where CI wants everything."""
    if not installed():
        print("installing other people's Solid clients for tests/interop (some minutes the first time)")
    try:
        install()
    except subprocess.CalledProcessError as error:
        print(
            f"npm could not install them ({error}). Left out: every test in tests/interop.", file=sys.stderr
        )
        return 1 if os.environ.get("CI") else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
