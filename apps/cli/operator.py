"""What the operator's commands work with: the pod host's core, opened without serving."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from consent.main import schemas
from consent.shaping import Shaping
from pods.main import Core, open_core
from pods.settings import PodSettings


@contextmanager
def operator_core(settings: PodSettings) -> Iterator[Core]:
    """Open the database of the pod host for an operator's command; works beside a running server."""
    core = open_core(settings, time.time, schemas=schemas())
    # What the operator writes is an instance of a shape like anything else; a grant reaches nothing that is not noted.
    core.store.observe(Shaping(settings.pod_url))
    try:
        yield core
    finally:
        core.close()
