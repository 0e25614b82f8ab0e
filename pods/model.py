"""The values that travel through a pod host: agents, modes, operations and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from types import MappingProxyType
from typing import Any, NamedTuple, NewType

WebId = NewType("WebId", str)
"""An IRI that identifies a person or an organisation (WebID 1.0)."""

Path = NewType("Path", str)
"""A canonical resource path on this host, `/anna/profile/card`; a container ends with a slash."""

Clock = Callable[[], float]
"""Seconds since the epoch. Passed in; only a composition root reads the real clock."""


class Mode(IntFlag):
    """Access modes of Web Access Control; Write includes Append."""

    NONE = 0
    READ = 1
    APPEND = 2
    WRITE = 4
    CONTROL = 8


ALL_MODES = Mode.READ | Mode.APPEND | Mode.WRITE | Mode.CONTROL
_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Agent:
    """Who asks, as proved by a token. `webid` is None when the request carried no token at all."""

    webid: WebId | None
    client_id: str | None = None
    issuer: str | None = None
    claims: Mapping[str, Any] = field(default_factory=lambda: _NO_CLAIMS, repr=False, hash=False)
    """Verified claims of a requesting party token (UMA), empty for every other token."""
    origin: str | None = None
    """The Origin header of the request, for rules that name the app's origin; None where there was none."""


PUBLIC = Agent(None)


class Body(NamedTuple):
    """Content with its media type as the client stated it, parameters removed and lower-cased."""

    media_type: str
    content: bytes
    stream: AsyncIterator[bytes] | None = None
    """All of a body that is too large to be held in memory; `content` is then empty. It can be read once."""
    length: int | None = None
    """Bytes of the stream as the client declared them, if it did."""


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The conditional headers of RFC 9110 section 13; None where the header is absent."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None


NO_CONDITIONS = Preconditions()


class Operation(NamedTuple):
    """A request after parsing and authentication, before any decision."""

    method: str
    path: Path
    agent: Agent
    accept: str = "*/*"
    body: Body | None = None
    slug: str | None = None
    link_types: frozenset[str] = frozenset()
    conditions: Preconditions = NO_CONDITIONS
    range: str | None = None
    if_range: str | None = None
    prefer: str | None = None
    query: str = ""
    language: str = ""
    """What Accept-Language says; read only where a page for people is asked for."""


class Answer(NamedTuple):
    """What the rim writes out. `headers` hold what the resource decides; the rim adds CORS and the like."""

    status: int
    headers: Iterable[tuple[str, str]] = ()
    content: bytes = b""
    own_policy: bool = False
    """The headers hold a content security policy: this is a page that we made, not one that a stranger stored."""
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    """Opens content that is too large for `content`, which is then empty."""
    length: int | None = None
    """Bytes of a stream. None with empty `content` in an answer to HEAD: nobody counted them."""
