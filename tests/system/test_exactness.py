"""With the noise left out, ten questions over all imported pods equal SQL straight on the package's files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from apps.imports.mapping import mapping_tables
from apps.imports.source import CompleteJourney
from apps.town.people import People
from consent.aggregation.engine import exact_cells
from consent.aggregation.fields import Fields
from consent.aggregation.plan_sql import plan
from consent.aggregation.programme import programme
from consent.aggregation.projection import Projector
from consent.aggregation.query import query
from consent.issuers import IssuerDirectory
from tests.system.whole_town import WholeTown

# As many as the package has; a slice would leave the reader to wonder about the rest.
HOUSEHOLDS, BASKETS, LINES = 2469, 155848, 1469307
YEAR = {"from": "2017-01", "to": "2017-12"}
PROGRAMME = "https://example/programme"
TERMS: dict[str, Any] = {
    "dimensions": [
        *("Profile.district", "Profile.neighbourhood", "Profile.gender", "Profile.ageClass"),
        *("Profile.income", "Profile.householdSize"),
        *("Purchase.category", "Purchase.seller", "Purchase.district", "Purchase.orderedAt"),
    ],
    "measures": [
        {"function": "people"},
        {"function": "count", "property": "Purchase.orderedAt", "upper": 40},
        {"function": "count", "property": "Purchase.lineAmount", "upper": 1000},
        {"function": "sum", "property": "Purchase.total", "lower": 0, "upper": 500_000},
        {"function": "sum", "property": "Purchase.lineAmount", "lower": 0, "upper": 50_000},
        {"function": "sum", "property": "Purchase.quantity", "lower": 0, "upper": 300},
    ],
    "l0": 1000,
    "rho_total": 1,
    "k_min": 3,
    "min_participants": 3,
    "period": YEAR,
}


@dataclass(frozen=True)
class Case:
    """A question, and the keys, the contribution of a household and the filter that say the same in SQL."""

    name: str
    measure: dict[str, str]
    group_by: tuple[str, ...]
    keys: tuple[str, ...]
    value: str
    upper: int
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    condition: str = "true"
    period: tuple[str, str] = ("2017-01", "2017-12")


def summed(name: str) -> dict[str, str]:
    return {"function": "sum", "property": f"Purchase.{name}"}


PEOPLE = {"function": "people"}
ORDERS = {"function": "count", "property": "Purchase.orderedAt"}
CASES = (
    Case("people by district", PEOPLE, ("Profile.district",), ("people.district",), "1", 1),
    Case(
        "people by age class and district",
        PEOPLE,
        ("Profile.ageClass", "Profile.district"),
        ("people.age_class", "people.district"),
        "1",
        1,
    ),
    Case("people by category", PEOPLE, ("Purchase.category",), ("categories.category",), "1", 1),
    Case(
        "people of two districts who bought fish in spring, by gender",
        PEOPLE,
        ("Profile.gender", "Purchase.category"),
        ("people.gender", "categories.category"),
        "1",
        1,
        (("Profile.district", ("a", "d")), ("Purchase.category", ("fish",))),
        "people.district IN ('a', 'd') AND categories.category = 'fish'",
        ("2017-03", "2017-05"),
    ),
    Case(
        "spending by district and category",
        summed("lineAmount"),
        ("Profile.district", "Purchase.category"),
        ("people.district", "categories.category"),
        "sum(cents)",
        50_000,
    ),
    Case(
        "spending by income and household size",
        summed("lineAmount"),
        ("Profile.income", "Profile.householdSize"),
        ("people.income", "people.household_size"),
        "sum(cents)",
        50_000,
    ),
    Case("spending by shop", summed("total"), ("Purchase.seller",), ("shops.shop",), "sum(cents)", 500_000),
    Case(
        "spending by month in the shops of a district",
        summed("total"),
        ("Purchase.orderedAt",),
        ("month",),
        "sum(cents)",
        500_000,
        (("Purchase.district", ("b",)),),
        "shops.district = 'b'",
        ("2017-02", "2017-11"),
    ),
    Case(
        "orders by neighbourhood",
        ORDERS,
        ("Profile.neighbourhood",),
        ("people.neighbourhood",),
        "count(DISTINCT basket_id)",
        40,
    ),
    Case(
        "things bought by category and month in autumn",
        summed("quantity"),
        ("Purchase.category", "Purchase.orderedAt"),
        ("categories.category", "month"),
        "sum(quantity)",
        300,
        period=("2017-09", "2017-11"),
    ),
    Case(
        "lines by category",
        {"function": "count", "property": "Purchase.lineAmount"},
        ("Purchase.category",),
        ("categories.category",),
        "count(*)",
        1000,
    ),
)


@pytest.fixture(scope="module")
def projector(whole_town: WholeTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Projector]:
    store = whole_town.store()
    file = tmp_path_factory.mktemp("projection") / "projections.duckdb"
    projector = Projector(store, file, IssuerDirectory(store))
    projector.catch_up()
    yield projector
    projector.close()
    store.close()


@pytest.fixture(scope="module")
def files() -> Iterator[Any]:
    data = CompleteJourney()
    connection = duckdb.connect()
    people = list(People().households(data.households(), data.demographics()))
    for name, table in mapping_tables(people, data.stores(), data.departments()).items():
        connection.register(name, table)
    paths = data.files
    # A till prints one moment and one shop on a receipt: those of its first line.
    connection.execute(
        f"""CREATE TABLE line AS
        SELECT t.household_id, t.basket_id, t.quantity, CAST(round(t.sales_value * 100) AS BIGINT) AS cents,
            coalesce(p.department, '') AS department,
            first(t.store_id) OVER basket AS store_id,
            strftime(first(t.transaction_timestamp) OVER basket, '%Y-%m') AS month
        FROM read_parquet('{paths["transactions"]}') AS t
        LEFT JOIN read_parquet('{paths["products"]}') AS p USING (product_id)
        WINDOW basket AS (PARTITION BY t.household_id, t.basket_id ORDER BY t.product_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"""
    ).fetchall()
    yield connection
    connection.close()
    data.close()


def from_files(files: Any, case: Case) -> dict[tuple[str, ...], tuple[int, int]]:
    keys = ", ".join(case.keys)
    known = " AND ".join(f"{key} IS NOT NULL" for key in case.keys)
    rows = files.execute(
        f"""SELECT {", ".join(f"k{i}" for i in range(len(case.keys)))}, count(*), CAST(sum(v) AS BIGINT) FROM (
            SELECT household_id, {", ".join(f"{key} AS k{i}" for i, key in enumerate(case.keys))},
                least(greatest({case.value}, 0), {case.upper}) AS v
            FROM line JOIN people USING (household_id) JOIN shops USING (store_id)
                JOIN categories USING (department)
            WHERE month BETWEEN '{case.period[0]}' AND '{case.period[1]}' AND {case.condition} AND {known}
            GROUP BY household_id, {keys}) GROUP BY ALL"""
    ).fetchall()
    return {row[:-2]: (row[-2], row[-1]) for row in rows}


def units(projector: Projector) -> list[int]:
    return [row[0] for row in projector.cursor().execute("SELECT unit FROM profile").fetchall()]


def from_pods(projector: Projector, case: Case) -> dict[tuple[str, ...], tuple[int, int]]:
    fields = Fields()
    terms = programme(PROGRAMME, TERMS, fields)
    asked = query(
        {
            "programme": PROGRAMME,
            "measure": case.measure,
            "group_by": list(case.group_by),
            "where": [{"property": name, "in": list(codes)} for name, codes in case.where],
            "period": {"from": case.period[0], "to": case.period[1]},
            "rho": 0.1,
        },
        terms,
        fields,
    )
    cells = exact_cells(projector.cursor(), plan(asked, terms.l0, b"k" * 32), units(projector))
    keys: list[tuple[str, ...]] = [()]
    for field in asked.group_by:
        keys = [(*key, code) for key in keys for code in asked.keys(field)]
    order = [[field.name for field in asked.group_by].index(name) for name in case.group_by]
    return {
        tuple(key[place] for place in order): (int(people), int(value))
        for key, people, value in zip(keys, cells.people, cells.values, strict=True)
        if people
    }


@pytest.mark.system
@pytest.mark.timeout(900)
def test_every_household_basket_and_line_is_there(whole_town: WholeTown, projector: Projector) -> None:
    counts = whole_town.counts
    assert (counts.households, counts.purchases, counts.lines) == (HOUSEHOLDS, BASKETS, LINES)
    rows = "SELECT count(*), count(DISTINCT unit) FROM"
    lines = "SELECT sum(lines), count(DISTINCT unit) FROM purchase_line"
    assert projector.cursor().execute(lines).fetchone() == (LINES, HOUSEHOLDS)
    assert projector.cursor().execute(f"{rows} purchase").fetchone() == (BASKETS, HOUSEHOLDS)
    assert projector.cursor().execute(f"{rows} profile").fetchone() == (HOUSEHOLDS, HOUSEHOLDS)
    assert projector.cursor().execute("SELECT count(*) FROM unverified").fetchone() == (0,)


@pytest.mark.system
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cells_from_pods_equal_those_from_the_files(projector: Projector, files: Any, case: Case) -> None:
    expected, found = from_files(files, case), from_pods(projector, case)
    assert expected
    if case.measure == PEOPLE:
        assert {key: people for key, (people, _) in found.items()} == {
            key: people for key, (people, _) in expected.items()
        }
    else:
        assert found == expected


def test_there_are_at_least_ten_different_questions() -> None:
    assert len({(case.group_by, case.where, case.period, str(case.measure)) for case in CASES}) >= 10
