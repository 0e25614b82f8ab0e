"""Nothing in the repository names the machine it was written on, or where packages come from."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in pieces, so that this file itself does not contain them.
REGISTRIES = (
    "pypi." + "org",
    "files.python" + "hosted",
    "registry.npm" + "js",
    "deb.debian" + ".org",
    "unpkg" + ".com",
)
CDNS = ("jsdelivr" + ".net", "cdnjs." + "cloudflare", "fonts.google" + "apis")
MACHINE_PATHS = (
    "/root" + "/.",
    "/home" + "/user",
    "/work" + "/main",
    "/work" + "/shared",
    "/tmp" + "/portico",
)
FORBIDDEN = re.compile("|".join(map(re.escape, REGISTRIES + CDNS + MACHINE_PATHS)))
TEXT_SUFFIXES = {
    *(".py", ".md", ".txt", ".toml", ".json", ".jsonld", ".ttl", ".html", ".css", ".js", ".yml", ".yaml"),
    *(".sh", ".po", ".sql", ".cfg", ".ini", ".service", ".csv", ""),
}


def versioned_files() -> list[Path]:
    """Return what git versions or would version, so that a forbidden name is seen before its commit."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise AssertionError("this test needs git and runs in a checkout") from error
    files = [ROOT / name for name in names.decode().split("\0") if name]
    return [file for file in files if file.is_file() and file.suffix in TEXT_SUFFIXES]


def test_no_registry_and_no_path_of_a_machine_is_named() -> None:
    found = []
    for file in versioned_files():
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if match := FORBIDDEN.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {match[0]}")
    assert found == []


@pytest.mark.parametrize("name", ["run.txt", "test.txt", "setup.txt", "node.txt"])
def test_lock_files_carry_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    packages = re.findall(r"^[A-Za-z0-9]", text, flags=re.MULTILINE)
    assert packages
    assert len(re.findall(r"^[^ ].* \\\n +--hash=sha256:", text, flags=re.MULTILINE)) == len(packages)
    assert "://" not in text


def test_the_front_end_lock_has_digests_and_no_address_of_a_package() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert '"integrity"' in text
