"""What a posted answer grants: never more than was asked, never longer than the purpose."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from consent.model import DataItem, OutputMode, PurposeDeclaration, PurposeIri
from pods.model import WebId
from wallet.views.requests import DAY, chosen_items, expiry

ASKED = (
    DataItem("Profile", ("ageClass", "district"), OutputMode.AGGREGATE_ONLY),
    DataItem("Purchase", ("total", "category"), OutputMode.ROWS),
    DataItem("Purchase", ("orderedAt", "total"), OutputMode.CLAIM),
)
TICKS = [
    "Profile/aggregateOnly/",
    "Profile/aggregateOnly/ageClass",
    "Profile/rows/ageClass",
    "Profile/aggregateOnly/email",
    "Purchase/rows/total",
    "Purchase/rows/category",
    "Purchase/claim/",
    "ValueShare/rows/share",
    "",
]


def purpose(valid_until: float) -> PurposeDeclaration:
    return PurposeDeclaration(
        iri=PurposeIri("https://h.example/.consent/purposes/p/1"),
        identifier="p",
        controller=WebId("https://c.example/#it"),
        version=1,
        title={},
        text={},
        consequence_of_refusal={},
        legal_basis="gdpr:A6-1-a",
        items=ASKED,
        recipients=(),
        retention_days=1,
        valid_until=valid_until,
        notice_digest="",
        digest="",
    )


@given(st.sets(st.sampled_from(TICKS)))
def test_no_form_grants_more_than_was_asked(ticked: set[str]) -> None:
    chosen = chosen_items(ASKED, FormData([("item", tick) for tick in ticked]))
    for item in chosen:
        assert any(asked.covers(item) for asked in ASKED)


def test_a_part_is_the_part_that_was_ticked() -> None:
    form = FormData([("item", "Profile/aggregateOnly/district"), ("item", "Purchase/claim/")])
    assert chosen_items(ASKED, form) == (
        DataItem("Profile", ("district",), OutputMode.AGGREGATE_ONLY),
        DataItem("Purchase", ("orderedAt", "total"), OutputMode.CLAIM),
    )


def test_nothing_ticked_is_nothing_granted() -> None:
    assert chosen_items(ASKED, FormData()) == ()


@given(st.sampled_from(["90", "180", "365", "end", "", "100000"]), st.floats(1, 4000))
def test_a_consent_never_outlives_its_purpose(period: str, days: float) -> None:
    now = 1_700_000_000.0
    end = expiry(period, purpose(now + days * DAY), now)
    assert now < end <= now + days * DAY


def test_a_chosen_period_ends_when_it_says() -> None:
    now = 1_700_000_000.0
    assert expiry("90", purpose(now + 400 * DAY), now) == now + 90 * DAY
