"""What notifications keep of a pod goes with it."""

from __future__ import annotations

from pods.notify import channels_sql
from pods.storage.base import Pod, Transaction


class ChannelsLeaving:
    """Ends the channels that the owner of a pod made, and those that listen to the pod."""

    def leaving(self, tx: Transaction, pod: Pod) -> None:
        """Remove them in the transaction that closes the pod."""
        channels_sql.delete_of(tx, pod.owner, pod.key)
