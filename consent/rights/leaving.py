"""What the register of rights keeps of a pod and loses with it: requests, duties, and who was told of a breach."""

from __future__ import annotations

from consent.rights import rights_sql
from pods.storage.base import Pod, Transaction


class RightsLeaving:
    """A layer of the pod host, told when a pod is removed. The register of breaches stays: it names nobody."""

    def leaving(self, tx: Transaction, pod: Pod) -> None:
        """Remove the rows of the pod."""
        rights_sql.forget_pod(tx, pod.key)
