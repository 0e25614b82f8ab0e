"""Pods in the data folder of a Community Solid Server 7 with its file backend."""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path as FilePath
from typing import IO, Any
from urllib.parse import quote

from pods.archive.incoming import Incoming
from pods.archive.layout import BadArchive
from pods.protocol import rdf, target

_BASE_URL = ".internal/setup/current-base-url$.json"
_ACCOUNTS = ".internal/accounts/data"
_SEGMENT = (
    "-._~!$&'()*+,;=:@"  # RFC 3986, 3.3: what a path segment may hold beside letters, digits and escapes
)
_HIDDEN_SLASH = re.compile(r"%2f|%5c", re.IGNORECASE)
_NO_NAME = re.compile(r"[^a-z0-9-]+")
_EXTENSIONS = {
    ".ttl": rdf.TURTLE,
    ".jsonld": rdf.JSON_LD,
    ".nt": rdf.N_TRIPLES,
    ".n3": "text/n3",
    ".nq": "application/n-quads",
    ".trig": "application/trig",
    ".rdf": "application/rdf+xml",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
}
_KNOWN = mimetypes.MimeTypes(filenames=())
"""Python's own table: that of the machine would give the same folder another meaning elsewhere."""


@dataclass(frozen=True, slots=True)
class CssPod:
    """A pod in such a folder; a `Source`."""

    folder: FilePath
    name: str
    """What a pod of this host may be called; mostly the name that it had."""
    storage: str
    owner: str
    email: str | None
    account: str
    """What pods of one account share."""
    made: str = "undated"

    def resources(self) -> Iterator[Incoming]:
        """Return every resource, a container before its members; raise BadArchive for what is none."""
        yield from _below(self.folder, "")

    def records(self) -> Iterator[Incoming]:
        """Return nothing: such a server keeps no log."""
        yield from ()


def pods_in(folder: FilePath, base_url: str | None = None) -> list[CssPod]:
    """Return the pods of a data folder; raise BadArchive if it is none.

    `base_url` is the address that the server had; without it the folder is asked, which mostly knows.
    """
    base = (base_url or _base_url(folder)).rstrip("/") + "/"
    accounts = sorted((folder / _ACCOUNTS).glob("*$.json"))
    found = [pod for file in accounts for pod in _of_account(folder, base, _json(file))]
    if not found:
        raise BadArchive(f"{folder} holds no account with a pod below {base}; is --from-url right?")
    names = [pod.name for pod in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadArchive(f"Several pods would be called {twice[0]!r} here.")
    return sorted(found, key=lambda pod: pod.name)


def media_type_of(file_name: str) -> tuple[str, str]:
    """Return the name of the resource that a file holds, and its media type.

    `notes$.ttl` is the resource `notes`; a name whose extension says the type already is kept.
    """
    stem, dollar, extension = file_name.rpartition("$.")
    name, ending = (stem, f".{extension}") if dollar and stem else (file_name, FilePath(file_name).suffix)
    if name.endswith(target.AUXILIARY):
        return name, rdf.TURTLE
    media_type = _EXTENSIONS.get(ending.lower()) or _KNOWN.guess_type(f"x{ending.lower()}")[0]
    return name, media_type or "application/octet-stream"


def _base_url(folder: FilePath) -> str:
    if not (folder / _BASE_URL).is_file():
        raise BadArchive(
            f"{folder} does not say which address its server had; give --from-url, such as https://old.example/"
        )
    return str(_json(folder / _BASE_URL).get("payload"))


def _json(file: FilePath) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadArchive(f"{file} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise BadArchive(f"{file} is no JSON object.")
    return value


def _of_account(folder: FilePath, base: str, stored: dict[str, Any]) -> Iterator[CssPod]:
    account = stored.get("payload", {})
    logins = account.get("**password**", {}).values()
    email = next((login.get("email") for login in logins), None)
    for pod in account.get("**pod**", {}).values():
        storage = str(pod.get("baseUrl"))
        relative = storage.removeprefix(base)
        if relative == storage or relative.count("/") != 1:
            raise BadArchive(
                f"The pod {storage} does not lie directly below {base}; such a pod is not taken."
            )
        owners = [owner.get("webId") for owner in pod.get("**owner**", {}).values()]
        name = _NO_NAME.sub("-", relative[:-1].lower()).strip("-")
        yield CssPod(
            folder / relative[:-1],
            name,
            storage,
            str(owners[0] if owners else ""),
            email,
            account.get("id", ""),
        )


def _below(folder: FilePath, relative: str) -> Iterator[Incoming]:
    """Return a container and what is in it. What is said about it lies in its own `.meta`."""
    if not folder.is_dir() or folder.is_symlink():
        raise BadArchive(f"{folder} is no folder; links are not followed.")
    yield Incoming(relative, rdf.TURTLE, 0, BytesIO)
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
            raise BadArchive(f"{entry} is a link or a device; only files and folders are taken.")
        name, media_type = (entry.name, "") if entry.is_dir() else media_type_of(entry.name)
        # The server stores names decoded, but for escaped slashes; this host refuses these in a path.
        if _HIDDEN_SLASH.search(name):
            raise BadArchive(f"{entry} is a resource with an escaped slash in its name; rename it first.")
        path = relative + quote(name, safe=_SEGMENT)
        if entry.is_dir():
            yield from _below(entry, f"{path}/")
        else:
            yield Incoming(path, media_type, entry.stat().st_size, partial(_open, entry))


def _open(file: FilePath) -> IO[bytes]:
    return file.open("rb")
