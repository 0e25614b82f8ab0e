"""Containers as representations: whole, a page, or the container without its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from pods import generated, paging
from pods.authz.base import Rights
from pods.model import Operation
from pods.paging import Page
from pods.protocol import conditions, headers, listing, prefer, target
from pods.protocol.variant import Cursor, Variant, first_page
from pods.storage.base import Entry, Stored, Transaction

_VARY = ("vary", "Prefer")  # RFC 7240, 2: a preference that changes the answer is named there
_APPLIED = ("preference-applied", "return=representation")


@dataclass(frozen=True, slots=True)
class Listing:
    """What is to be shown of a container. `stored` has the entity tag of exactly this."""

    stored: Stored
    fields: Sequence[tuple[str, str]]
    members: Sequence[Entry] | None
    """None if they are still to be read: all that there are."""


def chosen(
    op: Operation, variant: Variant, stored: Stored, rights: Rights, tx: Transaction, base: str
) -> Listing:
    """Return what of a container an operation asks for, by its query or by its Prefer field."""
    wanted = prefer.read(op.prefer) if op.prefer else prefer.NONE
    fields = [_VARY]
    if stored.path == target.pod_root(stored.path) and (pod := tx.pod_by_key(stored.pod)) is not None:
        fields.append(("link", headers.owner_link(pod.owner)))
    asked = variant.page_of()
    if asked is None and wanted.minimal:
        return _minimal(stored, fields, rights, tx)
    cursor = asked or (first_page(wanted.most) if wanted.most is not None else None)
    if cursor is not None:
        page = page_of(stored, cursor, rights, tx)
        fields += page.links(base + stored.path)
        if asked is None:
            # Not 303 to the first page (LDP Paging, 6.2.7): a redirect that is followed by itself would show the
            # same DPoP proof twice. Content-Location (RFC 9110, 8.7) says what this is.
            fields += [_APPLIED, ("content-location", f"{base}{stored.path}?{cursor.query()}")]
        return _page(stored, page, fields, rights, tx)
    made = generated.container(stored, tx)
    if made is None and rights.view is None:
        return Listing(stored, fields, None)
    stored, members = made or (stored, tx.children(stored.path))
    if rights.view is not None:
        members = list(rights.view.members(members, tx))
    return Listing(_tagged(stored, members), fields, members)


def page_of(stored: Stored, cursor: Cursor, rights: Rights, tx: Transaction) -> Page:
    """Return a page of any container, stored or made, of members that the agent may see."""
    made = generated.container(stored, tx)
    if made is None and rights.view is None:
        return paging.of_container(tx, stored.path, cursor)
    members: Sequence[Entry] = made[1] if made is not None else tx.children(stored.path)
    if rights.view is not None:
        # Chosen before they are counted: a page must not tell how much was left out, or what comes next.
        members = rights.view.members(members, tx)
    return paging.of_list(members, stored.path, cursor)


def page_tag(stored: Stored, page: Page, rights: Rights, tx: Transaction) -> str:
    """Return the entity tag of a page: new whenever the container is, but of what is hidden it tells nothing."""
    if rights.view is not None or generated.container(stored, tx) is not None:
        return _tagged(stored, page.members).etag
    return f"{stored.etag}-p{blake2b(page.cursor.query().encode(), digest_size=6).hexdigest()}"


def _minimal(stored: Stored, fields: list[tuple[str, str]], rights: Rights, tx: Transaction) -> Listing:
    fields.append(_APPLIED)
    if rights.view is not None or generated.container(stored, tx) is not None:
        return Listing(_tagged(stored, ()), fields, ())
    return Listing(stored._replace(etag=stored.etag + "-m"), fields, ())


def _page(
    stored: Stored, page: Page, fields: list[tuple[str, str]], rights: Rights, tx: Transaction
) -> Listing:
    return Listing(stored._replace(etag=page_tag(stored, page, rights, tx)), fields, page.members)


def _tagged(stored: Stored, members: Sequence[Entry]) -> Stored:
    content = listing.turtle(stored, members)
    return stored._replace(etag=conditions.content_tag(stored.media_type, content))
