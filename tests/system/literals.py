"""Personal literals of pods, and the search for them in files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph

from apps.town.events import TEMPLATES
from vocab.shapes import CODE_LISTS

SHORTEST = 6
"""Shorter literals (a number, a category) stand everywhere by chance; this many characters are distinctive."""

PERSONAL = ("profile/", "purchases/", "participation/", "inbox/")


def literals_in(turtle: bytes) -> Iterator[str]:
    """Yield the text of every literal of a document that is long enough to be looked for."""
    for quad in pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE, base_iri="http://pod.example/"):
        if isinstance(quad.object, pyoxigraph.Literal) and len(quad.object.value) >= SHORTEST:
            yield quad.object.value


def personal_literals(pods: Path, people: Iterable[str]) -> frozenset[str]:
    """Return the literals of people's own documents, without those that are public elsewhere.

    Public are the code lists, the titles of public events, and what organisations say in their profiles.
    """
    database = sqlite3.connect(f"file:{pods}?mode=ro", uri=True)
    owners = set(people)
    personal: set[str] = set()
    public = {text for codes in CODE_LISTS.values() for code in codes.codes for text in code.label.values()}
    public |= {template.title for template in TEMPLATES}
    for name, content in database.execute(
        "SELECT name, content FROM resource WHERE media_type = 'text/turtle'"
    ):
        pod, _, path = name.removeprefix("/").partition("/")
        if pod in owners and path.startswith(PERSONAL) and not path.endswith(".acl"):
            personal.update(literals_in(content))
        elif pod not in owners:
            public.update(literals_in(content))
    database.close()
    return frozenset(personal - public)


def found_in(content: bytes, literals: Iterable[str]) -> set[str]:
    """Return those literals that occur anywhere in a file's bytes."""
    by_start: dict[bytes, list[bytes]] = {}
    for literal in literals:
        text = literal.encode()
        by_start.setdefault(text[:SHORTEST], []).append(text)
    found: set[str] = set()
    for place in range(len(content) - SHORTEST + 1):
        for text in by_start.get(content[place : place + SHORTEST], ()):
            if content.startswith(text, place):
                found.add(text.decode())
    return found
