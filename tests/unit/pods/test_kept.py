"""What a worker keeps because making it is costly: what was asked for last, within its room."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

from pods.kept import ENTRY, Kept

TEN = 10 + ENTRY  # bytes that a value of ten takes


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    kept: Kept[str, bytes] = Kept(2 * TEN)
    kept.put("first", bytes(10), 10)
    kept.put("second", bytes(10), 10)
    assert kept.get("first") is not None
    kept.put("third", bytes(10), 10)
    assert kept.get("first") is not None
    assert kept.get("second") is None


def test_the_last_one_stays_however_large_and_goes_with_the_next() -> None:
    kept: Kept[str, bytes] = Kept(5)
    kept.put("large", bytes(10), 10)
    assert kept.get("large") is not None
    kept.put("next", bytes(3), 3)
    assert kept.get("large") is None


def test_room_is_counted_once_for_what_is_put_again() -> None:
    kept: Kept[str, bytes] = Kept(2 * TEN)
    for _ in range(5):
        kept.put("again", bytes(10), 10)
    kept.put("next", bytes(10), 10)
    assert kept.get("again") is not None


def test_a_value_that_grew_counts_as_what_it_is_now() -> None:
    kept: Kept[str, bytes] = Kept(2 * TEN)
    kept.put("other", bytes(10), 10)
    kept.put("grown", bytes(10), 10)
    kept.put("grown", bytes(20), 20)
    assert kept.get("other") is None
    assert kept.get("grown") == bytes(20)


def test_what_is_stale_goes_from_the_oldest_on_and_gives_its_room_back() -> None:
    kept: Kept[int, float] = Kept(3 * TEN)
    for until in (1.0, 2.0, 9.0):
        kept.put(int(until), until, 10)
    kept.forget_while(lambda until: until < 5)
    assert (kept.get(1), kept.get(2), kept.get(9)) == (None, None, 9.0)
    kept.put(10, 10.0, 10)
    kept.put(11, 11.0, 10)
    assert kept.get(9) is not None
    kept.forget_while(lambda until: True)
    assert kept.get(9) is None


def test_many_small_values_take_no_more_memory_than_the_room() -> None:
    room = 4 * 2**20
    kept: Kept[tuple[str, str], bytes] = Kept(room)
    tracemalloc.start()
    try:
        for number in range(4 * room // ENTRY):
            kept.put(
                (f"/anna/a/rather/long/path/{number}.ttl", f"{number:024x}-j"),
                bytes(number % 50),
                number % 50,
            )
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert room / 4 < held < room


def test_threads_that_put_and_ask_at_once_leave_the_count_right() -> None:
    kept: Kept[int, bytes] = Kept(20 * TEN)

    def busy(seed: int) -> None:
        for number in range(2000):
            key = (seed * number) % 50
            found = kept.get(key)
            assert found is None or len(found) == 10
            kept.put(key, bytes(10), 10)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(busy, (1, 3, 7, 11)))
    for key in range(100, 120):
        kept.put(key, bytes(10), 10)
    assert all(kept.get(key) is not None for key in range(100, 120))
    assert all(kept.get(key) is None for key in range(50))
