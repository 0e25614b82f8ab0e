"""Put a backup into an empty data folder; every file is compared with the list first."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path, PurePosixPath

from pods.upkeep import postgres_dump
from pods.upkeep.backup import POSTGRES_DUMP
from pods.upkeep.copies import CHUNK, FOLDER_MODE, LIST, BadBackup, Listing, private, read_listing
from pods.upkeep.outside import OutsideContent


def restore(
    backup: Path, data: Path, *, database: str = "", outside: OutsideContent | None = None
) -> Listing:
    """Restore a backup, a folder or a tar file, and return what it held; raise BadBackup, and then nothing is there.

    The data folder must be empty or missing, and a PostgreSQL database empty: nothing is ever overwritten. Large
    content goes `outside` where one is given.
    """
    if data.exists() and any(data.iterdir()):
        raise BadBackup(f"{data} is not empty; a restore never overwrites anything. Name another folder.")
    draft = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=FOLDER_MODE, parents=True)
    try:
        if backup.is_dir():
            shutil.copytree(backup, draft, dirs_exist_ok=True, symlinks=True, copy_function=_copy)
        else:
            _unpack(backup, draft)
        listing = _checked(draft)
        _settle(draft, listing)
        take_back = outside.put_back(draft) if outside is not None else None
        try:
            _load(draft, listing, database)
        except BaseException:
            if take_back is not None:
                take_back()
            raise
        if data.exists():
            data.rmdir()
        draft.rename(data)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return listing


def _unpack(backup: Path, folder: Path) -> None:
    try:
        with tarfile.open(backup, "r:") as tar:
            for member in tar:
                _take_out(tar, member, folder)
    except (tarfile.TarError, OSError) as error:
        raise BadBackup(f"{backup} cannot be unpacked: {error}") from error


def _take_out(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file of the tar file; raise BadBackup for what no backup holds: links, devices, a way out of the folder."""
    name = PurePosixPath(member.name)
    source = tar.extractfile(member) if member.isreg() else None
    if source is None or name.is_absolute() or ".." in name.parts:
        raise BadBackup(f"{member.name!r} is no file of a backup.")
    place = folder / name
    place.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with source, open(place, "xb", opener=private) as output:
        shutil.copyfileobj(source, output, CHUNK)


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as file, open(target, "xb", opener=private) as output:
        shutil.copyfileobj(file, output, CHUNK)


def _checked(folder: Path) -> Listing:
    if not (folder / LIST).is_file():
        raise BadBackup(f"There is no {LIST}: this is no backup, or one that was cut off.")
    listing = read_listing((folder / LIST).read_bytes())
    for file in listing.files:
        place = folder / file.name
        if place.is_symlink() or not place.is_file() or place.stat().st_size != file.size:
            raise BadBackup(f"{file.name} is missing from the backup, or was cut off.")
        with place.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
                raise BadBackup(f"{file.name} is not what was backed up: its digest differs.")
    return listing


def _settle(folder: Path, listing: Listing) -> None:
    """Give files and folders to the operator alone, and check the databases."""
    (folder / LIST).unlink()
    for place in folder.rglob("*"):
        place.chmod(FOLDER_MODE if place.is_dir() else 0o600)
    for file in folder.glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise BadBackup(f"{file.name} is damaged inside.")


def _load(folder: Path, listing: Listing, database: str) -> None:
    """Load the dump of a host on PostgreSQL."""
    dump = folder / POSTGRES_DUMP
    if (listing.database == "postgresql") != bool(database):
        raise BadBackup(
            f"The backup is of a host on {listing.database}; set PORTICO_DATABASE to the address of an empty "
            "database to restore one on PostgreSQL, and leave it empty for one on SQLite."
        )
    if database:
        postgres_dump.restore(database, dump)
        dump.unlink()
