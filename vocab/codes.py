"""Public code lists: the only values that a question may group by. Types, and the lists about people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from vocab.terms import CODES, VCARD

Label = Mapping[str, str]
"""A text per language tag; `it` and `en` are always there."""


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list. `broader` is the notation of its parent in another list (a quarter's district)."""

    notation: str
    iri: str
    label: Label
    broader: str | None = None


@dataclass(frozen=True)
class CodeList:
    """A closed, ordered list of codes. The order is that of published tables."""

    name: str
    label: Label
    codes: tuple[Code, ...] = field(repr=False)

    @property
    def iri(self) -> str:
        """Return the IRI of the list as a `skos:ConceptScheme`."""
        return CODES + self.name

    @cached_property
    def by_notation(self) -> Mapping[str, Code]:
        """Return the codes by notation, `orologio`."""
        return MappingProxyType({code.notation: code for code in self.codes})

    @cached_property
    def by_iri(self) -> Mapping[str, Code]:
        """Return the codes by IRI."""
        return MappingProxyType({code.iri: code for code in self.codes})

    @cached_property
    def notations(self) -> tuple[str, ...]:
        """Return all notations in list order."""
        return tuple(code.notation for code in self.codes)

    def __contains__(self, notation: object) -> bool:
        return notation in self.by_notation


def label(it: str, en: str | None = None) -> Label:
    """Return a label in both languages; a proper name is the same in each."""
    return MappingProxyType({"it": it, "en": en if en is not None else it})


def code_list(
    name: str, title: Label, rows: Iterable[tuple[str, Label] | tuple[str, Label, str]]
) -> CodeList:
    """Return a list whose codes get IRIs in our own code namespace from (notation, label[, broader])."""
    codes = tuple(
        Code(row[0], f"{CODES}{name}#{row[0]}", row[1], row[2] if len(row) == 3 else None) for row in rows
    )
    return CodeList(name, title, codes)


AGE_CLASS = code_list(
    "age-class",
    label("Classe di età", "Age class"),
    [
        *((bounds, label(f"{bounds} anni", f"{bounds} years")) for bounds in ("19-24", "25-34", "35-44")),
        *((bounds, label(f"{bounds} anni", f"{bounds} years")) for bounds in ("45-54", "55-64")),
        ("65+", label("65 anni e oltre", "65 years and over")),
    ],
)

# vCard already names the sexes; its terms are what every Solid contact app reads.
GENDER = CodeList(
    "gender",
    label("Genere", "Gender"),
    (
        Code("female", str(VCARD.Female), label("Donna", "Female")),
        Code("male", str(VCARD.Male), label("Uomo", "Male")),
        Code("other", str(VCARD.Other), label("Altro", "Other")),
    ),
)

HOUSEHOLD_SIZE = code_list(
    "household-size",
    label("Componenti della famiglia", "Household size"),
    [
        ("1", label("1 persona", "1 person")),
        *((str(n), label(f"{n} persone", f"{n} people")) for n in (2, 3, 4)),
        ("5+", label("5 o più persone", "5 or more people")),
    ],
)

_INCOME_BANDS = (
    *(("0-14", "meno di 15.000", "under 15,000"), ("15-24", "15.000-24.999", "15,000-24,999")),
    *(("25-34", "25.000-34.999", "25,000-34,999"), ("35-49", "35.000-49.999", "35,000-49,999")),
    *(("50-74", "50.000-74.999", "50,000-74,999"), ("75-99", "75.000-99.999", "75,000-99,999")),
    *(("100-124", "100.000-124.999", "100,000-124,999"), ("125-149", "125.000-149.999", "125,000-149,999")),
    *(("150-174", "150.000-174.999", "150,000-174,999"), ("175-199", "175.000-199.999", "175,000-199,999")),
    *(("200-249", "200.000-249.999", "200,000-249,999"), ("250+", "250.000 e oltre", "250,000 and over")),
)
INCOME = code_list(
    "income",
    label("Reddito annuo della famiglia (€)", "Yearly household income (€)"),
    [(notation, label(it, en)) for notation, it, en in _INCOME_BANDS],
)

HOME_OWNERSHIP = code_list(
    "home-ownership",
    label("Titolo di godimento della casa", "Home ownership"),
    [
        ("owner", label("Casa di proprietà", "Homeowner")),
        ("probable-owner", label("Probabile casa di proprietà", "Probable homeowner")),
        ("renter", label("In affitto", "Renter")),
        ("probable-renter", label("Probabilmente in affitto", "Probable renter")),
    ],
)

MARITAL_STATUS = code_list(
    "marital-status",
    label("Stato civile", "Marital status"),
    [("married", label("Sposato/a", "Married")), ("unmarried", label("Non sposato/a", "Unmarried"))],
)

CHILDREN = code_list(
    "children",
    label("Figli in famiglia", "Children in the household"),
    [
        ("0", label("Nessun figlio", "No children")),
        ("1", label("1 figlio", "1 child")),
        ("2", label("2 figli", "2 children")),
        ("3+", label("3 o più figli", "3 or more children")),
    ],
)
