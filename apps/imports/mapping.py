"""How the real purchases become those of the demo town: households, stores and departments to public codes.

`docs/import.md` says in words what is real and what is invented. `mapping_tables` gives the same as tables, so
that a question asked of the pods can be checked with SQL on the package's files.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from apps.town.people import Demographics, Person
from vocab.codes import INCOME
from vocab.places import district_of
from vocab.trade import SHOP

_CATEGORIES = {
    "GROCERY": "grocery",
    "FROZEN GROCERY": "grocery",
    "PRODUCE": "produce",
    "MEAT": "meat",
    "MEAT-PCKGD": "meat",
    "SEAFOOD": "fish",
    "SEAFOOD-PCKGD": "fish",
    "PASTRY": "bakery",
    "DELI": "deli",
    "CHEF SHOPPE": "deli",
    "RESTAURANT": "deli",
    "SALAD BAR": "deli",
    "NUTRITION": "nutrition",
    "DRUG GM": "household",
    "COSMETICS": "household",
    "GM MERCH EXP": "household",
    "SPIRITS": "beverages",
    "FLORAL": "garden",
    "GARDEN CENTER": "garden",
    "FUEL": "fuel",
}
_INCOMES = {
    "Under 15K": "0-14",
    **{f"{notation}K": notation for notation in INCOME.notations if notation not in ("0-14", "250+")},
    "250K+": "250+",
}
_HOME_OWNERSHIP = {
    "Homeowner": "owner",
    "Probable Homeowner": "probable-owner",
    "Renter": "renter",
    "Probable Renter": "probable-renter",
}
_SHOPS = SHOP.notations


def category_of(department: str) -> str:
    """Return the merchant category of a department; what is no shop department is `other`."""
    return _CATEGORIES.get(department, "other")


def shop_of(store: int) -> str:
    """Return the member shop that stands for a store: the remainder of its number counts through the list."""
    return _SHOPS[store % len(_SHOPS)]


def shop_district(shop: str) -> str:
    """Return the district in which a member shop lies."""
    return district_of(SHOP.by_notation[shop].broader or "")


def demographics_of(
    age: str,
    income: str,
    home_ownership: str | None,
    marital_status: str | None,
    household_size: str,
    kids_count: str,
) -> Demographics:
    """Return the survey's words as notations of our lists; KeyError for a word that we do not know."""
    return Demographics(
        age_class=age,
        income=_INCOMES[income],
        home_ownership=None if home_ownership is None else _HOME_OWNERSHIP[home_ownership],
        marital_status=None if marital_status is None else marital_status.lower(),
        household_size=household_size,
        children=kids_count,
    )


def mapping_tables(
    people: Iterable[Person], stores: Iterable[int], departments: Iterable[str]
) -> dict[str, pa.Table]:
    """Return the tables `people`, `shops` and `categories`, to be joined with the package's files in DuckDB."""
    persons, numbers, names = list(people), list(stores), list(departments)
    return {
        "people": pa.table(
            {
                "household_id": pa.array([person.household for person in persons], pa.int64()),
                "pod": [person.pod for person in persons],
                "gender": [person.gender for person in persons],
                "neighbourhood": [person.neighbourhood for person in persons],
                "district": [person.district for person in persons],
                "birth_year": pa.array([person.birth_year for person in persons], pa.int64()),
                "age_class": pa.array([person.demographics.age_class for person in persons], pa.string()),
                "income": pa.array([person.demographics.income for person in persons], pa.string()),
                "home_ownership": pa.array(
                    [person.demographics.home_ownership for person in persons], pa.string()
                ),
                "marital_status": pa.array(
                    [person.demographics.marital_status for person in persons], pa.string()
                ),
                "household_size": pa.array(
                    [person.demographics.household_size for person in persons], pa.string()
                ),
                "children": pa.array([person.demographics.children for person in persons], pa.string()),
            }
        ),
        "shops": pa.table(
            {
                "store_id": pa.array(numbers, pa.int64()),
                "shop": [shop_of(number) for number in numbers],
                "district": [shop_district(shop_of(number)) for number in numbers],
            }
        ),
        "categories": pa.table({"department": names, "category": [category_of(name) for name in names]}),
    }
