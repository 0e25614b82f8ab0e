"""The signed payload: JSON-LD of a closed form, written and checked by hand because every import passes here.

`vocab/schemata/receipt-*.json` says the same in JSON Schema; a test shows that the two agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn

import orjson

from consent.receipts.errors import BadReceipt
from consent.receipts.model import (
    Instant,
    Notation,
    ParticipationReceipt,
    PurchaseLine,
    PurchaseReceipt,
    Receipt,
    is_instant,
)
from vocab.codes import CodeList
from vocab.places import DISTRICT, VENUE
from vocab.shapes import money
from vocab.terms import CONTEXTS
from vocab.trade import CATEGORY, KIND, ROLE, THEME

CONTEXT = CONTEXTS + "receipt"
MAX_LINES = 1000  # the longest till slip in the real data has 161
MAX_QUANTITY = 1_000_000_000  # fuel is counted in fractions of a litre
MAX_MINUTES = 1440  # one receipt is one day at most
MAX_TEXT = 200

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NONCE = re.compile(r"[0-9a-f]{32}")
_IRI = re.compile(r"https?://[^\s<>\"{}|\\^`]{1,493}")
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,8})\.[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT_RULE = "must be an amount such as '12.34'"
_TITLE_RULE = f"must be a text of 1 to {MAX_TEXT} characters without control characters"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_HEAD = {"@context", "@id", "@type", "id", "issuer", "nonce", "issuedAt"}
_PURCHASE = frozenset(_HEAD | {"orderDate", "seller", "district", "currency", "total", "lines"})
_PARTICIPATION = frozenset(
    _HEAD | {"kind", "theme", "venue", "district", "startTime", "minutes", "role", "name"}
)
_LINE = frozenset({"category", "quantity", "amount", "name"})


def _compact(codes: CodeList) -> tuple[dict[str, str], dict[str, Notation]]:
    """Return notation -> compact IRI of the context, and back."""
    forward = {notation: f"code:{codes.name}#{notation}" for notation in codes.notations}
    return forward, {compact: Notation(notation) for notation, compact in forward.items()}


_CATEGORY_OUT, _CATEGORY_IN = _compact(CATEGORY)
_DISTRICT_OUT, _DISTRICT_IN = _compact(DISTRICT)
_VENUE_OUT, _VENUE_IN = _compact(VENUE)
_KIND_OUT, _KIND_IN = _compact(KIND)
_THEME_OUT, _THEME_IN = _compact(THEME)
_ROLE_OUT, _ROLE_IN = _compact(ROLE)


def encode(receipt: Receipt) -> bytes:
    """Return the bytes to be signed; raises BadReceipt if the receipt breaks a rule of its own form."""
    try:
        members = (
            _purchase_out(receipt) if isinstance(receipt, PurchaseReceipt) else _participation_out(receipt)
        )
    except KeyError as error:
        raise BadReceipt("payload", f"{error} is in no public code list") from error
    return orjson.dumps(members)


def decode(payload: bytes) -> Receipt:
    """Return the receipt of a payload; raises BadReceipt with the member that is wrong."""
    try:
        members = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise BadReceipt("payload", f"not JSON: {error}") from error
    if type(members) is not dict:
        _refuse("the payload", "must be an object")
    if members.get("@context") != CONTEXT:
        _refuse("@context", f"must be {CONTEXT}")
    if members.get("@id") != "#it":
        _refuse("@id", "must be #it")
    reader = _READERS.get(members["@type"]) if type(members.get("@type")) is str else None
    if reader is None:
        _refuse("@type", "must be Order or Participation")
    try:
        receipt = reader(members)
    except KeyError as error:
        raise BadReceipt("payload", f"{error}: missing") from error
    if orjson.dumps(members) != payload:
        # Two readers could see two values in one object; only a compact payload proves that none is repeated.
        _refuse_repeated_members(payload)
    return receipt


def _head_out(receipt: Receipt, kind: str) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "@id": "#it",
        "@type": kind,
        "id": receipt.id,
        "issuer": receipt.issuer,
        "nonce": receipt.nonce,
        "issuedAt": receipt.issued_at,
    }


def _purchase_out(receipt: PurchaseReceipt) -> dict[str, Any]:
    members = _head_out(receipt, "Order")
    members["orderDate"] = receipt.ordered_at
    members["seller"] = receipt.seller
    if receipt.district is not None:
        members["district"] = _DISTRICT_OUT[receipt.district]
    members["currency"] = receipt.currency
    members["total"] = money(receipt.total)
    members["lines"] = [
        {"category": _CATEGORY_OUT[line.category], "quantity": line.quantity, "amount": money(line.amount)}
        if line.name is None
        else {
            "category": _CATEGORY_OUT[line.category],
            "quantity": line.quantity,
            "amount": money(line.amount),
            "name": line.name,
        }
        for line in receipt.lines
    ]
    return members


def _participation_out(receipt: ParticipationReceipt) -> dict[str, Any]:
    members = _head_out(receipt, "Participation")
    members["kind"] = _KIND_OUT[receipt.kind]
    members["theme"] = _THEME_OUT[receipt.theme]
    if receipt.venue is not None:
        members["venue"] = _VENUE_OUT[receipt.venue]
    if receipt.district is not None:
        members["district"] = _DISTRICT_OUT[receipt.district]
    members["startTime"] = receipt.started_at
    members["minutes"] = receipt.minutes
    if receipt.role is not None:
        members["role"] = _ROLE_OUT[receipt.role]
    if receipt.title is not None:
        members["name"] = receipt.title
    return members


def _purchase_in(members: dict[str, Any]) -> PurchaseReceipt:
    _known(members, _PURCHASE, "the payload")
    rows = members["lines"]
    if type(rows) is not list or not 1 <= len(rows) <= MAX_LINES:
        _refuse("lines", f"must be a list of 1 to {MAX_LINES} lines")
    lines = tuple([_line_in(row, number) for number, row in enumerate(rows)])
    total = _cents(members["total"]) if type(members["total"]) is str else None
    if total is None:
        _refuse("total", _AMOUNT_RULE)
    if total != sum([line.amount for line in lines]):
        _refuse("total", "must be the sum of the lines")
    return PurchaseReceipt(
        id=_text(members["id"], _ID, "id"),
        issuer=_text(members["issuer"], _IRI, "issuer"),
        nonce=_text(members["nonce"], _NONCE, "nonce"),
        issued_at=_moment(members["issuedAt"], "issuedAt"),
        ordered_at=_moment(members["orderDate"], "orderDate"),
        seller=_text(members["seller"], _IRI, "seller"),
        lines=lines,
        total=total,
        district=_optional_code(members, "district", _DISTRICT_IN),
        currency=_text(members["currency"], _CURRENCY, "currency"),
    )


def _line_in(row: Any, number: int) -> PurchaseLine:
    if type(row) is not dict:
        _refuse(f"lines[{number}]", "must be an object")
    name = row.get("name")
    if len(row) != (3 if name is None else 4):
        _known(row, _LINE, f"lines[{number}]")
        if "name" in row:
            _refuse(f"lines[{number}].name", "must be a text")
    category, quantity, amount = row["category"], row["quantity"], row["amount"]
    notation = _CATEGORY_IN.get(category) if type(category) is str else None
    if notation is None:
        _refuse(f"lines[{number}].category", "is not in the code list of categories")
    if type(quantity) is not int or not 0 <= quantity <= MAX_QUANTITY:
        _refuse(f"lines[{number}].quantity", f"must be an integer from 0 to {MAX_QUANTITY}")
    cents = _cents(amount) if type(amount) is str else None
    if cents is None:
        _refuse(f"lines[{number}].amount", _AMOUNT_RULE)
    if name is not None and not (type(name) is str and _is_title(name)):
        _refuse(f"lines[{number}].name", _TITLE_RULE)
    return PurchaseLine(notation, quantity, cents, name)


def _participation_in(members: dict[str, Any]) -> ParticipationReceipt:
    _known(members, _PARTICIPATION, "the payload")
    minutes = members["minutes"]
    if type(minutes) is not int or not 0 <= minutes <= MAX_MINUTES:
        _refuse("minutes", f"must be an integer from 0 to {MAX_MINUTES}")
    title = members.get("name")
    if "name" in members and not (type(title) is str and _is_title(title)):
        _refuse("name", _TITLE_RULE)
    kind, theme = _optional_code(members, "kind", _KIND_IN), _optional_code(members, "theme", _THEME_IN)
    if kind is None or theme is None:
        _refuse("kind and theme", "must both be there")
    return ParticipationReceipt(
        id=_text(members["id"], _ID, "id"),
        issuer=_text(members["issuer"], _IRI, "issuer"),
        nonce=_text(members["nonce"], _NONCE, "nonce"),
        issued_at=_moment(members["issuedAt"], "issuedAt"),
        kind=kind,
        theme=theme,
        started_at=_moment(members["startTime"], "startTime"),
        minutes=minutes,
        venue=_optional_code(members, "venue", _VENUE_IN),
        district=_optional_code(members, "district", _DISTRICT_IN),
        role=_optional_code(members, "role", _ROLE_IN),
        title=title,
    )


@lru_cache(maxsize=65536)  # a shop has few prices and few names, and each comes back thousands of times
def _cents(text: str) -> int | None:
    """Return the integer cents of "12.34", None for a text of another form."""
    return int(text[:-3]) * 100 + int(text[-2:]) if _AMOUNT.fullmatch(text) else None


@lru_cache(maxsize=65536)
def _is_title(text: str) -> bool:
    return 0 < len(text) <= MAX_TEXT and _CONTROL.search(text) is None


def _text(value: object, form: re.Pattern[str], member: str) -> str:
    if type(value) is not str or form.fullmatch(value) is None:
        _refuse(member, f"must have the form {form.pattern}")
    return value


def _moment(value: object, member: str) -> Instant:
    if not is_instant(value):
        _refuse(member, "must be a moment such as 2017-10-03T09:15:00Z")
    return Instant(str(value))


def _optional_code(members: dict[str, Any], member: str, codes: dict[str, Notation]) -> Notation | None:
    if member not in members:
        return None
    value = members[member]
    found = codes.get(value) if type(value) is str else None
    if found is None:
        _refuse(member, "is not in its code list")
    return found


def _known(members: dict[str, Any], known: frozenset[str], where: str) -> None:
    if unknown := sorted(members.keys() - known):
        _refuse(f"{where}: {unknown[0][:80]!r}", "is not known here; a receipt has a closed form")


def _refuse_repeated_members(payload: bytes) -> None:
    def pairs(items: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in items}) != len(items):
            _refuse("the payload", "repeats a member")

    json.loads(payload, object_pairs_hook=pairs)


def _refuse(member: str, sentence: str) -> NoReturn:
    raise BadReceipt("payload", f"{member} {sentence}")


_READERS: dict[str, Callable[[dict[str, Any]], Receipt]] = {
    "Order": _purchase_in,
    "Participation": _participation_in,
}
