"""A person's choice among what a purpose asks for: never more than that."""

from __future__ import annotations

from collections.abc import Sequence

from consent.model import DataItem, PurposeDeclaration
from pods.errors import Unprocessable


def subset(chosen: Sequence[DataItem], purpose: PurposeDeclaration) -> tuple[DataItem, ...]:
    """Return the choice in the declaration's order; raise Unprocessable if it is not a part of what is asked."""
    for number, item in enumerate(chosen):
        if not any(asked.covers(item) for asked in purpose.items):
            raise Unprocessable(f"grant-request at /items/{number}: the purpose does not ask for this.")
    found = []
    for asked in purpose.items:
        names = {name for item in chosen if asked.covers(item) for name in item.properties}
        if names:
            kept = tuple(name for name in asked.properties if name in names)
            found.append(DataItem(asked.shape, kept, asked.mode))
    return tuple(found)
