"""Rows of authorization codes, refresh tokens, approvals and registered clients."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from urllib.parse import urlsplit

from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code; the names are those by which Authlib's PKCE extension reads it."""

    digest: bytes
    family: str
    account: int
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    thumbprint: str | None
    authenticated: float
    expires: float
    webid: str
    used: float | None = None

    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token: good once, then its successor."""

    digest: bytes
    family: str
    account: int
    client_id: str
    scope: str
    thumbprint: str
    authenticated: float
    expires: float
    webid: str
    used: float | None = None

    def get_scope(self) -> str:
        return self.scope

    def check_client(self, client: object) -> bool:
        return getattr(client, "client_id", None) == self.client_id


@dataclass(frozen=True, slots=True)
class Approval:
    """An application that an account let in."""

    client_id: str
    at: float
    webid: str

    @property
    def has_document(self) -> bool:
        """Say whether its id is the address of its document, and so tells who it is."""
        return self.client_id.startswith(("https://", "http://"))

    @property
    def place(self) -> str:
        """Return the host of the document, or the id of an application that has none."""
        return urlsplit(self.client_id).netloc if self.has_document else self.client_id


_CODE = """SELECT digest, family, account, client_id, redirect_uri, scope, nonce, challenge, thumbprint,
    authenticated, expires, webid, used FROM authorization_code WHERE digest = ?"""
_REFRESH = """SELECT digest, family, account, client_id, scope, thumbprint, authenticated, expires, webid, used
    FROM refresh_token WHERE digest = ?"""

_ADD_CODE = """INSERT INTO authorization_code (digest, family, account, client_id, redirect_uri, scope, nonce,
    challenge, thumbprint, authenticated, expires, webid, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ADD_REFRESH = """INSERT INTO refresh_token (digest, family, account, client_id, scope, thumbprint,
    authenticated, expires, webid, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def code(tx: Transaction, digest: bytes) -> Code | None:
    """Return a code, used or not."""
    rows = tx.execute(_CODE, (digest,))
    return Code(*rows[0]) if rows else None


def add_code(tx: Transaction, new: Code, now: float) -> None:
    """Add a code, and forget the expired ones."""
    tx.execute("DELETE FROM authorization_code WHERE expires < ?", (now,))
    tx.execute(_ADD_CODE, astuple(new))


def use_code(tx: Transaction, digest: bytes, at: float) -> None:
    """Mark a code as used; it is kept until it expires, so that a second use is noticed."""
    tx.execute("UPDATE authorization_code SET used = ? WHERE digest = ?", (at, digest))


def refresh_token(tx: Transaction, digest: bytes) -> RefreshToken | None:
    """Return a refresh token, used or not."""
    rows = tx.execute(_REFRESH, (digest,))
    return RefreshToken(*rows[0]) if rows else None


def add_refresh_token(tx: Transaction, new: RefreshToken, now: float) -> None:
    """Add a refresh token, and forget the expired ones."""
    tx.execute("DELETE FROM refresh_token WHERE expires < ?", (now,))
    tx.execute(_ADD_REFRESH, astuple(new))


def use_refresh_token(tx: Transaction, digest: bytes, at: float) -> None:
    """Mark a refresh token as used."""
    tx.execute("UPDATE refresh_token SET used = ? WHERE digest = ?", (at, digest))


def end_family(tx: Transaction, family: str) -> None:
    """Remove all refresh tokens that descend from one log-in."""
    tx.execute("DELETE FROM refresh_token WHERE family = ?", (family,))


def end_all(tx: Transaction, account: int) -> None:
    """Remove all refresh tokens of an account, as after a change of its password."""
    tx.execute("DELETE FROM refresh_token WHERE account = ?", (account,))


def approved(tx: Transaction, account: int, client_id: str) -> tuple[str, str] | None:
    """Return what the account let this client do and as which WebID, None if it was never asked."""
    sql = "SELECT scope, webid FROM approval WHERE account = ? AND client_id = ?"
    rows = tx.execute(sql, (account, client_id))
    return (str(rows[0][0]), str(rows[0][1])) if rows else None


def approve(tx: Transaction, account: int, client_id: str, scope: str, webid: str, at: float) -> None:
    """Remember that the account lets this client act as one of its WebIDs."""
    tx.execute(
        "INSERT INTO approval (account, client_id, scope, at, webid) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account, client_id)"
        " DO UPDATE SET scope = excluded.scope, at = excluded.at, webid = excluded.webid",
        (account, client_id, scope, at, webid),
    )


def approvals(tx: Transaction, account: int) -> list[Approval]:
    """Return the applications that an account let in, the latest first."""
    sql = "SELECT client_id, at, webid FROM approval WHERE account = ? ORDER BY at DESC, client_id"
    return [Approval(*row) for row in tx.execute(sql, (account,))]


def shut_out(tx: Transaction, account: int, client_id: str) -> bool:
    """Forget that an application was let in, and end its refresh tokens; False if it was not let in."""
    tx.execute("DELETE FROM refresh_token WHERE account = ? AND client_id = ?", (account, client_id))
    tx.execute("DELETE FROM authorization_code WHERE account = ? AND client_id = ?", (account, client_id))
    tx.execute("DELETE FROM approval WHERE account = ? AND client_id = ?", (account, client_id))
    return tx.row_count == 1


def registered_client(tx: Transaction, client_id: str, now: float) -> tuple[str, str | None] | None:
    """Return metadata (JSON) and sealed secret of a registered client that has not expired."""
    sql = "SELECT metadata, secret FROM registered_client WHERE client_id = ? AND expires > ?"
    rows = tx.execute(sql, (client_id, now))
    return (rows[0][0], rows[0][1]) if rows else None


def register_client(
    tx: Transaction, client_id: str, metadata: str, sealed: str | None, expires: float, now: float
) -> None:
    """Add a registered client, and forget the expired ones."""
    tx.execute("DELETE FROM registered_client WHERE expires < ?", (now,))
    tx.execute("INSERT INTO registered_client VALUES (?, ?, ?, ?)", (client_id, metadata, sealed, expires))


def prolong_client(tx: Transaction, client_id: str, expires: float) -> None:
    """Keep a registered client that is in use."""
    tx.execute(
        "UPDATE registered_client SET expires = ? WHERE client_id = ? AND expires < ?",
        (expires, client_id, expires),
    )
