"""From a stored resource to the answer of a GET: view, negotiation, conditions, ranges."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from pods import listings
from pods.authz.base import Rights
from pods.errors import NotAcceptable, RangeNotSatisfiable
from pods.kept import Kept
from pods.listings import Listing
from pods.long_listings import AT_ONCE, LongListings
from pods.model import NO_CONDITIONS, Answer, Clock, Mode, Operation, Path
from pods.pages.looks import language_of
from pods.pages.page import EDITION, FIELDS, MEMBERS, ResourcePages
from pods.paging import Page
from pods.protocol import conditions, headers, listing, negotiate, rdf, target
from pods.protocol import variant as variants
from pods.protocol.variant import Variant
from pods.storage.base import Entry, Stored, Transaction

ROOM = 16 * 1024 * 1024  # bytes of one worker for listings, conversions and pages
LARGE_SOURCE = 64 * 1024  # bytes; converting more takes so long that others would wait

_SUFFIXES = {rdf.TURTLE: "-t", rdf.JSON_LD: "-j", rdf.N_TRIPLES: "-n"}
_OFFERS = {stored: (stored, *(other for other in rdf.OFFERED if other != stored)) for stored in rdf.OFFERED}
_PLAIN_RANGE = "bytes"


def tags(etag: str) -> frozenset[str]:
    """Return the entity tags of all representations of a resource, any of which If-Match may name."""
    return frozenset((etag, *(etag + suffix for suffix in _SUFFIXES.values())))


def _is_current(op: Operation, stored: Stored, tag: str) -> bool:
    """Say whether the client holds this representation already; raise PreconditionFailed."""
    known = tags(stored.etag) | {tag}
    conditions.require(replace(op.conditions, if_none_match=None), known, stored.modified)
    return conditions.not_modified(op.conditions, tag, stored.modified)


def _auxiliary(path: Path, rights: Rights, tx: Transaction) -> tuple[str, ...]:
    """Return the suffixes of the auxiliary resources that are there and that the reader of their subject may read."""
    if target.is_auxiliary(path) or rights.view is not None:  # a grant opens no description
        return ()
    readable = target.AUXILIARY if Mode.CONTROL in rights.user else (target.META,)
    return tuple(suffix for suffix in readable if tx.get(Path(path + suffix)) is not None)


def _saved_as(path: Path, suffix: str) -> str:
    """Return what a browser calls the file that it saves (RFC 6266, 4.3); paths are ASCII already."""
    name = path.rstrip("/").rpartition("/")[2].removesuffix(f".{suffix}") or "container"
    return f"attachment; filename*=UTF-8''{quote(name, safe='%')}.{suffix}"


OpenBlob = Callable[[Operation, str, int, int], AsyncIterator[bytes]]
"""Reads a blob for an operation, from the first through the last position."""


class Slow(Exception):
    """What was asked for takes long to make. `make` does it, in any thread; ask again afterwards."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        super().__init__("the representation must be made first")
        self.make = make


class _Long(Exception):
    """A container has too many members to be listed in one go."""

    def __init__(self, stored: Stored, first: Sequence[Entry]) -> None:
        super().__init__("the listing is streamed")
        self.stored = stored
        self.first = first


class Representations:
    """Makes answers of stored resources; keeps what was costly to make by entity tag, bounded by bytes."""

    def __init__(
        self, base_url: str, pages: ResourcePages, long: LongListings, open_blob: OpenBlob, clock: Clock
    ) -> None:
        self._base = base_url
        self._pages = pages
        self._long = long
        self._open_blob = open_blob
        self._clock = clock
        self._kept: Kept[tuple[Path, str], bytes] = Kept(ROOM)

    def answer(self, op: Operation, stored: Stored, rights: Rights, tx: Transaction) -> Answer:
        """Return the representation that the client prefers; raise NotAcceptable if there is none."""
        if rights.view is not None:
            # A view shows what it made of the content that it was given. Of a blob it was given none.
            stored = rights.view.document(stored, tx)._replace(blob=None)
        described = [
            *headers.descriptive(self._base, stored.path),
            ("wac-allow", headers.wac_allow(rights.user, rights.public)),
            ("last-modified", conditions.http_date(stored.modified)),
        ]
        if not rdf.is_rdf(stored.media_type):
            return self._plain(op, stored, described)
        variant = variants.named(op.query) if op.query else variants.PLAIN
        offers = _OFFERS[stored.media_type]
        if variant.form is not None:
            wanted: str | None = variants.FORMATS[variant.form]
            described.append(("content-disposition", _saved_as(stored.path, variant.form)))
        elif "html" in op.accept and negotiate.prefers_html(op.accept, offers):
            return self._page(op, variant, stored, described, rights, tx)
        else:
            wanted = negotiate.preferred(op.accept, offers)
        if wanted is None:
            raise NotAcceptable(f"This resource can be read as {', '.join((*rdf.OFFERED, negotiate.HTML))}.")
        if stored.path.endswith("/"):
            shown = listings.chosen(op, variant, stored, rights, tx, self._base)
            stored = shown.stored
            described = headers.joined([*described, *shown.fields])
            make: Callable[[], bytes] = partial(self._listed, shown, rights, tx)
        else:
            make = lambda: stored.content  # noqa: E731  # the content as it stands
        tag = stored.etag if wanted == stored.media_type else stored.etag + _SUFFIXES[wanted]
        described.append(("etag", f'"{tag}"'))
        if op.conditions != NO_CONDITIONS and _is_current(op, stored, tag):
            return Answer(304, described)
        described.append(("content-type", wanted))
        as_stored = wanted == stored.media_type
        if op.method == "HEAD" and not (as_stored and stored.content):
            return Answer(200, described)  # nothing is listed or converted to be thrown away
        try:
            content = make() if as_stored else self._converted(stored, wanted, tag, make)
        except _Long as long:
            pieces = partial(self._long.pieces, op, long.stored, long.first, wanted)
            return Answer(200, described, stream=pieces)
        return Answer(200, described, content)

    def _page(
        self,
        op: Operation,
        variant: Variant,
        stored: Stored,
        described: list[tuple[str, str]],
        rights: Rights,
        tx: Transaction,
    ) -> Answer:
        """Return the page that people read, or raise Slow: pages are made off the event loop, and kept."""
        language = language_of(op.language)
        page: Page | None = None
        tag = stored.etag
        if stored.path.endswith("/"):
            page = listings.page_of(stored, variant.page_of() or variants.first_page(MEMBERS), rights, tx)
            tag = listings.page_tag(stored, page, rights, tx)
            if rights.view is None:
                stored = stored._replace(content=stored.content + self._said_of(stored.path, tx))
        beside = _auxiliary(stored.path, rights, tx)
        # Who may see more has another page.
        tag = f"{tag}-h{language}{EDITION}{''.join(suffix[1] for suffix in beside)}"
        described += [*FIELDS, ("etag", f'"{tag}"')]
        if op.conditions != NO_CONDITIONS and _is_current(op, stored, tag):
            return Answer(304, described, own_policy=True)
        pod = tx.pod_by_key(stored.pod)
        owner = pod.owner if pod is not None else None
        # The owner stands on the page, and a name of a pod may one day be somebody else's.
        key = (stored.path, f"{tag} {owner}")
        content = self._kept.get(key)
        if content is None and op.method == "HEAD":
            return Answer(200, described, own_policy=True)
        if content is None:
            raise Slow(lambda: self._put(key, self._pages.of(stored, page, owner, language, beside)))
        return Answer(200, described, content, own_policy=True)

    def _converted(self, stored: Stored, wanted: str, tag: str, make: Callable[[], bytes]) -> bytes:
        key = (stored.path, tag)
        content = self._kept.get(key)
        if content is not None:
            return content
        source, address = make(), self._base + stored.path

        def convert() -> bytes:
            return self._put(key, rdf.convert(stored.media_type, wanted, source, address))

        if len(source) > LARGE_SOURCE:
            raise Slow(convert)
        return convert()

    def _plain(self, op: Operation, stored: Stored, described: list[tuple[str, str]]) -> Answer:
        described += [
            ("etag", f'"{stored.etag}"'),
            ("content-type", stored.media_type),
            ("accept-ranges", _PLAIN_RANGE),
        ]
        if op.conditions != NO_CONDITIONS and _is_current(op, stored, stored.etag):
            return Answer(304, described)
        length = stored.size
        asked = headers.byte_range(op.range, length) if op.range and self._ranged(op, stored) else None
        if asked is None:
            return self._part(op, stored, 200, described, 0, length - 1)
        first, last = asked
        if first < 0:
            raise RangeNotSatisfiable(
                f"The resource has {length} bytes.", headers=(("content-range", f"bytes */{length}"),)
            )
        described.append(("content-range", f"bytes {first}-{last}/{length}"))
        return self._part(op, stored, 206, described, first, last)

    def _ranged(self, op: Operation, stored: Stored) -> bool:
        """Say whether the Range field counts: for GET alone (RFC 9110, 14.2), and if If-Range holds."""
        return op.method == "GET" and (
            op.if_range is None
            or conditions.range_applies(op.if_range, stored.etag, stored.modified, self._clock())
        )

    def _part(
        self,
        op: Operation,
        stored: Stored,
        status: int,
        described: list[tuple[str, str]],
        first: int,
        last: int,
    ) -> Answer:
        length, key = last - first + 1, stored.blob
        if key is None:
            content = stored.content if status == 200 else stored.content[first : last + 1]
            return Answer(status, described, content, length=length)
        pieces = partial(self._open_blob, op, key, first, last)
        return Answer(status, described, stream=pieces, length=length)

    def _listed(self, shown: Listing, rights: Rights, tx: Transaction) -> bytes:
        stored, members = shown.stored, shown.members
        key = (stored.path, stored.etag)
        content = self._kept.get(key)
        if content is not None:
            return content
        if rights.view is None:  # a grant opens no description
            stored = stored._replace(content=stored.content + self._said_of(stored.path, tx))
        if members is None:
            members = tx.children(stored.path, limit=AT_ONCE + 1)
            if len(members) > AT_ONCE:
                raise _Long(stored, members)
        return self._put(key, listing.turtle(stored, members))

    def _said_of(self, container: Path, tx: Transaction) -> bytes:
        """Return what the description of a container says of it, or raise Slow; a new one gives it a new tag."""
        found = tx.get(Path(container + target.META))
        if found is None:
            return b""
        key = (found.path, found.etag)
        said = self._kept.get(key)
        if said is None and len(found.content) > LARGE_SOURCE:
            raise Slow(lambda: self._put(key, listing.described(container, found, self._base)))
        return listing.described(container, found, self._base) if said is None else said

    def _put(self, key: tuple[Path, str], content: bytes) -> bytes:
        return self._kept.put(key, content, len(content))
