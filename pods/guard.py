"""Outgoing requests to addresses that a stranger chose: the guard against server-side request forgery."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from ssl import SSLContext

import httpx

MAX_ANSWER = 256 * 1024  # bytes; a profile, a client document or a key set is far smaller
MAX_SECONDS = 5.0  # for name, connection, request and the whole answer together
PORTS = frozenset({443, 8443})  # an https service elsewhere is unusual, an internal one is not
_DEFAULT_PORTS = {"https": 443, "http": 80}
# A stranger's server is asked once in minutes; a connection kept open would only be a socket held by it.
_NO_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a host name; raises OSError if there are none."""


class Refused(httpx.TransportError):
    """The guard did not let the request out, or the answer in; the message says why."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to public addresses over TLS only, and bounds what comes back.

    `trusted_hosts` are host:port pairs that may be private and without TLS. Every request is checked anew, so
    a redirect cannot lead around the guard; guarded clients do not follow redirects anyway.
    """

    def __init__(
        self,
        trusted_hosts: Collection[str] = (),
        *,
        resolve: Resolve | None = None,
        max_answer: int = MAX_ANSWER,
        max_seconds: float = MAX_SECONDS,
        verify: SSLContext | bool = True,
    ) -> None:
        self._trusted = frozenset(host.lower().replace("[", "").replace("]", "") for host in trusted_hosts)
        self._resolve = resolve or _resolve
        self._max_answer = max_answer
        self._max_seconds = max_seconds
        self._inner = httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=_NO_KEEP_ALIVE)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to an address that was checked; raise Refused or another TransportError."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._max_seconds
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._send(request)
        except TimeoutError as error:
            raise Refused(f"{request.url.host} did not answer within {self._max_seconds} s") from error
        # We asked for no compression: a small answer that unpacks to gigabytes is an attack.
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise Refused(f"{request.url.host} sent a compressed answer, which was not asked for")
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise Refused("the transport gave no stream")
        response.stream = _Bounded(response.stream, self._max_answer, deadline)
        return response

    async def require_reachable(self, url: httpx.URL) -> None:
        """Raise Refused if no request may go to this address now; sending checks again."""
        await self._checked_addresses(url)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send the request with a checked address as its target; Host and SNI keep the name."""
        *others, last = await self._checked_addresses(request.url)
        for address in others:
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except httpx.ConnectError:
                continue  # nobody listens there: of localhost's two addresses, one is often unused
        return await self._inner.handle_async_request(_pinned(request, last))

    async def _checked_addresses(self, url: httpx.URL) -> list[str]:
        """Return where the host may be reached, at least one address; raise Refused.

        The name is resolved once: checking one answer and connecting to the next lets DNS rebinding through.
        """
        host = url.host.lower()
        port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
        trusted = f"{host}:{port}" in self._trusted
        if not trusted and (url.scheme != "https" or port not in PORTS):
            raise Refused(f"{url.scheme}://{host}:{port} is not reachable from here: https on port 443 only")
        if url.userinfo:
            raise Refused("an address with a user name in it is not fetched")
        try:
            found = await self._resolve(host, port)
            addresses = [ipaddress.ip_address(address.partition("%")[0]) for address in found]
        except (OSError, ValueError) as error:
            raise Refused(f"{host} has no address") from error
        # Every address must pass: of a public and a private one, the attacker would choose the private.
        if not addresses or not (trusted or all(map(is_public, addresses))):
            raise Refused(f"{host} does not stand in the public internet")
        return [str(address) for address in addresses]


class _Bounded(httpx.AsyncByteStream):
    """An answer that ends with Refused when it grows too large or takes too long."""

    def __init__(self, inner: httpx.AsyncByteStream, max_answer: int, deadline: float) -> None:
        self._inner = inner
        self._left = max_answer
        self._deadline = deadline

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = aiter(self._inner)
        while True:
            try:
                async with asyncio.timeout_at(self._deadline):
                    part = await anext(parts)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise Refused("the answer took too long") from error
            self._left -= len(part)
            if self._left < 0:
                raise Refused("the answer is too large")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def guarded_client(
    trusted_hosts: Collection[str] = (), *, transport: GuardedTransport | None = None
) -> httpx.AsyncClient:
    """Return a client for addresses that strangers chose; it follows no redirect and heeds no proxy setting."""
    return httpx.AsyncClient(
        transport=transport or GuardedTransport(trusted_hosts),
        follow_redirects=False,
        trust_env=False,
        timeout=MAX_SECONDS,
    )


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the public internet, also one that is wrapped into IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        # ::ffff:10.0.0.1, 2002:0a00:0001:: and 64:ff9b::10.0.0.1 all end at 10.0.0.1.
        if inner is None and any(address in network for network in _NAT64):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    # is_global is False for private, loopback, link-local, shared (CGNAT), reserved and documentation ranges.
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_unspecified
        and not address.is_reserved
    )


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"accept-encoding"]
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=[*headers, (b"Accept-Encoding", b"identity")],
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
