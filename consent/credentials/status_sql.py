"""The places of grants in status lists. Whether a bit is set is read from the grant, so it changes with it."""

from __future__ import annotations

from collections.abc import Callable

from consent.credentials.status import CAPACITY, StatusPurpose
from consent.states import GrantState
from pods.storage.base import Pod, Transaction
from pods.storage.migrations import Schema

SCHEMA: Schema = (
    "credentials-1",
    (
        # `given` is the number of the event by which the grant was given: a grant that is given again gets another
        # place, because a revocation is for good. A place without a grant stays taken, and stays revoked.
        """CREATE TABLE status_entry (
               block INTEGER NOT NULL, place INTEGER NOT NULL, grant_id TEXT, given INTEGER NOT NULL,
               PRIMARY KEY (block, place))""",
        "CREATE UNIQUE INDEX status_entry_grant ON status_entry (grant_id, given)",
    ),
)
# The words are those of the index `consent_event_agreed`.
_LATEST = "(SELECT max(v.number) FROM consent_event v WHERE v.grant_id = g.id AND v.event IN ('give', 'carry over'))"


def place(
    tx: Transaction, grant_id: str, free: Callable[[int, int], bool], draw: Callable[[], int]
) -> tuple[int, int]:
    """Return the block and the place of a grant as it was last given; it gets one when it has none.

    `draw` gives a random place, and `free` says whether no decoy sits in a place of a block.
    """
    rows = tx.execute(f"SELECT {_LATEST} FROM grant_ g WHERE g.id = ?", (grant_id,))  # noqa: S608  # text from above
    given = int(rows[0][0])
    while True:
        found = tx.execute(
            "SELECT block, place FROM status_entry WHERE grant_id = ? AND given = ?", (grant_id, given)
        )
        if found:
            return int(found[0][0]), int(found[0][1])
        block, drawn = _open_block(tx), draw()
        if free(block, drawn):
            tx.execute(
                "INSERT INTO status_entry (block, place, grant_id, given) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (block, drawn, grant_id, given),
            )


def taken(tx: Transaction, block: int, purpose: StatusPurpose) -> list[int]:
    """Return the places of a block whose bit is set for a purpose at this moment."""
    state = {
        # A grant that is neither in force nor at rest is over, and so is what is left of one that is gone.
        StatusPurpose.REVOCATION: "(g.id IS NULL OR e.given <> " + _LATEST + " OR g.state NOT IN (?, ?))",
        StatusPurpose.SUSPENSION: "(g.id IS NOT NULL AND e.given = " + _LATEST + " AND g.state = ?)",
    }[purpose]
    states = {
        StatusPurpose.REVOCATION: (GrantState.GIVEN.value, GrantState.SUSPENDED.value),
        StatusPurpose.SUSPENSION: (GrantState.SUSPENDED.value,),
    }[purpose]
    rows = tx.execute(
        "SELECT e.place FROM status_entry e LEFT JOIN grant_ g ON g.id = e.grant_id"  # noqa: S608  # text from above
        f" WHERE e.block = ? AND {state} ORDER BY e.place",
        (block, *states),
    )
    return [int(row[0]) for row in rows]


def newest_block(tx: Transaction) -> int:
    """Return the number of the last block in use; there is always the first."""
    return int(tx.execute("SELECT coalesce(max(block), 0) FROM status_entry")[0][0])


def forget_pod(tx: Transaction, pod: Pod) -> None:
    """Cut the tie between places and the grants of a pod: the places stay revoked."""
    tx.execute(
        "UPDATE status_entry SET grant_id = NULL WHERE grant_id IN (SELECT id FROM grant_ WHERE pod = ?)",
        (pod.key,),
    )


def _open_block(tx: Transaction) -> int:
    newest = newest_block(tx)
    count = tx.execute("SELECT count(*) FROM status_entry WHERE block = ?", (newest,))[0][0]
    return newest if int(count) < CAPACITY else newest + 1
