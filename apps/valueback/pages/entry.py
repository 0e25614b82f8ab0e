"""The form of a new programme: what it shows first, and the document that it becomes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.datastructures import FormData

from apps.valueback.model import BASIS_POINTS, BadProgramme, rule_named
from apps.valueback.programme import MIN_PROJECTS, default_end
from vocab.claim_rules import ELIGIBLE_PURCHASES, VOLUNTEER_MINUTES
from vocab.pages import msg

PROJECT_ROWS = 5
LABELS = {
    "name": msg("Short name"),
    "title.it": msg("Title in Italian"),
    "text.it": msg("What it is for, in Italian"),
    "rule": msg("What counts"),
    "rate": msg("Value returned"),
    "rate.cents": msg("Value returned"),
    "member_percent": msg("Part that returns to members, per cent"),
    "member_bp": msg("Part that returns to members, per cent"),
    "budget": msg("At most, €"),
    "period": msg("Period"),
    "valid_until": msg("Consents end on"),
    "vote_days": msg("Days for the vote on the pool"),
    "issuers": msg("Member shops"),
    "projects": msg("Projects for the common pool"),
}
"""What the form calls the fields that a refusal names."""

_TEXTS = ("name", "title_it", "title_en", "text_it", "text_en", "rule", "first", "last", "rate")
_MORE = ("member_percent", "budget", "vote_days", "valid_until")
_PROJECT = ("project_title_it", "project_title_en", "project_text_it", "project_text_en")
PER: Mapping[str, int] = {ELIGIBLE_PURCHASES.iri: BASIS_POINTS, VOLUNTEER_MINUTES.iri: 60}
"""For how many units the entered rate stands: a percentage, euro an hour, euro a time."""


def blank(today: date) -> dict[str, Any]:
    """Return the values of an empty form."""
    month = f"{today.year:04}-{today.month:02}"
    values: dict[str, Any] = dict.fromkeys((*_TEXTS, *_MORE), "")
    values.update(rule=ELIGIBLE_PURCHASES.iri, first=month, last=month, rate="2", member_percent="60")
    values.update(vote_days="14", valid_until=default_end(today), issuers=[])
    return {**values, "projects": [dict.fromkeys(_PROJECT, "") for _ in range(PROJECT_ROWS)]}


def filled(form: FormData) -> dict[str, Any]:
    """Return the values as they were typed."""
    values: dict[str, Any] = {name: str(form.get(name, "")) for name in (*_TEXTS, *_MORE)}
    columns = {name: [str(one) for one in form.getlist(name)] for name in _PROJECT}
    rows = max((len(column) for column in columns.values()), default=0)
    projects = [
        {name: column[row] if row < len(column) else "" for name, column in columns.items()}
        for row in range(max(rows, MIN_PROJECTS))
    ]
    return {**values, "issuers": [str(one) for one in form.getlist("issuers")], "projects": projects}


def read(form: FormData) -> dict[str, Any]:
    """Return the programme document of a form; raise BadProgramme naming the field."""
    values = filled(form)
    rule = rule_named(values["rule"])
    rate = _hundredths(values["rate"], "rate")
    projects = [_project(one) for one in values["projects"] if one["project_title_it"].strip()]
    return {
        "name": values["name"].strip() or slug(values["title_it"]),
        "title": _both(values["title_it"], values["title_en"]),
        "text": _both(values["text_it"], values["text_en"]),
        "rule": rule.iri,
        "issuers": values["issuers"],
        "period": {"from": values["first"], "to": values["last"]},
        "rate": {"cents": rate, "per": PER.get(rule.iri, 1)},
        "member_bp": _hundredths(values["member_percent"], "member_percent"),
        "budget": _hundredths(values["budget"], "budget"),
        "projects": projects,
        "vote_days": _whole(values["vote_days"], "vote_days"),
        "valid_until": values["valid_until"],
    }


def slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")


def _project(values: Mapping[str, str]) -> dict[str, Any]:
    title = _both(values["project_title_it"], values["project_title_en"])
    words = _both(values["project_text_it"], values["project_text_en"])
    return {"id": slug(title["it"]), "title": title, "text": words if words["it"] else title}


def _both(italian: str, english: str) -> dict[str, str]:
    """Return a text in both languages; what was not translated stands in Italian rather than not at all."""
    it, en = " ".join(italian.split()), " ".join(english.split())
    return {"it": it, "en": en or it}


def _hundredths(text: str, where: str) -> int:
    """Return `2,5` as 250: cents of euro, or basis points of a percentage."""
    try:
        value = (
            Decimal(text.strip().replace(".", "").replace(",", ".") if "," in text else text.strip()) * 100
        )
    except InvalidOperation as error:
        raise BadProgramme(msg("write a number such as 2,5"), field=where) from error
    if not value.is_finite() or value != value.to_integral_value() or value < 0:
        raise BadProgramme(msg("a number with at most two decimals"), field=where)
    return int(value)


def _whole(text: str, where: str) -> int:
    if not text.strip().isdecimal():
        raise BadProgramme(msg("a whole number"), field=where)
    return int(text)
