"""Other people's clients and servers from npm, pinned in package-lock.json: installed once for each lock file.

`python -m tests.interop.packages` installs them; `make test` does so before the tests run.
"""

import os
import subprocess
import sys
from pathlib import Path

from deploy import node

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
LOCK = HERE / "package-lock.json"
DONE = MODULES / ".installed-lock.json"
"""A copy of the lock file, written last: a broken installation has none."""


def installed() -> bool:
    """Say whether what the lock file names is there."""
    return DONE.is_file() and DONE.read_bytes() == LOCK.read_bytes()


def install() -> None:
    """Install what the lock file names, unless it is there; raise CalledProcessError if npm cannot."""
    if not installed():
        node.install_packages(HERE)
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
