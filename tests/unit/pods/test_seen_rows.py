"""What a batch on PostgreSQL remembers of rows stays what the database would answer, or is asked for anew."""

import pytest

from pods.storage.postgres_rows import SeenRows
from pods.storage.transaction import COUNT, INSERT, REMOVE, REPLACE, TOUCH

CONTAINER = ("/anna/c", 1, 7, "text/turtle", b"", "tag", 1, None, 0)
DOCUMENT = ("/anna/c/x", 0, 7, "text/plain", b"one", "tag", 1, None, 3)


@pytest.fixture
def seen() -> SeenRows:
    rows = SeenRows()
    rows.learn(["/anna/c", "/anna/c/x", "/anna/c/y"], [CONTAINER, DOCUMENT])
    return rows


def test_what_was_not_there_is_known_too(seen: SeenRows) -> None:
    assert seen.of(["/anna/c/y", "/anna/c/x"]) == [DOCUMENT]
    assert seen.of(["/anna/c/x", "/anna/c/z"]) is None
    assert seen.missing(["/anna/c/z", "/anna/c", "/anna/c/z"]) == ["/anna/c/z"]


def test_what_is_written_is_seen(seen: SeenRows) -> None:
    seen.change(INSERT, ("/anna/c/y", True, "/anna/c/", 7, "text/turtle", "t2", 2, 4, b"four", None))
    seen.change(REPLACE, ("text/html", b"two", 3, "t3", 3, "blob", "/anna/c/x"))
    seen.change(TOUCH, ("t4", 4, "/anna/c"))
    assert seen.of(["/anna/c/y", "/anna/c/x", "/anna/c"]) == [
        ("/anna/c/y", 1, 7, "text/turtle", b"four", "t2", 2, None, 4),
        ("/anna/c/x", 0, 7, "text/html", b"two", "t3", 3, "blob", 3),
        ("/anna/c", 1, 7, "text/turtle", b"", "t4", 4, None, 0),
    ]
    seen.change(REMOVE, ("/anna/c/x",))
    assert seen.of(["/anna/c/x"]) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE resource SET media_type = ?",
        "DELETE FROM resource WHERE pod = ?",
        "DELETE FROM pod WHERE key = ?",
        "WITH x AS (DELETE FROM resource WHERE pod = ? RETURNING name) SELECT count(*) FROM x",
    ],
)
def test_after_any_other_change_of_resources_everything_is_asked_for_anew(
    seen: SeenRows, change: str
) -> None:
    seen.change(change, (7,))
    assert seen.of(["/anna/c/x"]) is None


def test_a_change_elsewhere_is_none_of_resources(seen: SeenRows) -> None:
    seen.learn_use(7, 100, None)
    seen.change(
        "INSERT INTO change (pod, path, kind, at) VALUES (?, ?, ?, ?)", (7, "/anna/c/x", "Update", 1.0)
    )
    assert seen.of(["/anna/c/x"]) == [DOCUMENT]
    assert seen.counted(5, 7) == [(105, None)]


def test_what_a_pod_uses_is_counted_on(seen: SeenRows) -> None:
    assert seen.uncounted() == {7}
    assert seen.counted(5, 7) is None
    seen.learn_use(7, 100, 1000)
    seen.change(COUNT, (5, 7))
    assert seen.counted(5, 7) == [(105, 1000)]
    assert seen.counted(-15, 7) == [(90, 1000)]
    assert seen.uncounted() == set()
    seen.change("UPDATE pod SET quota = ? WHERE key = ?", (1, 7))
    assert seen.counted(5, 7) is None
