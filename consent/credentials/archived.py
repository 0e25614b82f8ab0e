"""What leaves with a pod: its consent records and receipts with proofs, and the keys to verify them with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from consent.credentials import proofs, recorded
from consent.credentials.issuing import Issuing
from consent.credentials.keys import AssertionKeys
from consent.credentials.recorded import Told
from pods.errors import NotFound
from pods.storage.base import Pod, Transaction


class Archived:
    """Attests the consents of a pod all at once. Each proof takes some milliseconds."""

    def __init__(self, keys: AssertionKeys, issuing: Issuing) -> None:
        self._keys = keys
        self._issuing = issuing

    def of_pod(
        self, tx: Transaction, pod: Pod, grants: Iterable[str], at: float
    ) -> tuple[Mapping[str, Any], Iterator[Mapping[str, Any]]]:
        """Return the document of the keys, and a credential for each record and each receipt, made when taken."""
        signer = self._keys.signer()
        found = (
            proofs.secured_as_told(told.document, told.statements, signer, at)
            for told in self._credentials(tx, pod, grants, at)
        )
        return self._keys.document(), found

    def _credentials(self, tx: Transaction, pod: Pod, grants: Iterable[str], at: float) -> Iterator[Told]:
        for grant in grants:
            for kind in (recorded.RECORD, recorded.RECEIPT):
                try:
                    yield self._issuing.record(tx, pod.owner, grant, kind, at)
                except NotFound:
                    continue  # who refused has no receipt
