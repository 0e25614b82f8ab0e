"""A person's private profile as Turtle, `profile/private.ttl`."""

from __future__ import annotations

from apps.town.people import Person
from vocab.shapes import PROFILE
from vocab.terms import NS, SCHEMA, VCARD
from vocab.turtle import angled, quoted

DOCUMENT = "profile/private.ttl"


def turtle(person: Person, webid: str) -> bytes:
    """Return the profile; what is not known is left out."""
    facts = person.demographics
    codes = {
        "gender": person.gender,
        "neighbourhood": person.neighbourhood,
        "district": person.district,
        "ageClass": facts.age_class,
        "householdSize": facts.household_size,
        "income": facts.income,
        "homeOwnership": facts.home_ownership,
        "maritalStatus": facts.marital_status,
        "children": facts.children,
    }
    lines = [f"vcard:fn {quoted(person.name)}", f"vcard:hasEmail {angled(f'mailto:{person.email}')}"]
    lines.append(f"schema:taxID {quoted(person.tax_code)}")
    lines += [_coded(name, notation) for name, notation in codes.items() if notation is not None]
    if person.birth_year is not None:
        lines.append(f"po:birthYear {person.birth_year}")
    body = " ;\n  ".join(lines)
    return (
        f"@prefix po: <{NS}> .\n@prefix schema: <{SCHEMA}> .\n@prefix vcard: <{VCARD}> .\n\n"
        f"{angled(webid)} a vcard:Individual ;\n  {body} .\n"
    ).encode()


def _coded(name: str, notation: str) -> str:
    prop = PROFILE.by_name[name]
    if prop.codes is None:
        raise ValueError(f"Profile.{name} has no code list")
    return f"{angled(prop.path[0])} {angled(prop.codes.by_notation[notation].iri)}"
