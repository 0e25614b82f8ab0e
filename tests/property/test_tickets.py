"""Permission tickets: only what the host sealed opens, and only in its time."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from consent.model import TICKET_SECONDS
from consent.tickets import Tickets
from pods.model import WebId

NOW = 1_772_366_400.0
TICKETS = Tickets(b"k" * 32)
paths = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60).map("/{}".format)


@given(paths, st.sampled_from(["read", "append", "claim"]), st.integers(0, TICKET_SECONDS - 1))
def test_a_ticket_says_what_was_refused(path: str, scope: str, later: float) -> None:
    ticket = TICKETS.open(TICKETS.first(path, scope, NOW), NOW + later)
    assert ticket is not None
    assert (ticket.path, ticket.scope, ticket.webid) == (path, scope, None)


@given(paths, st.floats(TICKET_SECONDS, 1e9))
def test_no_ticket_opens_after_its_time(path: str, later: float) -> None:
    assert TICKETS.open(TICKETS.first(path, "read", NOW), NOW + later) is None


@given(paths, st.data())
def test_any_flipped_bit_makes_a_ticket_worthless(path: str, data: st.DataObject) -> None:
    sealed = TICKETS.first(path, "read", NOW)
    raw = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << (bit % 8)
    assert TICKETS.open(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="), NOW) is None


@given(st.text(max_size=200))
def test_no_text_of_a_stranger_opens_as_a_ticket(text: str) -> None:
    assert TICKETS.open(text, NOW) is None


def test_the_tickets_of_another_host_do_not_open() -> None:
    assert Tickets(b"o" * 32).open(TICKETS.first("/anna/", "read", NOW), NOW) is None


def test_every_step_has_a_ticket_of_its_own_and_keeps_what_was_refused() -> None:
    first = TICKETS.open(TICKETS.first("/anna/x", "read", NOW), NOW)
    assert first is not None
    bound = TICKETS.next(first, NOW, webid=WebId("urn:coop"), client_id="c", thumbprint="t")
    second = TICKETS.open(bound, NOW)
    assert second is not None
    assert (second.path, second.webid, second.thumbprint) == ("/anna/x", "urn:coop", "t")
    assert second.id != first.id
