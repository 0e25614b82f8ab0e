"""The address of a client, also behind a proxy on this machine; it only slows down who guesses."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request


def address_of(request: Request) -> str:
    """Return the address that the request came from.

    A proxy on this machine ends TLS and adds the address it saw as the last of `X-Forwarded-For`; all before it
    the client may have written itself. From anywhere else the header is not looked at. Without this, everybody
    behind the proxy would share one limit, and one guesser could shut all of them out.
    """
    peer = request.client.host if request.client else ""
    forwarded = request.headers.getlist("x-forwarded-for")
    if not forwarded or not _is_loopback(peer):
        return peer
    seen = forwarded[-1].rpartition(",")[2].strip()
    return seen if _is_address(seen) else peer


def _is_loopback(text: str) -> bool:
    return _is_address(text) and ipaddress.ip_address(text).is_loopback


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
