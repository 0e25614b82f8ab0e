"""What a person can choose to open on a plain Solid server: documents by month and by name, never a container."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from consent.model import DataItem, OutputMode, PurposeDeclaration
from wallet import documents
from wallet.visit import Visit

_FOLDER = re.compile(r"/(\d{4}-(?:0[1-9]|1[0-2]))/$")
MOST_DOCUMENTS = 50  # of one grant: each takes some ten requests to a server that may be far away


@dataclass(frozen=True, slots=True)
class Choice:
    """Some documents of one shape under one tick. `month` is empty for a document outside of the months."""

    key: str
    shape: str
    month: str
    documents: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [address.rpartition("/")[2] for address in self.documents]


def readable(purpose: PurposeDeclaration) -> list[str]:
    """Return the shapes that a purpose wants to read one by one: all that a plain server can let anybody do."""
    return [item.shape for item in purpose.items if item.mode is OutputMode.ROWS]


def left_out(purpose: PurposeDeclaration) -> list[DataItem]:
    """Return what a purpose wants that such a server has not: totals, results, additions."""
    return [item for item in purpose.items if item.mode is not OutputMode.ROWS]


async def choices(visit: Visit, purpose: PurposeDeclaration) -> list[Choice]:
    """Return what the person has of each shape that a purpose wants to read; raise SolidError."""
    found: list[Choice] = []
    for shape in readable(purpose):
        for document in await documents.outside_months(visit, shape):
            found.append(Choice(f"{shape}/{document.name}", shape, "", (document.address,)))
        members = await visit.members(visit.place.containers[shape])
        folders = [member for member in members if _FOLDER.search(member)]
        for folder, inside in sorted(await visit.each(folders, visit.members), reverse=True):
            named = tuple(
                one for one in inside if not one.endswith(("/", documents.SIGNED)) and visit.inside(one)
            )
            month = _FOLDER.findall(folder)[0]
            if named:
                found.append(Choice(f"{shape}/{month}", shape, month, named))
    return found


def chosen(offered: Collection[Choice], ticked: Collection[str]) -> list[str]:
    """Return the documents of what was ticked; what was not offered cannot be added."""
    return [address for choice in offered if choice.key in ticked for address in choice.documents]
