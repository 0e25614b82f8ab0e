"""Where an origin listens: both kinds of address for this machine, several where several are named."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import click
import pytest

from apps.cli.listening import sockets

LOOPBACK = (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))


@contextmanager
def listening(*hosts: str, port: int = 0) -> Iterator[Sequence[socket.socket]]:
    with ExitStack() as open_until_the_end:
        opened = [open_until_the_end.enter_context(each) for each in sockets(hosts, port)]
        for each in opened:
            each.listen()
        yield opened


def reachable(address: str, family: socket.AddressFamily, port: int) -> bool:
    with socket.socket(family) as client:
        client.settimeout(5)
        return client.connect_ex((address, port)) == 0


def test_localhost_is_this_machine_by_both_kinds_of_address() -> None:
    with listening("localhost") as (first, second):
        port = first.getsockname()[1]
        assert second.getsockname()[:2] == ("::1", port)
        assert all(reachable(address, family, port) for address, family in LOOPBACK)


def test_all_addresses_of_both_kinds_have_one_name() -> None:
    with listening("::") as (every,):
        port = every.getsockname()[1]
        assert all(reachable(address, family, port) for address, family in LOOPBACK)


def test_one_kind_of_address_alone() -> None:
    with listening("127.0.0.1", "127.0.0.1") as (only,):
        port = only.getsockname()[1]
        assert [reachable(address, family, port) for address, family in LOOPBACK] == [True, False]


@pytest.mark.parametrize(("address", "family"), LOOPBACK)
def test_a_port_that_somebody_has_by_either_kind_is_an_error_and_the_other_is_let_go(
    address: str, family: socket.AddressFamily
) -> None:
    with socket.socket(family) as somebody:
        somebody.bind((address, 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        with pytest.raises(click.ClickException, match=f"localhost, port {port}: Address already in use"):
            sockets(("localhost",), port)
    with listening("localhost", port=port) as opened:
        assert len(opened) == 2


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(click.ClickException, match=r"256\.0\.0\.1, port 0"):
        sockets(("256.0.0.1",), 0)
