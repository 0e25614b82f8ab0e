"""What an account loses with one of its pods: the WebID, and whatever was given for it."""

from __future__ import annotations

from pods.identity import accounts_sql
from pods.storage.base import Pod, Transaction

_OF_A_WEBID = ("credential", "authorization_code", "refresh_token", "approval")


def void(tx: Transaction, webid: str) -> None:
    """End credentials, codes, refresh tokens and approvals of a WebID."""
    for table in _OF_A_WEBID:
        tx.execute(f"DELETE FROM {table} WHERE webid = ?", (webid,))  # noqa: S608  # names from above


class AccountLeaving:
    """A layer of the pod host, told when a pod is removed."""

    def leaving(self, tx: Transaction, pod: Pod) -> None:
        """Void credentials, codes, refresh tokens and approvals of the WebID; with the last pod the account goes."""
        rows = tx.execute("SELECT account, webid FROM account_webid WHERE pod = ?", (pod.name,))
        for account_id, webid in rows:
            void(tx, webid)
            tx.execute("DELETE FROM account_webid WHERE webid = ?", (webid,))
            account = accounts_sql.account_by_id(tx, account_id)
            left = accounts_sql.identities(tx, account_id)
            if account is None:
                continue
            if left and account.webid == webid:
                accounts_sql.prefer(tx, account_id, left[0].webid)
            if not left:
                accounts_sql.remove(tx, account)
