"""Whatever is divided, nobody gets less than nothing and no cent is lost or made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.valueback.allotment import QUORUM, allotted, payout, value_of
from apps.valueback.programme import programme
from apps.valueback.split import divided, divided_among
from tests.valueback_stage import programme as wanted

WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any)
AMOUNTS = st.dictionaries(
    st.text("abcdef0123456789", min_size=4, max_size=8), st.integers(1, 10**7), min_size=1
)


def published(rate: tuple[int, int], member_bp: int):  # type: ignore[no-untyped-def]  # the value's type says it
    document = wanted(rate={"cents": rate[0], "per": rate[1]}, member_bp=member_bp)
    keys = {"keys": [{"kty": "OKP"}]}
    return programme(
        {
            **document,
            "id": "http://localhost:8082/valueback/programmes/ristorno/1",
            "series": "http://localhost:8082/valueback/programmes/ristorno",
            "version": 1,
            "organisation": "coop",
            "minimum_trust": 3,
            "issuers": [{"iri": iri, "name": iri, "jwks": keys} for iri in document["issuers"]],
        }
    )


@given(whole=st.integers(0, 10**12), weights=WEIGHTS)
def test_parts_sum_to_the_whole_and_are_within_a_cent_of_the_exact_one(
    whole: int, weights: list[int]
) -> None:
    parts, total = divided(whole, weights), sum(weights)
    assert sum(parts) == whole
    assert all(
        abs(part * total - whole * weight) < total for part, weight in zip(parts, weights, strict=True)
    )
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(whole=st.integers(0, 10**9), amounts=AMOUNTS, data=st.data())
def test_the_order_of_members_decides_nothing(
    whole: int, amounts: dict[str, int], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(amounts.items()))))
    assert divided_among(whole, shuffled) == divided_among(whole, amounts)


@pytest.mark.parametrize(("whole", "weights"), [(-1, [1]), (1, [0]), (1, []), (5, [1, -1])])
def test_what_nobody_can_get_is_not_divided(whole: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="divided"):
        divided(whole, weights)


@given(
    amounts=AMOUNTS,
    rate=st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)),
    member_bp=st.integers(0, 10_000),
    left=st.integers(0, 10**10),
)
def test_a_run_gives_what_is_due_or_what_is_left_and_splits_it_whole(
    amounts: dict[str, int], rate: tuple[int, int], member_bp: int, left: int
) -> None:
    found = published(rate, member_bp)
    shares = allotted(found, amounts, left)
    assert set(shares) == set(amounts)
    given_away = sum(share + pool for share, pool in shares.values())
    assert given_away == min(value_of(found, sum(amounts.values())), left)
    assert all(share >= 0 and pool >= 0 for share, pool in shares.values())


@given(
    pool=st.integers(0, 10**9),
    votes=st.dictionaries(st.sampled_from(["orti", "biblio", "ciclo"]), st.integers(0, 500)),
)
def test_the_pool_is_paid_out_whole_and_never_by_few(pool: int, votes: dict[str, int]) -> None:
    projects = ["orti", "biblio", "ciclo"]
    paid = payout(pool, votes, projects)
    assert sum(paid.values()) == pool
    if sum(votes.values()) < QUORUM:
        assert paid == payout(pool, {}, projects)
    else:
        assert all(votes.get(project) for project in paid)
