"""What the operator's commands work with: the pod host's core, opened without serving."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from consent.main import key_files, schemas
from consent.shaping import Shaping
from pods.identity.same_keys import KeyFile, of_signing_keys
from pods.main import SIGNING_KEYS, Core, open_core
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


def every_key_file(core: Core) -> list[KeyFile]:
    """Return the keys in the data folder that all machines on one database must have alike."""
    return [of_signing_keys(SIGNING_KEYS, core.keys), *key_files(core)]
