"""Runs rules beside the pods in a few threads of its own, so that no claim holds up a request or a writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from consent.claims.reading import Deadline, Found, find
from consent.claims.terms import Asked
from pods.errors import Forbidden
from pods.storage.base import Pod, Store

THREADS = 2  # claims at once; the others wait here and nowhere else


class Evaluator:
    """Finds what a rule counts, on a snapshot and within the bounds of `reading`."""

    def __init__(self, store: Store, *, stopwatch: Callable[[], float], threads: int = THREADS) -> None:
        self._store = store
        self._stopwatch = stopwatch
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="claim")

    async def found(self, pod: Pod, asked: Asked) -> Found:
        """Return what the rule finds in a pod; raise Unprocessable if it is too much or takes too long."""
        return await asyncio.wrap_future(self._threads.submit(self._found, pod, asked))

    def _found(self, pod: Pod, asked: Asked) -> Found:
        deadline = Deadline(self._stopwatch)
        with self._store.reading() as tx:
            if tx.pod_by_key(pod.key) != pod:
                raise Forbidden("The pod is not here any more.")
            return find(tx, pod, asked, deadline)
