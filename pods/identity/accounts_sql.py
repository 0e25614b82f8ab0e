"""Rows of accounts, their WebIDs, client credentials and failed log-ins, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pods.identity.passwords import HashedPassword
from pods.model import WebId
from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Account:
    """A person or an organisation who can log in; `name` is also the name of the first pod."""

    id: int
    name: str
    email: str | None
    password: HashedPassword | None
    webid: WebId
    """The WebID that the account acts with: its usual one, or the one chosen for this occasion (`acting_as`)."""
    created: float


@dataclass(frozen=True, slots=True)
class Identity:
    """A WebID of an account and the pod whose profile it is."""

    webid: WebId
    pod: str
    """Empty for a WebID that lies on another server."""
    created: float


@dataclass(frozen=True, slots=True)
class Credential:
    """A client id with which a script acts for its account; the secret itself is not kept."""

    client_id: str
    account: int
    label: str
    sealed_secret: str
    created: float
    last_used: float | None
    webid: WebId


_ACCOUNT = "SELECT id, name, email, password, webid, created FROM account WHERE "
_CREDENTIAL = "SELECT client_id, account, label, secret, created, last_used, webid FROM credential WHERE "


def account_by_id(tx: Transaction, account_id: int) -> Account | None:
    """Return an account."""
    return _account(tx.execute(_ACCOUNT + "id = ?", (account_id,)))


def account_by_login(tx: Transaction, login: str) -> Account | None:
    """Return the account with this name or e-mail address."""
    column = "email = ?" if "@" in login else "name = ?"
    return _account(tx.execute(_ACCOUNT + column, (login,)))


def account_by_webid(tx: Transaction, webid: str) -> Account | None:
    """Return the account of a WebID."""
    own = "SELECT account FROM account_webid WHERE webid = ? "
    linked = "SELECT account FROM linked_webid WHERE webid = ?"
    found = tx.execute(own + "UNION " + linked, (webid, webid))
    return acting_as(tx, int(found[0][0]), webid) if found else None


def acting_as(tx: Transaction, account_id: int, webid: str | None) -> Account | None:
    """Return an account that acts with one of its WebIDs, None if the WebID is not, or no longer, its own."""
    account = account_by_id(tx, account_id)
    own = "SELECT 1 FROM account_webid WHERE webid = ? AND account = ? "
    linked = "SELECT 1 FROM linked_webid WHERE webid = ? AND account = ?"
    if account is None or not tx.execute(own + "UNION " + linked, (webid, account_id) * 2):
        return None
    return replace(account, webid=WebId(str(webid)))


def identities(tx: Transaction, account_id: int) -> list[Identity]:
    """Return the WebIDs of an account, the oldest first."""
    sql = "SELECT webid, pod, created FROM account_webid WHERE account = ? ORDER BY created, webid"
    return [Identity(WebId(webid), pod, at) for webid, pod, at in tx.execute(sql, (account_id,))]


def add_identity(tx: Transaction, account_id: int, webid: WebId, pod: str, at: float) -> bool:
    """Give an account a further WebID; False if the WebID or the pod is somebody's already."""
    tx.execute(
        "INSERT INTO account_webid (webid, account, pod, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (webid, account_id, pod, at),
    )
    return tx.row_count == 1


def prefer(tx: Transaction, account_id: int, webid: str) -> None:
    """Make a WebID the usual one of its account."""
    tx.execute("UPDATE account SET webid = ? WHERE id = ?", (webid, account_id))


def add_account(
    tx: Transaction, name: str, email: str | None, password: HashedPassword | None, webid: WebId, at: float
) -> Account | None:
    """Add an account; None if the name, the address or the WebID is taken."""
    tx.execute(
        "INSERT INTO account (name, email, password, webid, created) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (name, email, password.encoded if password else None, webid, at),
    )
    if tx.row_count != 1:
        return None
    account = account_by_login(tx, name)
    if account is None or not add_identity(tx, account.id, webid, name, at):
        return None
    return account


def remove(tx: Transaction, account: Account) -> None:
    """Remove an account with all that is its own, and what was noted of log-ins under its name."""
    for login in filter(None, (account.name, account.email)):
        name = login.lower()
        tx.execute(
            "DELETE FROM login_failure WHERE subject = ? OR (subject >= ? AND subject < ?)",
            (f"account {name}", f"{name} ", f"{name}!"),  # "!" follows the space in ASCII
        )
    tx.execute("DELETE FROM account WHERE id = ?", (account.id,))


def set_password(tx: Transaction, account_id: int, password: HashedPassword) -> None:
    """Replace the password."""
    tx.execute("UPDATE account SET password = ? WHERE id = ?", (password.encoded, account_id))


def credential(tx: Transaction, client_id: str) -> Credential | None:
    """Return the credentials with this client id."""
    rows = tx.execute(_CREDENTIAL + "client_id = ?", (client_id,))
    return Credential(*rows[0]) if rows else None


def credentials_of(tx: Transaction, account_id: int) -> list[Credential]:
    """Return an account's credentials, the oldest first."""
    return [
        Credential(*row) for row in tx.execute(_CREDENTIAL + "account = ? ORDER BY created", (account_id,))
    ]


def add_credential(tx: Transaction, new: Credential) -> bool:
    """Add credentials; False if the client id is taken."""
    tx.execute(
        "INSERT INTO credential (client_id, account, label, secret, created, webid) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (new.client_id, new.account, new.label, new.sealed_secret, new.created, new.webid),
    )
    return tx.row_count == 1


def remove_credential(tx: Transaction, account_id: int, client_id: str) -> bool:
    """Remove credentials of an account; False if there are none such."""
    tx.execute("DELETE FROM credential WHERE client_id = ? AND account = ?", (client_id, account_id))
    return tx.row_count == 1


def mark_used(tx: Transaction, client_id: str, at: float) -> None:
    """Note when credentials were last used."""
    tx.execute("UPDATE credential SET last_used = ? WHERE client_id = ?", (at, client_id))


def failures(tx: Transaction, subject: str, since: float) -> int:
    """Count the failed log-ins of a subject since a time."""
    return int(
        tx.execute("SELECT count(*) FROM login_failure WHERE subject = ? AND at > ?", (subject, since))[0][0]
    )


def add_failures(tx: Transaction, subjects: Sequence[str], at: float, forget_before: float) -> None:
    """Note a failed log-in under each subject, and forget the old ones of everybody."""
    tx.execute_many("INSERT INTO login_failure (subject, at) VALUES (?, ?)", [(s, at) for s in subjects])
    tx.execute("DELETE FROM login_failure WHERE at < ?", (forget_before,))


def forget_failures(tx: Transaction, subject: str) -> None:
    """Forget all failed log-ins of a subject."""
    tx.execute("DELETE FROM login_failure WHERE subject = ?", (subject,))


def forget_last_failure(tx: Transaction, subject: str) -> None:
    """Forget one failed log-in of a subject, the last that was noted."""
    last = "SELECT max(rowid) FROM login_failure WHERE subject = ?"
    tx.execute(f"DELETE FROM login_failure WHERE rowid = ({last})", (subject,))  # noqa: S608  # no value is in it


def _account(rows: list[tuple[Any, ...]]) -> Account | None:
    if not rows:
        return None
    account_id, name, email, password, webid, created = rows[0]
    hashed = HashedPassword(password) if password is not None else None
    return Account(account_id, name, email, hashed, WebId(webid), created)
