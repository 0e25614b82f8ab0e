"""The sockets on which an origin listens: one for each address, and both kinds of address where a name has both."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence

import click

LOCALHOST = "localhost"
_EVERY = "::"
_ABSENT = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def sockets(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return a socket bound to the port at each address; raise ClickException, with none left open, if one is taken.

    `localhost` is this machine by both kinds of address, since a client may try either first (RFC 6761 section 6.3);
    `::` is every address of both kinds. Nothing listens yet: a client is refused until a server takes them over.
    """
    opened: list[socket.socket] = []
    for host in dict.fromkeys(hosts):
        try:
            for each in _bound(host, port):
                opened.append(each)  # one by one: what was bound before an error is closed below
        except OSError as error:
            for each in opened:
                each.close()
            reason = error.strerror or str(error)
            raise click.ClickException(
                f"{host}, port {port}: {reason}. Stop what listens there, or choose another --port or --host."
            ) from error
    return opened


def _bound(host: str, port: int) -> Iterator[socket.socket]:
    if host == LOCALHOST:
        first = _socket(socket.AF_INET, ("127.0.0.1", port))
        yield first
        try:
            # The same port, where it was left to the system.
            second = _socket(socket.AF_INET6, ("::1", first.getsockname()[1]))
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
            return  # a machine without IPv6: nobody comes by it
        yield second
        return
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, address in dict.fromkeys((family, address) for family, *_, address in found):
        yield _socket(family, address)


def _socket(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != _EVERY)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made
