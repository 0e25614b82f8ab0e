"""Which pages of the wallet are open to somebody who acts for another: by method, by path, by power, and no others."""

from __future__ import annotations

import pytest

from consent.client.people import Power
from wallet.acting import Acting

GRANT = "/grants/0f3a"


def may(method: str, path: str, *powers: Power) -> bool:
    held = tuple(power.value for power in powers)
    return Acting("1", "urn:anna", "Anna", "https://x/", "caregiver", held, None, False).may_open(
        method, path
    )


@pytest.mark.parametrize(
    ("method", "path", "powers"),
    [
        ("GET", "/requests", {Power.SEE}),
        ("GET", "/requests/one", {Power.SEE}),
        ("GET", GRANT, {Power.SEE}),
        ("GET", "/log", {Power.SEE}),
        ("POST", "/requests/answer", {Power.GIVE, Power.REFUSE}),
        ("POST", "/requests/together", {Power.GIVE}),
        ("POST", GRANT + "/withdraw", {Power.WITHDRAW}),
        ("POST", GRANT + "/renew", {Power.GIVE}),
        ("GET", "/rights", {Power.RIGHTS}),
        ("POST", "/rights", {Power.RIGHTS}),
        ("POST", "/rights/12/close", {Power.RIGHTS}),
    ],
)
def test_a_page_opens_with_one_of_its_powers_and_with_no_other(
    method: str, path: str, powers: set[Power]
) -> None:
    for power in Power:
        assert may(method, path, power) == (power in powers), power
    assert may(method, path, *Power)
    assert not may(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/log"),
        ("DELETE", GRANT),
        ("GET", "/requests/answer"),
        ("GET", GRANT + "/withdraw"),
        ("GET", "/log/export"),
        ("GET", "/logs"),
        ("GET", "/requests/one/more"),
        ("GET", GRANT + "/more"),
        ("POST", "/rights/12/close/more"),
        ("GET", "/profile"),
        ("POST", "/people/code"),
        ("POST", "/prepared/confirm"),
        ("GET", "//grants"),
    ],
)
def test_every_other_page_is_ones_own_whatever_powers_one_holds(method: str, path: str) -> None:
    assert not may(method, path, *Power)


def test_a_head_is_a_get() -> None:
    assert may("HEAD", "/log", Power.SEE)
    assert not may("HEAD", "/requests/answer", *Power)
