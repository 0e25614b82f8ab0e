"""Accept, If-*, Range and Link fields are read as RFC 9110 and RFC 8288 say."""

import pytest

from pods.errors import PreconditionFailed
from pods.model import Mode, Preconditions
from pods.protocol import conditions, headers, negotiate

OFFERED = ("text/turtle", "application/ld+json", "application/n-triples")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LONG = "text/turtle;q=0.9, application/rdf+xml;q=0.8, application/n-triples;q=0.5, text/plain;q=0.7"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", "text/turtle"),
        ("", "text/turtle"),
        (BROWSER, "text/turtle"),
        (LONG, "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("text/turtle;q=0.1, application/ld+json", "application/ld+json"),
        ("application/*", "application/ld+json"),
        ("text/turtle;q=0, */*", "application/ld+json"),
        ("APPLICATION/N-TRIPLES", "application/n-triples"),
        ("image/gif, *; q=.2", "text/turtle"),
        ("text/html", None),
        ("text/turtle;q=0", None),
        ("text/turtle;q=nonsense", None),
    ],
)
def test_the_best_offer_wins(accept: str, chosen: str | None) -> None:
    assert negotiate.preferred(accept, OFFERED) == chosen


MODIFIED = 1_772_366_400_000
DATE = conditions.http_date(MODIFIED)


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        (Preconditions(if_match='"x"'), ("a",)),
        (Preconditions(if_match="*"), ()),
        (Preconditions(if_match='W/"a"'), ("a",)),
        (Preconditions(if_none_match="*"), ("a",)),
        (Preconditions(if_none_match='"x", W/"a"'), ("a",)),
        (Preconditions(if_unmodified_since=conditions.http_date(MODIFIED - 5000)), ("a",)),
    ],
)
def test_a_condition_that_does_not_hold_stops_a_write(given: Preconditions, tags: tuple[str, ...]) -> None:
    with pytest.raises(PreconditionFailed):
        conditions.require(given, tags, MODIFIED)


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        (Preconditions(), ("a",)),
        (Preconditions(if_match='"x", "a"'), ("a",)),
        (Preconditions(if_match="*"), ("a",)),
        (Preconditions(if_none_match="*"), ()),
        (Preconditions(if_none_match='"x"'), ("a",)),
        (Preconditions(if_unmodified_since=DATE), ("a",)),
        (Preconditions(if_match='"a"', if_unmodified_since="Thu, 01 Jan 1970 00:00:00 GMT"), ("a",)),
    ],
)
def test_a_condition_that_holds_lets_a_write_through(given: Preconditions, tags: tuple[str, ...]) -> None:
    conditions.require(given, tags, MODIFIED)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Preconditions(if_none_match='"a"'), True),
        (Preconditions(if_none_match='W/"a"'), True),
        (Preconditions(if_none_match='"b"', if_modified_since=DATE), False),
        (Preconditions(if_modified_since=DATE), True),
        (Preconditions(if_modified_since=conditions.http_date(MODIFIED - 1000)), False),
        (Preconditions(if_modified_since="yesterday"), False),
        (Preconditions(), False),
    ],
)
def test_a_client_that_has_it_gets_not_modified(given: Preconditions, expected: bool) -> None:
    assert conditions.not_modified(given, "a", MODIFIED) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        *(("bytes=0-3", (0, 3)), ("bytes=4-", (4, 9)), ("bytes=-3", (7, 9)), ("bytes=0-99", (0, 9))),
        *(("bytes=-99", (0, 9)), ("bytes=10-", (-1, -1)), ("bytes=-0", (-1, -1)), ("bytes=3-1", None)),
        *(("bytes=0-1,3-4", None), ("lines=0-1", None), ("bytes=-", None), ("BYTES=1-2", (1, 2))),
        *(("bytes=0-" + "9" * 5_000, None), ("bytes=\u0661-\u0662", None)),
    ],
)
def test_a_single_range_is_served_and_any_other_is_ignored(header: str, expected: object) -> None:
    assert headers.byte_range(header, 10) == expected


@pytest.mark.parametrize(
    ("link", "types"),
    [
        (
            '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"',
            {"http://www.w3.org/ns/ldp#BasicContainer"},
        ),
        ('<http://a>; rel=type, <http://b>; rel="acl"', {"http://a"}),
        ('<http://a>; rel="describedby type"', {"http://a"}),
        ('<http://a>; title="type"', set()),
        ("nonsense", set()),
    ],
)
def test_link_types_are_found(link: str, types: set[str]) -> None:
    assert headers.types_of_link(link) == types


def test_wac_allow_says_append_wherever_write_holds() -> None:
    assert headers.wac_allow(Mode.WRITE | Mode.APPEND, Mode.NONE) == 'user="write append",public=""'
