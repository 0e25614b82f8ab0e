"""Query strings: a page of a container, or a format to download. Any other query is ignored, as it always was."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from pods.errors import BadRequest
from pods.protocol import rdf

FORMATS = {"ttl": rdf.TURTLE, "jsonld": rdf.JSON_LD, "nt": rdf.N_TRIPLES}
"""Values of `?as=`: the suffix of the file that a browser saves, and what is in it."""

MOST_A_PAGE = 1_000  # members; more would hold up other requests
MAX_QUERY = 4096  # characters; a cursor holds one name of 255 bytes at most
_CURSOR = re.compile(r"(\d{1,4})([<>])(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A page of a container: at most `limit` members, after or before a name, in the order of their names.

    A name and not a number says where a page begins: what is added or deleted elsewhere moves no page.
    """

    limit: int
    name: str = ""
    backwards: bool = False
    """The members just before `name`, or the last ones if there is no name."""

    def query(self) -> str:
        """Return the query string that leads to this page."""
        text = f"{self.limit}{'<' if self.backwards else '>'}{self.name}"
        return "page=" + urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Variant:
    """What of a resource an address with a query names; nothing in particular without one that we know."""

    page: Cursor | None = None
    form: str | None = None
    """The suffix of a format that is wanted whatever the Accept header says."""
    lost: bool = False
    """A page was named that is none of ours; of a container, that is a mistake (`page_of`)."""

    @property
    def leads_elsewhere(self) -> bool:
        """Say whether the address is that of a representation and not of the resource itself."""
        return self.page is not None or self.form is not None

    def page_of(self) -> Cursor | None:
        """Return the page of a container; raise BadRequest for one that is none of ours."""
        if self.lost:
            raise BadRequest("This address names no page of a container; start again from its first page.")
        return self.page


PLAIN = Variant()


@lru_cache(maxsize=1024)
def named(query: str) -> Variant:
    """Return what a query string names."""
    if len(query) > MAX_QUERY:
        return PLAIN
    found = dict(parse_qsl(query, max_num_fields=10) if query.count("&") < 10 else ())
    page = _cursor(found["page"]) if "page" in found else None
    form = found["as"] if found.get("as") in FORMATS else None
    return Variant(page, form, "page" in found and page is None)


def first_page(most: int) -> Cursor:
    """Return the first page of a container, of as many members as a client asked for and we give."""
    return Cursor(min(max(most, 1), MOST_A_PAGE))


def _cursor(text: str) -> Cursor | None:
    try:
        found = _CURSOR.match(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
    except (binascii.Error, ValueError):
        return None
    if found is None:
        return None
    return Cursor(min(max(int(found[1]), 1), MOST_A_PAGE), found[3], found[2] == "<")
