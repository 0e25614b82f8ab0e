"""A dump of the pods' PostgreSQL database by its own programs, from one snapshot, and back."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from pods.storage.base import Store
from pods.upkeep.copies import BadBackup
from pods.upkeep.outside import NAMED, Kept

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "options": "PGOPTIONS",
}


def dump(url: str, store: Store, file: Path) -> list[Kept]:
    """Write the database into a file in PostgreSQL's custom format; return the content that this snapshot names."""
    with store.reading() as tx:
        # The dump sees exactly what this transaction sees, as long as it is open.
        ((snapshot,),) = tx.execute("SELECT pg_export_snapshot()")
        named = [Kept(*row) for row in tx.execute(NAMED)]
        _run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
    file.chmod(0o600)
    return named


def restore(url: str, file: Path) -> None:
    """Load a dump into an empty database, all of it or nothing."""
    counted = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
    if _run("psql", url, "--no-psqlrc", "--tuples-only", "--no-align", f"--command={counted}").strip() != "0":
        raise BadBackup("The database is not empty; a restore never overwrites one. Make a new one.")
    options = ("--single-transaction", "--no-owner", "--exit-on-error", f"--dbname={_known(url)['dbname']}")
    _run("pg_restore", url, *options, str(file))


def _run(program: str, url: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs. The address goes in by variables: a command line is everybody's to see."""
    path = shutil.which(program)
    if path is None:
        raise BadBackup(
            f"{program} is not installed (Debian: postgresql-client); it backs up a PostgreSQL database."
        )
    variables = {_VARIABLES[name]: value for name, value in _known(url).items() if name in _VARIABLES}
    done = subprocess.run(
        [path, "--no-password", *arguments], env={**os.environ, **variables}, capture_output=True, text=True
    )
    if done.returncode:
        raise BadBackup(f"{program}: {done.stderr.strip()[:500]}")
    return done.stdout


def _known(url: str) -> dict[str, str]:
    from psycopg.conninfo import conninfo_to_dict  # here: a host on SQLite needs no such library

    return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
