"""The organisations that an installation serves: credentials and keys, one file each, read at need."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from consent.receipts.errors import BadReceipt
from consent.receipts.keys import IssuerKey

FOLDER = "organisations"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class BadOrganisation(ValueError):
    """A file of an organisation that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """What the apps need to act for an organisation. The file is readable to the operator only.

    With `client_id` it can use grants, with `purpose_jwk` it can publish purposes, with `receipt_jwk` it
    can issue receipts.
    """

    name: str
    title: str
    webid: str | None = None
    storage: str | None = None
    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    purpose_jwk: Mapping[str, Any] | None = field(default=None, repr=False)
    receipt_issuer: str | None = None
    """The IRI that its receipts name; its JWKS is published below it."""
    receipt_jwk: Mapping[str, Any] | None = field(default=None, repr=False)
    kind: str = ""
    """administration, cooperative, shop or association."""

    def receipt_key(self) -> IssuerKey | None:
        """Return the key that signs its receipts; raise BadOrganisation if the file holds a broken one."""
        if self.receipt_issuer is None or self.receipt_jwk is None:
            return None
        try:
            return IssuerKey.from_private_jwk(self.receipt_issuer, self.receipt_jwk)
        except BadReceipt as error:
            raise BadOrganisation(f"organisation {self.name}: {error}") from error


class Organisations:
    """The folder of organisations."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def named(self, name: str) -> Organisation | None:
        """Return an organisation by the name of its file."""
        path = self._folder / f"{name}.json"
        return _read(path) if _NAME.fullmatch(name) and path.is_file() else None

    def of_webid(self, webid: str) -> Organisation | None:
        return next((one for one in self.all() if one.webid == webid), None)

    def of_client(self, client_id: str) -> Organisation | None:
        return next((one for one in self.all() if one.client_id == client_id), None)

    def issuers(self, below: str) -> list[Organisation]:
        """Return those that issue receipts under an address such as `…/valueback/shops/`, by title."""
        found = [
            one for one in self.all() if one.receipt_jwk and (one.receipt_issuer or "").startswith(below)
        ]
        return sorted(found, key=lambda one: one.title)

    def all(self) -> Iterator[Organisation]:
        if self._folder.is_dir():
            for path in sorted(self._folder.glob("*.json")):
                yield _read(path)

    def write(self, organisation: Organisation) -> None:
        """Create or replace the file of an organisation, readable to its owner only."""
        if not _NAME.fullmatch(organisation.name):
            raise BadOrganisation(f"organisation {organisation.name!r}: use a-z, 0-9 and hyphens")
        self._folder.mkdir(parents=True, exist_ok=True)
        plain = {one.name: getattr(organisation, one.name) for one in fields(organisation)}
        draft = self._folder / f".{organisation.name}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({key: value for key, value in plain.items() if value}, file, indent=2)
        draft.replace(self._folder / f"{organisation.name}.json")


def _read(path: Path) -> Organisation:
    known = {one.name for one in fields(Organisation)}
    try:
        plain = json.loads(path.read_text("utf-8"))
        values = {key: value for key, value in plain.items() if key in known}
        return Organisation(**{"name": path.stem, "title": path.stem, **values})
    except (ValueError, TypeError, AttributeError) as error:
        raise BadOrganisation(f"{path.name}: {error}") from error
