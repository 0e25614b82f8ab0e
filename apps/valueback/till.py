"""The till: from what was bought to a signed receipt that names no buyer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from apps.database import Database
from apps.handover.links import Links
from apps.organisations import Organisation
from apps.valueback import tills_sql
from apps.valueback.model import NotPermitted, ValueBackError
from consent.receipts.model import Notation, PurchaseLine, PurchaseReceipt, instant
from consent.receipts.nonce import fresh_nonce
from consent.receipts.signing import sign
from pods.model import Clock
from vocab.pages import msg
from vocab.places import district_of
from vocab.trade import CATEGORY, SHOP

MAX_LINES = 200  # of one receipt at a till
MAX_CENTS = 10_000_00  # of one line; more is a mistake of the keyboard
_NUMBER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class BadSale(ValueBackError):
    """What was entered cannot become a receipt; the message names the line."""

    status = 422
    code = "bad-sale"


class AlreadyIssued(ValueBackError):
    """The receipt number was given out: the page was sent twice."""

    status = 409
    code = "already-issued"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line as the till knows it: `amount` is cents for the whole line."""

    category: str
    quantity: int
    amount: int
    name: str | None = None


class Till:
    """Signs receipts of any shop whose key this installation holds."""

    def __init__(self, database: Database, links: Links, *, clock: Clock) -> None:
        self._database = database
        self._links = links
        self._clock = clock

    def receipt(self, shop: Organisation, number: str, lines: Sequence[SaleLine]) -> bytes:
        """Return the signed receipt of a sale; raise BadSale, AlreadyIssued or NotPermitted."""
        key = shop.receipt_key()
        if key is None:
            raise NotPermitted(msg("{name} has no key for signing receipts"), name=shop.title)
        if not _NUMBER.fullmatch(number):
            raise BadSale(msg("up to 63 of a-z, 0-9 and hyphens"), field="number")
        checked = _checked(lines)
        code = SHOP.by_notation.get(shop.name)
        now = instant(self._clock())
        receipt = PurchaseReceipt(
            id=number,
            issuer=key.issuer,
            nonce=fresh_nonce(),
            issued_at=now,
            ordered_at=now,
            seller=code.iri if code else key.issuer,
            lines=checked,
            total=sum(line.amount for line in checked),
            district=Notation(district_of(code.broader)) if code and code.broader else None,
        )
        signed = sign(receipt, key)
        with self._database.writing() as tx:
            if not tills_sql.number_is_new(tx, shop.name, number):
                raise AlreadyIssued(msg("it was given out already; start a new one"), field=number)
        return signed

    def offer(self, signed: bytes) -> str:
        """Return the token of a one-time link to a signed receipt."""
        with self._database.writing() as tx:
            return self._links.offer(tx, signed, at=self._clock())

    def new_device(self, shop: Organisation, label: str) -> str:
        """Return the token of a new till of a shop; it is shown this once."""
        token = secrets.token_urlsafe(32)
        with self._database.writing() as tx:
            tills_sql.add(tx, token, shop.name, label, at=self._clock())
        return token


def fresh_number() -> str:
    """Return a receipt number for a till that counts none of its own."""
    return f"t-{secrets.token_hex(8)}"


def cents(text: str, line: int) -> int:
    """Return the cents of `12,50` or `12.50`; raise BadSale naming the line."""
    try:
        amount = Decimal(text.strip().replace(",", ".")) * 100
    except InvalidOperation as error:
        raise BadSale(msg("line {line}: write an amount such as 12,50"), line=line) from error
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 < amount <= MAX_CENTS:
        raise BadSale(
            msg("line {line}: an amount with two decimals, from 0,01 to {most}"),
            line=line,
            most=MAX_CENTS // 100,
        )
    return int(amount)


def _checked(lines: Sequence[SaleLine]) -> tuple[PurchaseLine, ...]:
    if not 0 < len(lines) <= MAX_LINES:
        raise BadSale(msg("from 1 to {most} lines with a price"), most=MAX_LINES)
    found = []
    for number, line in enumerate(lines, start=1):
        if line.category not in CATEGORY.by_notation:
            raise BadSale(msg("line {line}: choose a category"), line=number)
        if not 0 < line.quantity <= 9999 or not 0 < line.amount <= MAX_CENTS:
            raise BadSale(msg("line {line}: a quantity and an amount above zero"), line=number)
        name = " ".join((line.name or "").split())[:200] or None
        found.append(PurchaseLine(Notation(line.category), line.quantity, line.amount, name))
    return tuple(found)
