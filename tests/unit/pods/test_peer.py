"""The address of a client, which a stranger must not be able to choose."""

import pytest
from starlette.requests import Request

from pods.identity.peer import address_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("93.184.216.34", [], "93.184.216.34"),
        ("93.184.216.34", ["1.2.3.4"], "93.184.216.34"),
        ("10.0.0.5", ["1.2.3.4"], "10.0.0.5"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["93.184.216.34"], "93.184.216.34"),
        ("::1", ["2606:4700::1111"], "2606:4700::1111"),
        ("127.0.0.1", ["1.2.3.4, 93.184.216.34"], "93.184.216.34"),
        ("127.0.0.1", ["1.2.3.4", "5.6.7.8, 93.184.216.34"], "93.184.216.34"),
        ("127.0.0.1", ["a name"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        (None, ["1.2.3.4"], ""),
    ],
)
def test_only_a_proxy_on_this_machine_says_where_a_request_came_from(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope = {"type": "http", "client": (peer, 1) if peer else None, "headers": headers}
    assert address_of(Request(scope)) == address
