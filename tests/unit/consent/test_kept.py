"""Filtered documents that are kept: by everything they are made of."""

from dataclasses import replace

from consent import kept
from consent.kept import Made, Shown
from pods.model import Path

ONE = Made(Path("/anna/purchases/1.ttl"), "tag", "grant", "Purchase", ("total",))


def test_what_was_made_is_found_again() -> None:
    memory = kept.room()
    shown = memory.put(ONE, Shown(b"total", "shown"), 5)
    assert memory.get(replace(ONE)) is shown


def test_nothing_is_found_for_anything_made_of_something_else() -> None:
    memory = kept.room()
    memory.put(ONE, Shown(b"total", "shown"), 5)
    for other in (
        replace(ONE, path=Path("/anna/purchases/2.ttl")),
        replace(ONE, etag="changed"),
        replace(ONE, grant="another"),
        replace(ONE, shape="Profile"),
        replace(ONE, properties=("total", "seller")),
        replace(ONE, properties=()),
    ):
        assert memory.get(other) is None, other
