"""What a host knows of a pod's account, for its owner to take away; no password and no secret is among it."""

from __future__ import annotations

from typing import Any

from pods.archive.layout import timestamp
from pods.identity.accounts import Accounts
from pods.storage.base import Pod, Transaction


def account_facts(accounts: Accounts, tx: Transaction, pod: Pod) -> dict[str, Any]:
    """Return name, address, WebIDs and the names of credentials; of a pod without an account, only its owner."""
    account = accounts.by_webid(tx, pod.owner)
    if account is None:
        return {"owner": pod.owner}
    return {
        "owner": pod.owner,
        "name": account.name,
        "email": account.email,
        "since": timestamp(account.created),
        "webids": [
            {"webid": identity.webid, "pod": identity.pod} for identity in accounts.identities(tx, account)
        ],
        "credentials": [
            {
                "client_id": one.client_id,
                "label": one.label,
                "since": timestamp(one.created),
                "last_used": timestamp(one.last_used) if one.last_used is not None else None,
            }
            for one in accounts.list_credentials(tx, account)
        ],
    }
