"""Seeding: accounts with pods and chosen client credentials, there from a server's first start."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pods.errors import Conflict
from pods.identity.passwords import MIN_PASSWORD, HashedPassword, hash_password, unsealed_by
from pods.main import Core
from pods.provision import create_pod, webid_for
from pods.settings import BadSetting
from pods.storage.base import Transaction
from vocab import schemas
from vocab.schemas import SchemaError

LABEL = "seed"
SECRET_MEMBERS = ("password", "client_secret")


@dataclass(frozen=True, slots=True)
class SeedUser:
    """Somebody who is to have an account, as the operator wrote it down."""

    name: str
    email: str | None = None
    password: str | None = None
    title: str | None = None
    client_id: str | None = None
    client_secret: str | None = None

    def __repr__(self) -> str:
        """Show the name alone: a traceback must not print a password."""
        return f"SeedUser({self.name!r})"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a client has to know of a seeded user; secrets are not among it."""

    webid: str
    storage: str
    issuer: str
    client_id: str | None
    outcome: str
    """`made`, or `kept` where the account was there already."""
    note: str | None = None
    """What the operator should think of."""

    def lines(self) -> str:
        """Return it for a terminal."""
        facts = {
            "storage": self.storage,
            "issuer": self.issuer,
            "client id": self.client_id,
            "note": self.note,
        }
        shown = [f"  {name:<10}{value}" for name, value in facts.items() if value is not None]
        return "\n".join((f"{self.webid} ({self.outcome})", *shown))


def from_file(path: Path) -> tuple[SeedUser, ...]:
    """Return the users that a seed file lists; raise BadSetting with the place of a mistake."""
    try:
        listed = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"--seed: {path} cannot be read: {error}") from error
    except ValueError as error:
        raise BadSetting(f"--seed: {path} is not JSON: {error}") from error
    return checked(listed, f"--seed: {path}")


def from_option(text: str) -> SeedUser:
    """Return the user in `NAME:PASSWORD` or `NAME:PASSWORD:CLIENT_ID:CLIENT_SECRET`; raise BadSetting."""
    parts = text.split(":")
    if len(parts) not in (2, 4):
        raise BadSetting(
            f"--user: {parts[0]!r} has {len(parts)} parts; write NAME:PASSWORD or "
            "NAME:PASSWORD:CLIENT_ID:CLIENT_SECRET, and use a seed file where a part holds a colon."
        )
    members = ("name", "password", "client_id", "client_secret")
    return checked([dict(zip(members, parts, strict=False))], "--user")[0]


def checked(listed: object, place: str) -> tuple[SeedUser, ...]:
    """Return the users of a list as JSON has it; raise BadSetting. No message repeats a secret."""
    try:
        schemas.validate("seed", listed)
    except SchemaError as error:
        member = error.pointer.rpartition("/")[2]
        said = "The text must have 1 to 256 characters." if member in SECRET_MEMBERS else error.sentence
        raise BadSetting(f"{place} at {error.pointer or 'the top'}: {said}") from error
    return tuple(SeedUser(**user) for user in listed)  # type: ignore[attr-defined]  # the schema says it is a list


def settle(core: Core, users: Sequence[SeedUser]) -> list[Seeded]:
    """Give every user account, pod and credentials, in one transaction, and leave what is there as it is.

    A seed may run at every start. It never touches the password or the profile of an account that exists, since its
    owner may have changed these; a client secret that changed in the file replaces the old one, which only the
    operator and the file know. Raises Conflict where a name, address or client id is somebody else's.
    """
    _require_distinct(users)
    hashes = [hash_password(user.password) if user.password else None for user in users]
    with core.store.writing() as tx:
        return [_settle(core, tx, user, hashed) for user, hashed in zip(users, hashes, strict=True)]


def _settle(core: Core, tx: Transaction, user: SeedUser, password: HashedPassword | None) -> Seeded:
    origin, accounts = core.settings.pod_url, core.accounts
    webid = webid_for(origin, user.name)
    account = accounts.by_webid(tx, webid)
    outcome = "kept"
    if account is None:
        outcome = "made"
        account = accounts.create(tx, user.name, email=user.email, password=password, webid=webid)
        create_pod(
            *(tx, user.name, webid),
            base=origin,
            issuer=core.settings.issuer,
            display_name=user.title or user.name,
            at=time.time(),
        )
    if user.client_id is not None and user.client_secret is not None:
        known = {one.client_id: one.sealed_secret for one in accounts.list_credentials(tx, account)}
        sealed = known.get(user.client_id)
        if sealed is not None and not unsealed_by(sealed, user.client_secret):
            accounts.revoke_credential(tx, account, user.client_id)
            sealed = None
        if sealed is None:
            accounts.credentials(
                *(tx, webid, LABEL), client_id=user.client_id, client_secret=user.client_secret
            )
    # The operator's own choice, as test suites make it; people choose theirs on the account page, by its rules.
    short = any(secret and len(secret) < MIN_PASSWORD for secret in (user.password, user.client_secret))
    note = f"a secret has fewer than {MIN_PASSWORD} characters: for tests only" if short else None
    return Seeded(webid, f"{origin}/{user.name}/", core.settings.issuer, user.client_id, outcome, note)


def _require_distinct(users: Iterable[SeedUser]) -> None:
    seen: set[str] = set()
    for user in users:
        if user.name in seen:
            raise Conflict(f"The seed names {user.name!r} twice; each account stands there once.")
        seen.add(user.name)
