"""Compile the modules that every request passes through, from the source as it stands (mypyc, docs/decisions/0035).

`python -m deploy.compile`. Where there is no C compiler this says so, and Portico runs the same source uncompiled.
"""

import io
import shutil
import sys
import sysconfig
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from pods.compiled import FOLDER, STAMP, SUFFIX, digest

ROOT = Path(__file__).resolve().parent.parent
# By what a patch and a new document carry out in them. Modules with generators that wait, and what speaks to the kernel
# through ctypes, cannot be compiled.
MODULES = (
    "pods/activity/line.py",
    "pods/activity/writing.py",
    "pods/authn/credentials.py",
    "pods/authn/replay.py",
    "pods/authn/verifier.py",
    "pods/authz/acl.py",
    "pods/authz/wac.py",
    "pods/changes.py",
    "pods/http/hosts.py",
    "pods/http/inbound.py",
    "pods/http/outbound.py",
    "pods/http/resources.py",
    "pods/kept.py",
    "pods/patched.py",
    "pods/protocol/conditions.py",
    "pods/protocol/dpop.py",
    "pods/protocol/es256.py",
    "pods/protocol/headers.py",
    "pods/protocol/jose.py",
    "pods/protocol/n3_patch.py",
    "pods/protocol/patch.py",
    "pods/protocol/patterns.py",
    "pods/protocol/rdf.py",
    "pods/protocol/target.py",
    "pods/service.py",
    "pods/storage/commits.py",
    "pods/storage/durability.py",
    "pods/storage/jobs.py",
    "pods/storage/transaction.py",
    "pods/storage/write_log.py",
    "pods/transparency/records.py",
)
GROUP = "portico"  # one library for all of them, so that they call each other without the interpreter
FLAGS = ("--config-file=", "--ignore-missing-imports", "--explicit-package-bases", "--namespace-packages")


def lacking() -> str:
    """Return what is missing to compile C here, nothing if all is there."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"a C compiler ({compiler})"
    header = Path(sysconfig.get_path("include")) / "Python.h"
    return "" if header.exists() else "the headers of this Python (Python.h)"


def build(target: Path) -> None:
    """Put the compiled modules into a folder, each under its full name; raise RuntimeError for what the compiler says."""
    # Loaded here: a machine without a compiler needs neither.
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    with tempfile.TemporaryDirectory() as scratch:
        said = io.StringIO()
        try:
            with redirect_stdout(said):
                extensions = mypycify(
                    [*FLAGS, *MODULES], opt_level="2", group_name=GROUP, target_dir=f"{scratch}/c"
                )
        except SystemExit as end:  # how it ends where types do not fit, after it has said which
            raise RuntimeError(said.getvalue() or str(end)) from end
        if said.getvalue():  # where it does otherwise than the interpreter, it warns
            raise RuntimeError(said.getvalue())
        command = build_ext(Distribution({"name": "portico", "ext_modules": extensions}))
        command.build_lib, command.build_temp = f"{scratch}/lib", f"{scratch}/o"
        command.ensure_finalized()
        command.run()
        for made in Path(scratch, "lib").rglob(f"*{SUFFIX}"):
            shutil.copy(made, target / ".".join(made.relative_to(f"{scratch}/lib").parts))


def main() -> int:
    """Compile; return 0 also where that cannot be done, since everything works without."""
    for old in (FOLDER / STAMP, *FOLDER.glob("*.so")):
        old.unlink(missing_ok=True)
    if missing := lacking():
        print(f"not compiled: {missing} is missing; Portico runs the same, a tenth slower")
        return 0
    print("compiling what every request passes through (under a minute)")
    source = digest(ROOT)
    try:
        build(FOLDER)
    except Exception as error:  # noqa: BLE001  # a newcomer's first command must not end here; CI wants a compiled wheel
        print(f"not compiled: {error}\nPortico runs the same, a tenth slower", file=sys.stderr)
        return 0
    (FOLDER / STAMP).write_text(f"{source}\n", encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
