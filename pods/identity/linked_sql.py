"""Rows of WebIDs that lie on other servers: those linked to an account, and what their owners have still to show."""

from __future__ import annotations

from dataclasses import dataclass

from pods.identity.accounts_sql import Identity
from pods.identity.leaving import void
from pods.model import WebId
from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Claim:
    """A WebID that somebody says is theirs, and the text that they are to write into its profile."""

    webid: WebId
    token: str
    expires: float


def linked(tx: Transaction, account_id: int) -> list[Identity]:
    """Return the linked WebIDs of an account, the oldest first; none has a pod here."""
    sql = "SELECT webid, created FROM linked_webid WHERE account = ? ORDER BY created, webid"
    return [Identity(WebId(webid), "", at) for webid, at in tx.execute(sql, (account_id,))]


def is_linked(tx: Transaction, webid: str) -> bool:
    """Say whether a WebID lies elsewhere and is linked to an account."""
    return bool(tx.execute("SELECT 1 FROM linked_webid WHERE webid = ?", (webid,)))


def link(tx: Transaction, account_id: int, webid: WebId, at: float) -> None:
    """Link a WebID to an account, and to no other from then on: its profile is what says whose it is."""
    if tx.execute("SELECT 1 FROM linked_webid WHERE webid = ? AND account <> ?", (webid, account_id)):
        void(tx, webid)
    tx.execute(
        "INSERT INTO linked_webid (webid, account, created) VALUES (?, ?, ?)"
        " ON CONFLICT (webid) DO UPDATE SET account = excluded.account, created = excluded.created",
        (webid, account_id, at),
    )
    drop_claim(tx, account_id, webid)


def unlink(tx: Transaction, account_id: int, webid: str) -> bool:
    """Unlink a WebID and void what was given for it; False if it is not linked to this account."""
    tx.execute("DELETE FROM linked_webid WHERE webid = ? AND account = ?", (webid, account_id))
    if tx.row_count != 1:
        return False
    void(tx, webid)
    return True


def claims(tx: Transaction, account_id: int, now: float) -> list[Claim]:
    """Return what an account has still to show, the newest first."""
    sql = "SELECT webid, token, expires FROM webid_claim WHERE account = ? AND expires > ? ORDER BY expires DESC"
    return [Claim(WebId(webid), token, at) for webid, token, at in tx.execute(sql, (account_id, now))]


def add_claim(tx: Transaction, account_id: int, claim: Claim, now: float) -> None:
    """Keep a claim in place of an earlier one of the same account and WebID; forget the expired ones."""
    tx.execute("DELETE FROM webid_claim WHERE expires <= ?", (now,))
    drop_claim(tx, account_id, claim.webid)
    tx.execute(
        "INSERT INTO webid_claim (account, webid, token, expires) VALUES (?, ?, ?, ?)",
        (account_id, claim.webid, claim.token, claim.expires),
    )


def drop_claim(tx: Transaction, account_id: int, webid: str) -> None:
    """Forget a claim: its text was used, or is wanted no more."""
    tx.execute("DELETE FROM webid_claim WHERE account = ? AND webid = ?", (account_id, webid))
