"""Quotas: how many bytes a pod may hold, decided in the transaction that adds to it."""

from __future__ import annotations

from pods.errors import BadRequest, QuotaExceeded
from pods.model import Body, Operation
from pods.storage.base import Stored, Transaction
from pods.storage.transaction import ENTRY_BYTES


class Quota:
    """The limit of pods that have none of their own; 0 means that there is none.

    It binds what clients write. What the host itself keeps for a person (consent records, withdrawals, the
    access log) is written though the pod is full: a right must never hang on free space.
    """

    def __init__(self, default: int) -> None:
        self._default = default

    def room_for(
        self, op: Operation, body: Body, stored: Stored | None, pod: int, tx: Transaction
    ) -> int | None:
        """Return how many bytes a body that is still to come may have, None if nothing limits it.

        Raises QuotaExceeded if the client declares more.
        """
        if not body.media_type:
            raise BadRequest("The Content-Type header is missing; say what the body is, such as image/jpeg.")
        used, limit = self._of(pod, tx)
        if not limit:
            return None
        replaced = stored if op.method != "POST" else None
        # What makes the pod smaller is allowed though it stays over its limit (require_kept).
        least = replaced.size if replaced is not None else 0
        room = max(limit - used + (least if replaced is not None else -ENTRY_BYTES), least)
        if body.length is not None and body.length > room:
            raise _full(used, limit, body.length)
        return room

    def require_kept(self, before: Stored | None, written: Stored, tx: Transaction) -> None:
        """Raise QuotaExceeded if a write that was made and counted took the pod over its limit.

        What makes a pod smaller is always allowed, or nobody could get below the limit again.
        """
        if before is not None and written.size <= before.size:
            return
        used, limit = self._of(written.pod, tx)
        if limit and used > limit:
            more = written.size - before.size if before is not None else written.size + ENTRY_BYTES
            raise _full(used - more, limit, written.size)

    def _of(self, pod: int, tx: Transaction) -> tuple[int, int]:
        usage = tx.usage(pod)
        return usage.used, self._default if usage.quota is None else usage.quota


def _full(used: int, limit: int, size: int) -> QuotaExceeded:
    return QuotaExceeded(
        f"The pod holds {used:,} of {limit:,} bytes, so {size:,} more do not fit. "
        "Delete something, or ask the host for more room."
    )
