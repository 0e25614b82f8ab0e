"""What every memory of proofs promises: a proof is good once, at whichever worker, however many ask at once."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pods.authn import replay
from pods.authn.replay import FileReplayGuard, ReplayGuard
from pods.authn.replay_sql import PostgresReplayGuard
from pods.protocol.dpop import Proof
from tests.contract.conftest import Opener

NOW = 1_772_366_400.0
Another = Callable[[], ReplayGuard]


def used(jti: str, at: float = NOW, key: str = "key") -> Proof:
    return Proof(thumbprint=key, jti=jti, issued_at=at)


@pytest.fixture
def another(address: str, tmp_path: Path, opener: Opener) -> Iterator[Another]:
    """A function that opens the memory as a worker does."""
    opener()  # makes the tables
    opened: list[ReplayGuard] = []

    def open_guard() -> ReplayGuard:
        opened.append(PostgresReplayGuard(address) if address else FileReplayGuard(tmp_path / "replay"))
        return opened[-1]

    yield open_guard
    for guard in opened:
        guard.close()


def test_a_proof_is_good_once(another: Another) -> None:
    guard = another()
    assert guard.first_use(used("a"), NOW)
    assert not guard.first_use(used("a"), NOW)
    assert guard.first_use(used("a", key="another key"), NOW)


async def test_a_proof_is_good_at_one_worker(another: Another) -> None:
    assert await replay.first_use(another(), used("a"), NOW)
    assert not await replay.first_use(another(), used("a"), NOW)


async def test_of_many_who_send_a_proof_on_one_loop_one_comes_in(another: Another) -> None:
    guards = [another(), another()]
    shown = [replay.first_use(guards[n % 2], used(f"{n // 16}"), NOW) for n in range(64)]
    answers = await asyncio.gather(*shown)
    assert [answers[n : n + 16].count(True) for n in range(0, 64, 16)] == [1] * 4


def test_of_many_who_send_a_proof_at_once_one_comes_in(another: Another) -> None:
    guards = [another(), another()]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: guards[n % 2].first_use(used("a"), NOW), range(64)))
    assert answers.count(True) == 1


async def test_a_proof_is_remembered_for_as_long_as_it_is_accepted(
    another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pods.authn.replay", "pods.authn.replay_sql"):
        monkeypatch.setattr(
            f"{module}.PURGE_EVERY", 2
        )  # a limit, so that the test needs no thousands of proofs
    guard = another()
    assert await replay.first_use(guard, used("old", NOW - replay.REMEMBER + 1), NOW)
    assert await replay.first_use(guard, used("older", NOW - replay.REMEMBER - 1), NOW)
    assert await replay.first_use(guard, used("new"), NOW)
    assert await replay.first_use(guard, used("newer"), NOW)
    assert not await replay.first_use(guard, used("old", NOW - replay.REMEMBER + 1), NOW)
    assert await replay.first_use(guard, used("older", NOW - replay.REMEMBER - 1), NOW)
