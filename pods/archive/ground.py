"""What export and import need of the pod host."""

from __future__ import annotations

from typing import Protocol

from pods.identity.host import Host
from pods.storage.blobs import BlobStore


class Ground(Host, Protocol):
    """The parts of a pod host that pods travel through; `pods.main.Core` is one."""

    @property
    def blobs(self) -> BlobStore: ...
