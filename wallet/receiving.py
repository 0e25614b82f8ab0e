"""Receiving a receipt: fetch it once, check its signature, keep the signed bytes and what they say in the pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from consent.receipts.derive import target, turtle
from consent.receipts.errors import BadReceipt
from consent.receipts.keys import PublicKey, key_ring, read_jwks
from consent.receipts.model import PurchaseReceipt, Receipt
from consent.receipts.payload import decode
from consent.receipts.signing import MAX_RECEIPT, MEDIA_TYPE, verify
from pods.client import SolidClient, SolidError
from pods.model import Clock
from pods.protocol import jose
from wallet.records import TURTLE

KEYS_KEPT = 600.0  # seconds that an issuer's key set is believed without a new look


class NotReceived(Exception):
    """A receipt that was not taken in. `reason` is a short code:

    address, unreachable, unknown, used, no-receipt, bad, no-keys
    """

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Received:
    """A receipt in the pod: where it lies, and whether it lay there before."""

    receipt: Receipt
    address: str
    already: bool


class IssuerKeys:
    """The published keys of issuers, at the issuer's IRI with `/jwks.json`; fetched through the guard."""

    def __init__(self, http: httpx.AsyncClient, *, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._known: dict[str, tuple[float, list[PublicKey]]] = {}

    async def of(self, issuer: str) -> list[PublicKey]:
        """Return the keys of an issuer; raise NotReceived if they cannot be read."""
        known = self._known.get(issuer)
        if known and known[0] > self._clock():
            return known[1]
        try:
            answer = await self._http.get(issuer.partition("#")[0].rstrip("/") + "/jwks.json")
            answer.raise_for_status()
            keys = read_jwks(issuer, answer.json())
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, BadReceipt) as error:
            raise NotReceived("no-keys", f"the keys of {urlsplit(issuer).netloc} cannot be read") from error
        self._known[issuer] = (self._clock() + KEYS_KEPT, keys)
        return keys


async def check(jws: bytes, keys: IssuerKeys) -> Receipt:
    """Return the receipt of signed bytes; raise NotReceived if the signature or the form does not hold."""
    try:
        issuer = decode(jose.decode_segment(jws.split(b".")[1])).issuer
        return verify(jws, key_ring(await keys.of(issuer)))
    except (IndexError, ValueError, BadReceipt) as error:
        raise NotReceived("bad", str(error)) from error


class OneTimeLinks:
    """Fetches what a till or a check-in offers, once."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def fetch(self, unverified_address: str) -> bytes:
        """Return the signed bytes behind a link that a stranger gave; raise NotReceived."""
        parts = urlsplit(unverified_address)
        if parts.scheme not in ("https", "http") or not parts.netloc:
            raise NotReceived("address")
        try:
            answer = await self._http.get(unverified_address, headers={"accept": MEDIA_TYPE})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotReceived("unreachable", str(error)) from error
        reason = _REFUSALS.get(answer.status_code)
        if reason or not answer.is_success:
            raise NotReceived(reason or "unreachable")
        if answer.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
            raise NotReceived("no-receipt")
        return answer.content


_REFUSALS: Mapping[int, str] = {404: "unknown", 410: "used"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The person's containers, by shape, where receipts are put."""

    solid: SolidClient = field(repr=False)
    containers: Mapping[str, str]

    async def keep(self, jws: bytes, receipt: Receipt) -> Received:
        """Store the signed bytes and the Turtle derived from them; a receipt that is there already stays."""
        folder, name = target(receipt)
        place = self.containers[shape_of(receipt)] + folder.partition("/")[2]
        signed, derived = f"{place}{name}.jws", f"{place}{name}.ttl"
        already = await self._put_new(signed, jws, MEDIA_TYPE)
        # The signed bytes come first: after a crash between the two, receiving again completes the pair.
        await self._put_new(derived, turtle(receipt, f"{name}.jws"), TURTLE)
        return Received(receipt, derived, already)

    async def _put_new(self, address: str, content: bytes, media_type: str) -> bool:
        """Create a document; return whether it was there."""
        try:
            await self.solid.put(address, content, media_type, only_if_new=True)
        except SolidError as error:
            if error.status != httpx.codes.PRECONDITION_FAILED:
                raise
            return True
        return False


def pasted(text: str) -> bytes | str:
    """Return the signed bytes that somebody pasted, or the address."""
    stripped = "".join(text.split())
    if len(stripped) > MAX_RECEIPT:
        raise NotReceived("bad")
    if stripped.count(".") == 2 and "/" not in stripped and ":" not in stripped:
        return stripped.encode("ascii", "replace")
    return stripped


def shape_of(receipt: Receipt) -> str:
    """Return the name of the shape that a receipt becomes."""
    return "Purchase" if isinstance(receipt, PurchaseReceipt) else "Participation"
