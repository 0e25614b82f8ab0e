"""Data shapes: what a purpose or a question may name. Each property is a path of predicates from a subject."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Literal

from vocab import codes, places, trade
from vocab.codes import CodeList, Label, label
from vocab.terms import PO, PROV, SCHEMA, SHAPES_NS, VCARD

Kind = Literal["code", "integer", "money", "date", "text", "iri"]
"""How a value is written in RDF and what it becomes in a table:

code     IRI of a code                     -> notation (text)
integer  xsd:integer                       -> integer
money    xsd:decimal with two digits       -> integer cents, see `cents`
date     xsd:dateTime in UTC, ending in Z  -> timestamp
text     xsd:string                        -> text
iri      IRI                               -> text
"""


@dataclass(frozen=True, slots=True)
class Property:
    """One property. A path of two leads through a part (an order's line), so it may have many values."""

    name: str
    path: tuple[str, ...]
    kind: Kind
    label: Label
    codes: CodeList | None = None
    required: bool = False
    identifying: bool = False
    """Names a person or points to one: never a group key, never a filter, never a measure."""

    @property
    def per_part(self) -> bool:
        """Return whether the property belongs to a part of the subject, such as a line of an order."""
        return len(self.path) > 1


@dataclass(frozen=True)
class Shape:
    """A kind of resource in a pod: its class, its container, and its properties."""

    name: str
    iri: str
    target_class: str
    container: str
    """Relative to the pod, `purchases/`."""
    label: Label
    properties: tuple[Property, ...] = field(repr=False)
    document: str | None = None
    """The one document that holds it, where there is only one; its subject is then the owner's WebID."""

    @cached_property
    def by_name(self) -> Mapping[str, Property]:
        """Return the properties by name, `orderedAt`."""
        return MappingProxyType({item.name: item for item in self.properties})


_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]{0,2}))?")


def cents(decimal: str) -> int:
    """Return the integer cents of a decimal with two fraction digits at most; ValueError otherwise.

    "12.34" is 1234, "-0.5" is -50. Never goes through a float.
    """
    found = _DECIMAL.fullmatch(decimal)
    if found is None or not (found[2] or found[3]):
        raise ValueError(f"{decimal!r} is not an amount with two decimals")
    amount = int(found[2] or "0") * 100 + int((found[3] or "").ljust(2, "0"))
    return -amount if found[1] == "-" else amount


@lru_cache(maxsize=65536)  # prices repeat; whole towns of receipts pass here
def money(amount: int) -> str:
    """Return integer cents as a decimal with two digits: -50 is "-0.50"."""
    whole, rest = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:02}"


_LINE = str(SCHEMA.orderedItem)

PROFILE = Shape(
    "Profile",
    SHAPES_NS + "Profile",
    str(VCARD.Individual),
    "profile/",
    label("Profilo", "Profile"),
    (
        Property("name", (str(VCARD.fn),), "text", label("Nome", "Name"), required=True, identifying=True),
        Property("email", (str(VCARD.hasEmail),), "iri", label("E-mail"), identifying=True),
        Property(
            "taxCode", (str(SCHEMA.taxID),), "text", label("Codice fiscale", "Tax code"), identifying=True
        ),
        Property("birthYear", (str(PO.birthYear),), "integer", label("Anno di nascita", "Year of birth")),
        Property(
            "ageClass", (str(PO.ageClass),), "code", label("Classe di età", "Age class"), codes.AGE_CLASS
        ),
        Property("gender", (str(VCARD.hasGender),), "code", label("Genere", "Gender"), codes.GENDER),
        Property(
            "neighbourhood",
            (str(PO.neighbourhood),),
            "code",
            label("Quartiere", "Neighbourhood"),
            places.NEIGHBOURHOOD,
        ),
        Property("district", (str(PO.district),), "code", label("Ambito", "District"), places.DISTRICT),
        Property(
            "householdSize",
            (str(PO.householdSize),),
            "code",
            codes.HOUSEHOLD_SIZE.label,
            codes.HOUSEHOLD_SIZE,
        ),
        Property("income", (str(PO.income),), "code", codes.INCOME.label, codes.INCOME),
        Property(
            "homeOwnership",
            (str(PO.homeOwnership),),
            "code",
            codes.HOME_OWNERSHIP.label,
            codes.HOME_OWNERSHIP,
        ),
        Property(
            "maritalStatus",
            (str(PO.maritalStatus),),
            "code",
            codes.MARITAL_STATUS.label,
            codes.MARITAL_STATUS,
        ),
        Property("children", (str(PO.children),), "code", codes.CHILDREN.label, codes.CHILDREN),
    ),
    document="profile/private.ttl",
)

PARTICIPATION = Shape(
    "Participation",
    SHAPES_NS + "Participation",
    str(PO.Participation),
    "participation/",
    label("Partecipazione", "Participation"),
    (
        Property("kind", (str(PO.kind),), "code", trade.KIND.label, trade.KIND, required=True),
        Property("theme", (str(SCHEMA.about),), "code", trade.THEME.label, trade.THEME),
        Property("venue", (str(SCHEMA.location),), "code", places.VENUE.label, places.VENUE),
        Property("district", (str(PO.district),), "code", label("Ambito", "District"), places.DISTRICT),
        Property("startedAt", (str(SCHEMA.startTime),), "date", label("Inizio", "Start"), required=True),
        Property("minutes", (str(PO.minutes),), "integer", label("Minuti", "Minutes")),
        Property("role", (str(PO.role),), "code", trade.ROLE.label, trade.ROLE),
        Property("title", (str(SCHEMA.name),), "text", label("Iniziativa", "Event")),
        Property("issuer", (str(PO.issuer),), "iri", label("Rilasciata da", "Issued by")),
        Property("receiptId", (str(SCHEMA.identifier),), "text", label("Numero", "Number"), identifying=True),
    ),
)

PURCHASE = Shape(
    "Purchase",
    SHAPES_NS + "Purchase",
    str(SCHEMA.Order),
    "purchases/",
    label("Acquisti", "Purchases"),
    (
        Property("orderedAt", (str(SCHEMA.orderDate),), "date", label("Data", "Date"), required=True),
        Property("seller", (str(SCHEMA.seller),), "code", trade.SHOP.label, trade.SHOP, required=True),
        Property("district", (str(PO.district),), "code", label("Ambito", "District"), places.DISTRICT),
        Property("total", (str(SCHEMA.price),), "money", label("Totale", "Total"), required=True),
        Property("currency", (str(SCHEMA.priceCurrency),), "text", label("Valuta", "Currency")),
        Property("category", (_LINE, str(PO.category)), "code", trade.CATEGORY.label, trade.CATEGORY),
        Property("lineAmount", (_LINE, str(SCHEMA.price)), "money", label("Importo", "Amount")),
        Property("quantity", (_LINE, str(SCHEMA.orderQuantity)), "integer", label("Quantità", "Quantity")),
        Property("description", (_LINE, str(SCHEMA.name)), "text", label("Descrizione", "Description")),
        Property("issuer", (str(PO.issuer),), "iri", label("Rilasciato da", "Issued by")),
        Property(
            "receiptId", (str(SCHEMA.orderNumber),), "text", label("Numero", "Number"), identifying=True
        ),
    ),
)

VALUE_SHARE = Shape(
    "ValueShare",
    SHAPES_NS + "ValueShare",
    str(PO.ValueShare),
    "value/",
    label("Quote di valore", "Value shares"),
    (
        Property("programme", (str(PO.programme),), "iri", label("Programma", "Programme"), required=True),
        Property("run", (str(PROV.wasGeneratedBy),), "iri", label("Esecuzione", "Run")),
        Property("rule", (str(PO.rule),), "iri", label("Regola", "Rule")),
        Property("grant", (str(PO.grant),), "iri", label("Consenso", "Grant"), identifying=True),
        Property("period", (str(PO.period),), "text", label("Periodo", "Period"), required=True),
        Property(
            "count", (str(PO.eligibleCount),), "integer", label("Acquisti validi", "Eligible purchases")
        ),
        Property("eligible", (str(PO.eligibleAmount),), "money", label("Importo valido", "Eligible amount")),
        Property("share", (str(SCHEMA.price),), "money", label("Quota", "Share"), required=True),
        Property("pool", (str(PO.poolAmount),), "money", label("Al fondo comune", "To the common pool")),
        Property("currency", (str(SCHEMA.priceCurrency),), "text", label("Valuta", "Currency")),
        Property("issuedAt", (str(SCHEMA.dateIssued),), "date", label("Data", "Date"), required=True),
        Property("statement", (str(PO.statement),), "iri", label("Rendiconto pubblico", "Public statement")),
        Property("vote", (str(PO.vote),), "iri", label("Dove si vota", "Where to vote")),
        Property(
            "ballot",
            (str(PO.ballot),),
            "text",
            label("Scheda di voto", "Voting credential"),
            identifying=True,
        ),
        Property("issuer", (str(PO.issuer),), "iri", label("Rilasciata da", "Issued by")),
    ),
)

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {shape.name: shape for shape in (PROFILE, PARTICIPATION, PURCHASE, VALUE_SHARE)}
)

CODE_LISTS: Mapping[str, CodeList] = MappingProxyType(
    {
        item.name: item
        for item in (
            *(codes.AGE_CLASS, codes.GENDER, codes.HOUSEHOLD_SIZE, codes.INCOME, codes.HOME_OWNERSHIP),
            *(codes.MARITAL_STATUS, codes.CHILDREN, places.DISTRICT, places.NEIGHBOURHOOD, places.VENUE),
            *(trade.CATEGORY, trade.SHOP, trade.KIND, trade.THEME, trade.ROLE),
        )
    }
)
"""Every public code list by name."""


def property_named(qualified: str) -> tuple[Shape, Property]:
    """Return shape and property of `Purchase.lineAmount`; KeyError with the names there are, if unknown."""
    shape_name, _, name = qualified.partition(".")
    shape = SHAPES.get(shape_name)
    if shape is None:
        raise KeyError(f"{qualified!r}: no shape {shape_name!r}; there are {', '.join(SHAPES)}")
    found = shape.by_name.get(name)
    if found is None:
        raise KeyError(f"{qualified!r}: {shape_name} has no {name!r}; it has {', '.join(shape.by_name)}")
    return shape, found
