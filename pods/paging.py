"""Pages of a container: some of its members, and the pages beside them (after Linked Data Platform Paging 1.0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pods.model import Path
from pods.protocol.variant import Cursor
from pods.storage import members_sql
from pods.storage.base import Entry, Transaction

LDP_PAGE = "http://www.w3.org/ns/ldp#Page"


@dataclass(frozen=True, slots=True)
class Page:
    """Some members, in the order of their names; None where there is no page beside."""

    cursor: Cursor
    members: Sequence[Entry]
    earlier: Cursor | None
    later: Cursor | None

    def links(self, address: str) -> list[tuple[str, str]]:
        """Return the Link fields of this page of the container at `address` (LDP Paging, 6.2)."""
        beside = {
            "first": Cursor(self.cursor.limit),
            "prev": self.earlier,
            "next": self.later,
            "last": Cursor(self.cursor.limit, backwards=True),
        }
        led = [f'<{address}?{cursor.query()}>; rel="{rel}"' for rel, cursor in beside.items() if cursor]
        return [("link", ", ".join([f'<{LDP_PAGE}>; rel="type"', f'<{address}>; rel="canonical"', *led]))]


def of_container(tx: Transaction, container: Path, cursor: Cursor) -> Page:
    """Return a page of a stored container; it costs as much as it has members, however many there are."""
    limit, name = cursor.limit, cursor.name
    if cursor.backwards:
        found = members_sql.before(tx, container, name, limit + 1)
        return _page(container, cursor, found[-limit:], earlier=len(found) > limit, later=bool(name))
    after = Path(container + name) if name else None
    found = tx.children(container, after=after, limit=limit + 1)
    return _page(container, cursor, found[:limit], earlier=bool(name), later=len(found) > limit)


def of_list(entries: Sequence[Entry], container: Path, cursor: Cursor) -> Page:
    """Return a page of members that were made or chosen already, such as those that a grant covers."""
    ordered = sorted(entries, key=lambda entry: _name(entry, container))
    limit, name = cursor.limit, cursor.name
    if cursor.backwards:
        left = [entry for entry in ordered if not name or _name(entry, container) < name]
        return _page(container, cursor, left[-limit:], earlier=len(left) > limit, later=bool(name))
    left = [entry for entry in ordered if _name(entry, container) > name]
    return _page(container, cursor, left[:limit], earlier=bool(name), later=len(left) > limit)


def _page(container: Path, cursor: Cursor, members: Sequence[Entry], *, earlier: bool, later: bool) -> Page:
    if not members:  # all of them were deleted since the address was given; the way back leads to the others
        back = Cursor(cursor.limit, backwards=True) if earlier else None
        return Page(cursor, members, back, Cursor(cursor.limit) if later else None)
    first, last = _name(members[0], container), _name(members[-1], container)
    return Page(
        cursor,
        members,
        Cursor(cursor.limit, first, backwards=True) if earlier else None,
        Cursor(cursor.limit, last) if later else None,
    )


def _name(entry: Entry, container: Path) -> str:
    return entry.path[len(container) :].rstrip("/")
