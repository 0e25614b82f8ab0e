"""Filtered documents that are kept: by everything they are made of, while there is room."""

from dataclasses import replace

from consent.kept import Kept, Made, Shown
from pods.model import Path

ONE = Made(Path("/anna/purchases/1.ttl"), "tag", "grant", "Purchase", ("total",))


def test_what_was_made_is_found_again() -> None:
    kept = Kept()
    shown = kept.put(ONE, Shown(b"total", "shown"))
    assert kept.get(ONE) is shown


def test_nothing_is_found_for_anything_made_of_something_else() -> None:
    kept = Kept()
    kept.put(ONE, Shown(b"total", "shown"))
    for other in (
        replace(ONE, path=Path("/anna/purchases/2.ttl")),
        replace(ONE, etag="changed"),
        replace(ONE, grant="another"),
        replace(ONE, shape="Profile"),
        replace(ONE, properties=("total", "seller")),
        replace(ONE, properties=()),
    ):
        assert kept.get(other) is None, other


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    kept = Kept(room=25)
    first, second, third = (replace(ONE, etag=tag) for tag in ("1", "2", "3"))
    kept.put(first, Shown(bytes(10), ""))
    kept.put(second, Shown(bytes(10), ""))
    assert kept.get(first) is not None
    kept.put(third, Shown(bytes(10), ""))
    assert kept.get(first) is not None
    assert kept.get(second) is None


def test_the_last_one_stays_however_large_and_goes_with_the_next() -> None:
    kept = Kept(room=5)
    kept.put(ONE, Shown(bytes(10), ""))
    assert kept.get(ONE) is not None
    kept.put(replace(ONE, etag="2"), Shown(bytes(3), ""))
    assert kept.get(ONE) is None


def test_room_is_counted_once_for_what_is_put_again() -> None:
    kept = Kept(room=25)
    for _ in range(5):
        kept.put(ONE, Shown(bytes(10), ""))
    kept.put(replace(ONE, etag="2"), Shown(bytes(10), ""))
    assert kept.get(ONE) is not None
