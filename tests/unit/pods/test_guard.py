"""The guard of outgoing requests, against the ways in which a stranger's address is an attack."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pods.guard import GuardedTransport, Refused, guarded_client, is_public
from tests.serving import serving


def resolving(*addresses: str) -> Callable[[str, int], asyncio.Future[list[str]]]:
    """Return a resolver that gives every name these addresses."""

    def resolve(host: str, port: int) -> asyncio.Future[list[str]]:
        future: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        future.set_result(list(addresses))
        return future

    return resolve


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.0.2.1", False),
        ("192.168.1.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "http://localhost/",
        "ftp://example.org/",
        "https://example.org:22/",
        "https://example.org:6379/",
        "https://user:password@example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.7/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://name.invalid/",
    ],
)
async def test_addresses_that_lead_inside_are_refused_without_a_connection(url: str) -> None:
    async with guarded_client() as client:
        with pytest.raises(httpx.TransportError) as caught:
            await client.get(url)
    assert isinstance(caught.value, Refused | httpx.UnsupportedProtocol)


@pytest.mark.parametrize(
    "addresses", [(), ("10.0.0.1",), ("93.184.216.34", "10.0.0.1"), ("::ffff:10.0.0.1",), ("no address",)]
)
async def test_every_address_of_a_name_must_be_public(addresses: tuple[str, ...]) -> None:
    transport = GuardedTransport(resolve=resolving(*addresses))
    async with guarded_client(transport=transport) as client:
        with pytest.raises(Refused):
            await client.get("https://rebinding.example/")


async def test_a_name_that_does_not_resolve_is_refused() -> None:
    async def failing(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async with guarded_client(transport=GuardedTransport(resolve=failing)) as client:
        with pytest.raises(Refused, match="no address"):
            await client.get("https://example.org/")


async def _hello(request: Request) -> Response:
    return PlainTextResponse(f"host={request.headers['host']} encoding={request.headers['accept-encoding']}")


async def _redirect(request: Request) -> Response:
    return RedirectResponse("http://169.254.169.254/latest/meta-data/")


async def _endless(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1024
            await asyncio.sleep(0.001)

    return StreamingResponse(parts())


async def _slow(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x"
            await asyncio.sleep(0.05)

    return StreamingResponse(parts())


async def _silent(request: Request) -> Response:
    await asyncio.sleep(1)
    return PlainTextResponse("late")


async def _bomb(request: Request) -> Response:
    return Response(b"\x1f\x8b", headers={"content-encoding": "gzip"})


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    handlers = {
        "/hello": _hello,
        "/redirect": _redirect,
        "/endless": _endless,
        "/slow": _slow,
        "/silent": _silent,
        "/bomb": _bomb,
    }
    with serving(Starlette(routes=[Route(path, handler) for path, handler in handlers.items()])) as origin:
        yield origin


def client_for(origin: str, **limits: float) -> httpx.AsyncClient:
    seconds = limits.get("max_seconds", 5.0)
    transport = GuardedTransport([urlsplit(origin).netloc], max_answer=4096, max_seconds=seconds)
    return guarded_client(transport=transport)


async def test_a_trusted_host_is_reached_under_its_name_and_asked_for_no_compression(stranger: str) -> None:
    async with client_for(stranger) as client:
        answer = await client.get(f"{stranger}/hello")
    assert answer.text == f"host={urlsplit(stranger).netloc} encoding=identity"


async def test_trust_in_one_port_is_no_trust_in_another(stranger: str) -> None:
    async with guarded_client(["localhost:1"]) as client:
        with pytest.raises(Refused):
            await client.get(f"{stranger}/hello")


async def test_redirects_are_not_followed(stranger: str) -> None:
    async with client_for(stranger) as client:
        answer = await client.get(f"{stranger}/redirect")
    assert answer.status_code == 307


async def test_a_client_that_does_follow_redirects_is_stopped_at_the_next_address(stranger: str) -> None:
    transport = GuardedTransport([urlsplit(stranger).netloc])
    async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
        with pytest.raises(Refused):
            await client.get(f"{stranger}/redirect")


async def test_an_answer_without_end_is_cut_off(stranger: str) -> None:
    async with client_for(stranger) as client:
        with pytest.raises(Refused, match="too large"):
            await client.get(f"{stranger}/endless")


@pytest.mark.parametrize("path", ["/slow", "/silent"])
async def test_an_answer_that_drips_or_does_not_come_is_given_up(stranger: str, path: str) -> None:
    async with client_for(stranger, max_seconds=0.3) as client:
        with pytest.raises(Refused):
            await client.get(stranger + path)


async def test_a_compressed_answer_is_not_unpacked(stranger: str) -> None:
    async with client_for(stranger) as client:
        with pytest.raises(Refused, match="compressed"):
            await client.get(f"{stranger}/bomb")


async def test_the_certificate_must_be_that_of_the_name_not_of_the_address(tmp_path: Path) -> None:
    authority, chain = _certificate(tmp_path, "stranger.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cafile=authority)
    names = ["stranger.example", "other.example"]
    transport = GuardedTransport(
        [f"{name}:{port}" for name in names], resolve=resolving("127.0.0.1"), verify=trusting
    )
    async with server, guarded_client(transport=transport) as client:
        assert (await client.get(f"https://stranger.example:{port}/")).text == "ok"
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await client.get(f"https://other.example:{port}/")


def _certificate(folder: Path, name: str) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoded = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(encoded)
    (folder / "chain.pem").write_bytes(encoded + private)
    return str(folder / "ca.pem"), str(folder / "chain.pem")
