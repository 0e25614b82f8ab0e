"""Attack 26: numbers that no till prints move the cells of a person by no more than any other person's."""

from __future__ import annotations

import base64

import orjson
import pytest

from consent.aggregation.engine import exact_cells
from consent.aggregation.fields import Fields
from consent.aggregation.plan_sql import plan
from consent.aggregation.projection_sql import TABLES, ProjectionTables
from consent.aggregation.query import query
from consent.receipts import signing
from consent.receipts.errors import BadReceipt
from tests.unit.consent.aggregation.town import SHOP_KEY, line, purchase, question, terms

UPPER = 5000  # of Purchase.total in the town's terms
MONTH = 2017 * 12 + 2


@pytest.mark.parametrize(
    ("totals", "counted"),
    [
        ([10**12], UPPER),
        ([2**62, 2**62, 2**62], UPPER),
        ([-(10**12)], 0),
        ([2**62, -(2**62), 40], 40),
        ([UPPER, UPPER], UPPER),
        ([0], 0),
    ],
)
def test_absurd_sums_are_clamped_to_the_bounds(totals: list[int], counted: int) -> None:
    tables = ProjectionTables(None)
    columns = [*TABLES["purchase"]]
    known = {"unit": 1, "month": MONTH, "seller": 0}
    tables.begin()
    for number, total in enumerate(totals):
        row = {**dict.fromkeys(columns), **known, "receipt": number, "total": total}
        tables.add_rows("purchase", [tuple(row[name] for name in columns)])
    tables.commit(1)
    asked = question(
        measure={"function": "sum", "property": "Purchase.total"}, group_by=["Purchase.seller"], rho=0.5
    )
    planned = plan(query(asked, terms(), Fields()), 3, b"k" * 32)
    cells = exact_cells(tables.cursor(), planned, [1])
    tables.close()
    assert (int(cells.values.sum()), int(cells.people.sum())) == (counted, 1)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e12", "-5.00", "12.345", "0x10", "٣.٠٠", ""])
def test_amounts_that_are_no_amounts_are_no_receipt(amount: str) -> None:
    genuine = signing.sign(purchase(1, "2017-03-01", line("meat", 2000)), SHOP_KEY)
    body = signing.verify(genuine, lambda issuer, kid: SHOP_KEY.public())
    assert body.total == 2000  # type: ignore[union-attr]  # it is a purchase
    plain = orjson.loads(_payload(genuine))
    plain["total"] = amount
    with pytest.raises(BadReceipt):
        signing.verify(signing.seal(orjson.dumps(plain), SHOP_KEY), lambda issuer, kid: SHOP_KEY.public())


def _payload(jws: bytes) -> bytes:
    part = jws.split(b".")[1]
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
