"""Conditional requests (RFC 9110, section 13) on strong entity tags."""

from __future__ import annotations

from collections.abc import Collection
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Protocol

from pods.errors import PreconditionFailed
from pods.model import Preconditions

STRONG_DATE_SECONDS = 60.0
TAG_BYTES = 12  # 96 bits: no two versions of a resource collide


class TagMaker(Protocol):
    """Makes the entity tag of content that comes in pieces."""

    def update(self, piece: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


def content_tag(media_type: str, content: bytes) -> str:
    """Return the entity tag of a document: a digest, so that equal content has an equal tag."""
    return blake2b(content, digest_size=TAG_BYTES, key=media_type.encode()[:64]).hexdigest()


def tag_maker(media_type: str) -> TagMaker:
    """Return what makes the same tag of pieces that `content_tag` makes of the whole."""
    return blake2b(digest_size=TAG_BYTES, key=media_type.encode()[:64])


def require(conditions: Preconditions, tags: Collection[str], modified: int | None) -> None:
    """Raise PreconditionFailed unless a write may go ahead.

    `tags` are the entity tags of every representation, empty if there is none; `modified` is in milliseconds.
    """
    if conditions.if_match is not None:
        # If-Match compares strongly: a weak tag never matches (8.8.3.2).
        if not _matches(conditions.if_match, tags, weak=False):
            raise PreconditionFailed("If-Match: the resource is not in the state you know; read it again.")
    elif conditions.if_unmodified_since is not None and modified is not None:
        since = _seconds(conditions.if_unmodified_since)
        if since is not None and modified // 1000 > since:
            raise PreconditionFailed("If-Unmodified-Since: the resource has changed; read it again.")
    if conditions.if_none_match is not None and _matches(conditions.if_none_match, tags, weak=True):
        raise PreconditionFailed("If-None-Match: there is such a resource already; it was left as it is.")


def not_modified(conditions: Preconditions, tag: str, modified: int) -> bool:
    """Say whether a read may answer 304: the client holds this representation already."""
    if conditions.if_none_match is not None:
        return _matches(conditions.if_none_match, (tag,), weak=True)
    if conditions.if_modified_since is not None:
        since = _seconds(conditions.if_modified_since)
        return since is not None and modified // 1000 <= since
    return False


def range_applies(if_range: str, tag: str, modified: int, now: float) -> bool:
    """Say whether If-Range lets a range be served: the client's part is of what there is now (RFC 9110, 13.1.5)."""
    wanted = if_range.strip()
    if wanted.startswith('"'):
        return wanted == f'"{tag}"'  # a strong comparison: W/"..." never begins with a quote
    # A date is a strong validator only if nothing else can have been written within its second (8.8.2.2).
    return wanted == http_date(modified) and now - modified / 1000 >= STRONG_DATE_SECONDS


def http_date(milliseconds: int) -> str:
    """Return a time as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return _http_date(milliseconds // 1000)


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _matches(header: str, tags: Collection[str], *, weak: bool) -> bool:
    if header.strip() == "*":
        return bool(tags)
    for part in header.split(","):
        candidate = part.strip()
        if candidate.startswith("W/"):
            if not weak:
                continue
            candidate = candidate[2:]
        if candidate.strip('"') in tags:
            return True
    return False


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
