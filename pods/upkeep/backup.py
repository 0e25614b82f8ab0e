"""A consistent copy of a host that goes on serving: databases from snapshots, blobs that these name, keys, the rest."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pods.storage.base import Store
from pods.storage.opening import SQLITE
from pods.upkeep import postgres_dump
from pods.upkeep.copies import BadBackup, Copied, Listing, Target
from pods.upkeep.outside import BLOBS, NAMED, Kept, OutsideContent

POSTGRES_DUMP = "pods.pgdump"
LEFT_OUT = {
    "replay": "proofs seen in the last minutes; a restored host starts without",
    "projections.duckdb": "an index that is made again from the pods",
}
"""Files of a data folder that no restored host needs."""

_PASSING = ("-wal", "-shm", "-journal", ".part", ".wal", ".tmp", ".lock")
"""Endings of files that belong to a running process."""

PAGE = 1000  # keys of blobs read at a time


def back_up(
    data: Path,
    target: Target,
    *,
    at: str,
    database: str,
    store: Store,
    outside: OutsideContent | None = None,
) -> Listing:
    """Copy a data folder while its host serves, and return what was copied; `outside` is content that lies elsewhere.

    The apps' databases come first and the pods last: what an app says that it delivered is then in the pods. Every
    database is one snapshot. Blobs never change, and one that is replaced stays for an hour (`DROPPED_SECONDS`), so
    those that the snapshot names are still there when their turn comes. Raises BadBackup if one is not.
    """
    left_out = [f"{name}: {why}" for name, why in LEFT_OUT.items() if (data / name).exists()]
    try:
        with tempfile.TemporaryDirectory(prefix=".portico-backup-", dir=data) as folder:
            staging = Path(folder)
            files = [target.add(name, file) for name, file in _plain_files(data, staging)]
            for file in sorted(data.glob("*.sqlite")):
                if file.name != SQLITE and file.name not in LEFT_OUT:
                    files.append(_add_database(file, staging, target))
            if database:
                dump = staging / POSTGRES_DUMP
                named = postgres_dump.dump(database, store, dump)
                files.append(target.add(POSTGRES_DUMP, dump))
            else:
                files.append(_add_database(data / SQLITE, staging, target))
                named = _named_in(staging / SQLITE)
            if outside is None:
                files += _add_blobs(data, target, named, left_out)
            else:
                files += _add_outside(outside, target, named, staging)
        listing = Listing(at, "postgresql" if database else "sqlite", tuple(files), tuple(left_out))
        target.finish(listing.json())
    except BaseException:
        target.abandon()
        raise
    return listing


def _plain_files(data: Path, staging: Path) -> Iterator[tuple[str, Path]]:
    """Return keys, credentials and the like: small files that are replaced whole."""
    for file in sorted(data.rglob("*")):
        relative = file.relative_to(data)
        if file.is_symlink() or not file.is_file() or staging in file.parents:
            continue
        if relative.parts[0] == BLOBS or file.name.endswith((".sqlite", *_PASSING)):
            continue
        if relative.parts[0] in LEFT_OUT or relative.parts[0].startswith(".portico-backup-"):
            continue
        yield relative.as_posix(), file


def _add_database(file: Path, staging: Path, target: Target) -> Copied:
    copy = staging / file.name
    with closing(sqlite3.connect(file, timeout=30)) as source, closing(sqlite3.connect(copy)) as output:
        # All pages in one step: a read transaction, which lets writers go on (WAL) and is not begun anew by them.
        source.backup(output, pages=-1)
        # A copy is one file: nothing beside it is needed, and a reader need not be able to write.
        output.execute("PRAGMA journal_mode = DELETE")
    return target.add(file.name, copy)


def _named_in(copy: Path) -> list[Kept]:
    with closing(sqlite3.connect(copy)) as connection:
        return [Kept(*row) for row in connection.execute(NAMED)]


def _add_outside(
    outside: OutsideContent, target: Target, named: list[Kept], staging: Path
) -> Iterator[Copied]:
    for kept in named:
        file = outside.fetched(kept, staging)
        yield target.add(kept.place, file)
        if file.parent == staging:
            file.unlink()  # one at a time: the disk need not hold all of it twice


def _add_blobs(data: Path, target: Target, named: list[Kept], left_out: list[str]) -> Iterator[Copied]:
    if named and not (data / BLOBS).is_dir():
        left_out.append(f"{len(named)} blobs: they lie outside the data folder (PORTICO_BLOBS)")
        return
    for kept in named:
        file = data / kept.place
        if not file.is_file():
            raise BadBackup(
                f"The blob {kept.key} is gone. A backup must end within an hour of its start, or portico doctor "
                "says what is missing."
            )
        yield target.add(kept.place, file)
