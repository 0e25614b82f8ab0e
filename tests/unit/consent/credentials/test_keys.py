"""The keys for assertions: made once, rotated while serving, and never signing after they are retired."""

from pathlib import Path

from consent.credentials.keys import LEAD_SECONDS, AssertionKeys
from tests.conftest import SettableClock

ORIGIN = "https://pods.example"


def test_a_new_key_is_published_before_it_signs(tmp_path: Path, clock: SettableClock) -> None:
    path = tmp_path / "keys.json"
    keys = AssertionKeys.open(path, ORIGIN, clock=clock)
    old = keys.signer().method
    fresh = AssertionKeys.rotate(path, at=clock())
    assert keys.document()["assertionMethod"] == [f"{ORIGIN}/.consent/issuer#{fresh.public}", old]
    assert keys.signer().method == old
    clock.advance(LEAD_SECONDS)
    assert keys.signer().method.endswith(fresh.public)


def test_a_retired_key_verifies_and_has_no_secret_any_more(tmp_path: Path, clock: SettableClock) -> None:
    path = tmp_path / "keys.json"
    keys = AssertionKeys.open(path, ORIGIN, clock=clock)
    first = keys.kept()[0]
    for _ in range(2):
        AssertionKeys.rotate(path, at=clock())
        clock.advance(LEAD_SECONDS)
    kept = keys.kept()
    assert [one.seed is None for one in kept] == [False, False, True]
    assert (kept[-1].public, kept[-1].seed) == (first.public, None)
    assert len(keys.document()["assertionMethod"]) == 3


def test_two_rotations_in_a_row_leave_a_key_that_signs(tmp_path: Path, clock: SettableClock) -> None:
    path = tmp_path / "keys.json"
    keys = AssertionKeys.open(path, ORIGIN, clock=clock)
    first = keys.signer().method
    for _ in range(3):
        AssertionKeys.rotate(path, at=clock())
    assert keys.signer().method == first


def test_whoever_opens_it_later_finds_the_same_key_and_nobody_else_may_read_it(
    tmp_path: Path, clock: SettableClock
) -> None:
    path = tmp_path / "keys.json"
    one, other = (AssertionKeys.open(path, ORIGIN, clock=clock) for _ in range(2))
    assert one.signer().method == other.signer().method
    assert path.stat().st_mode & 0o777 == 0o600
