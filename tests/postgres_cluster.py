"""A private PostgreSQL cluster in a temporary folder, and fresh databases in it, for tests."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

READY_SECONDS = 30
CONNECTIONS = 300  # hosts of tests that live at once, each with some
UNPRIVILEGED = ("postgres", "nobody")  # PostgreSQL refuses to run as root
# What is lost in a power cut matters to no test; what kill -9 of a worker or a server leaves is still there.
DURABLE = (
    "synchronous_commit=on",
    "shared_buffers=128MB",
)  # for what is measured: PostgreSQL's own durability
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=on", "shared_buffers=64MB")


class NoPostgres(Exception):
    """There is no PostgreSQL of a version that the host takes on this machine."""


@dataclass(slots=True)
class Cluster:
    """A running server, reached over a socket in its folder."""

    folder: Path
    binaries: Path
    settings: tuple[str, ...] = FAST
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, name: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://portico@/{name}?host={quote(str(self.folder), safe='')}"

    def create(self, template: str = "template1") -> str:
        """Create a database and return its address."""
        name = f"test_{next(self._numbers)}"
        self._run(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self.url(name)

    def empty(self, url: str) -> None:
        """Take every row out of a database, and nobody stays connected to it: much faster than a new one."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
            ).fetchall()
            # A replica does not check references: the order of the tables does not matter.
            statements = ["BEGIN", "SET LOCAL session_replication_role = replica"]
            statements += [f'DELETE FROM "{table}"' for (table,) in tables if table != "outbox"]
            statements += ["UPDATE outbox SET last = 0"]
            statements += [
                "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'",
                "COMMIT",
            ]
            connection.execute("; ".join(statements).encode())

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._run(f"DROP DATABASE IF EXISTS {psycopg.conninfo.conninfo_to_dict(url)['dbname']} WITH (FORCE)")

    def stop(self, how: str = "fast") -> None:
        """Stop the server; `immediate` is a crash."""
        _as_somebody(self.binaries / "pg_ctl", "-D", self.folder / "data", "-m", how, "-w", "stop")

    def kill(self) -> None:
        """Kill its first process with SIGKILL, and wait until the others have seen it and are gone."""
        first = int((self.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
        others = Path(f"/proc/{first}/task/{first}/children").read_text("ascii").split()
        os.kill(first, signal.SIGKILL)
        end = time.monotonic() + READY_SECONDS
        while any(map(_is_there, [first, *map(int, others)])):  # else it would not be started again
            if time.monotonic() > end:
                raise TimeoutError(f"of the killed server {first} some processes live on, of {others}")
            time.sleep(0.02)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = " ".join(f"-c {setting}" for setting in self.settings)
        options += f" -c max_connections={CONNECTIONS} -c listen_addresses= -k {self.folder}"
        _as_somebody(
            *(self.binaries / "pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log"),
            *("-o", options, "-w", "-t", str(READY_SECONDS), "start"),
        )

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def cluster(settings: tuple[str, ...] = FAST) -> Iterator[Cluster]:
    """A new cluster that is removed afterwards; raise NoPostgres where none can be made."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the path of a socket has a limit of 107 bytes
    if os.geteuid() == 0:
        shutil.chown(folder, _somebody())
    made = Cluster(folder, binaries, settings)
    try:
        _as_somebody(
            *(binaries / "initdb", "-D", folder / "data", "-U", "portico", "-A", "trust", "-E", "UTF8"),
            *("--no-sync", "--locale=C.UTF-8"),
        )
        made.start()
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _is_there(process: int) -> bool:
    """Say whether there is such a process; one that is dead is there until its parent has heard of it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _binaries() -> Path:
    """Return the folder of the newest PostgreSQL on this machine."""
    known = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    on_path = shutil.which("initdb")
    candidates = [*known, *([Path(on_path).resolve().parent] if on_path else [])]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("initdb is neither on the PATH nor in /usr/lib/postgresql; see deploy/postgresql.sh")


def _somebody() -> str:
    """Return a user without privileges, for a test run of root's."""
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _as_somebody(*command: str | Path) -> None:
    prefix: list[str] = []
    if os.geteuid() == 0:
        name = _somebody()
        prefix = ["setpriv", f"--reuid={name}", f"--regid={_group(name)}", "--clear-groups"]
    done = subprocess.run(
        [*prefix, *map(str, command)],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        timeout=READY_SECONDS * 2,
    )
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, command[0], done.stdout.decode())


def _group(name: str) -> str:
    import grp
    import pwd

    return grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name


def wait_until_ready(made: Cluster) -> None:
    """Wait until the server answers; after a start that something else made."""
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            psycopg.connect(made.url()).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
