"""A line of the access log, and the text that it is sealed as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

PERMIT = "permit"
DENY = "deny"
HOUR = 3600
"""Seconds: what stands beside a sealed line says when it was written no finer than this."""


@dataclass(frozen=True, slots=True)
class Line:
    """Who did what to which resource, when, under which grant and for which purpose."""

    pod: int
    seq: int
    at: float
    agent: str | None
    client: str | None
    path: str
    action: str
    decision: str
    reason: str
    grant: str | None
    purpose: str | None
    prev: bytes
    digest: bytes


def shared_text(
    at: float,
    agent: str | None,
    client: str | None,
    path: str,
    action: str,
    decision: str,
    reason: str,
    purpose: str | None,
) -> bytes:
    """Return what the texts of one event begin with in every log; `with_grant` ends each."""
    return orjson.dumps([float(at), agent, client, path, action, decision, reason, purpose])[:-1] + b","


def with_grant(shared: bytes, grant: str | None) -> bytes:
    """Return the text of a line."""
    return shared + orjson.dumps(grant) + b"]"


def line_of(pod: int, seq: int, said: list[Any], prev: bytes, digest: bytes) -> Line:
    """Return the line whose text this is."""
    at, agent, client, path, action, decision, reason, purpose, grant = said
    return Line(pod, seq, at, agent, client, path, action, decision, reason, grant, purpose, prev, digest)


def hour_of(at: float) -> int:
    """Return the beginning of the hour, in seconds since 1970."""
    return int(at // HOUR) * HOUR
