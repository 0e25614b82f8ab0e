"""The access log of each pod: lines sealed with the pod's key and chained by digests, bound by signed checkpoints."""

from __future__ import annotations

from pods.activity.checking import faults, verify
from pods.activity.line import DENY, PERMIT, Line
from pods.activity.reading import between, lines, newest
from pods.activity.recipients import Served, affected, served_to
from pods.activity.writing import append, append_many

__all__ = [
    "DENY",
    "PERMIT",
    "Line",
    "Served",
    "affected",
    "append",
    "append_many",
    "between",
    "faults",
    "lines",
    "newest",
    "served_to",
    "verify",
]
