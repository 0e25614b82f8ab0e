"""From a programme document to its value, to the digest that binds it, and to the declaration people see."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from apps.valueback.model import BASIS_POINTS, BadProgramme, Programme, Project, rule_named
from vocab.claim_rules import ELIGIBLE_PURCHASES
from vocab.codes import Label
from vocab.pages import msg
from vocab.shapes import SHAPES, money

MIN_PROJECTS = 3  # with fewer there is little to choose
MAX_PROJECTS = 20
MAX_TEXT = 2000
MAX_BUDGET = 10**11  # a milliard euro in cents
SIGNED = 3
SHOWN_NAMES = 15  # of members, in the text people read; the document names all of them
RETENTION_DAYS = 3650  # books are kept for ten years, art. 2220 c.c.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_MEMBERS = frozenset(
    {
        *(
            "id",
            "series",
            "name",
            "version",
            "organisation",
            "title",
            "text",
            "rule",
            "issuers",
            "minimum_trust",
        ),
        *("period", "rate", "member_bp", "budget", "projects", "vote_days", "valid_until"),
    }
)


def digest(document: Mapping[str, Any]) -> str:
    """Return the fingerprint that a declaration shows; the pod host computes the same of what it is sent."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return "sha256-" + hashlib.sha256(text.encode()).hexdigest()


def programme(document: Mapping[str, Any]) -> Programme:
    """Return the programme of a document; raise BadProgramme naming the field that is wrong."""
    missing = sorted(_MEMBERS.symmetric_difference(document))
    if missing:
        raise BadProgramme(
            msg("a programme document has exactly {members}"),
            field=str(missing[0]),
            members=", ".join(sorted(_MEMBERS)),
        )
    name, version = document["name"], document["version"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadProgramme(msg("up to 40 of a-z, 0-9 and hyphens"), field="name")
    first, last = _period(document["period"])
    rate = document["rate"] if isinstance(document["rate"], dict) else {}
    if document["minimum_trust"] != SIGNED:
        raise BadProgramme(msg("only signed receipts move money"), field="minimum_trust")
    return Programme(
        iri=str(document["id"]),
        series=str(document["series"]),
        name=name,
        version=_integer(version, "version", 1, 10_000),
        organisation=str(document["organisation"]),
        title=_label(document["title"], "title", 120),
        text=_label(document["text"], "text", MAX_TEXT),
        rule=rule_named(str(document["rule"])),
        issuers=_issuers(document["issuers"]),
        first=first,
        last=last,
        rate_cents=_integer(rate.get("cents"), "rate.cents", 1, 100_000),
        rate_per=_integer(rate.get("per"), "rate.per", 1, 1_000_000),
        member_bp=_integer(document["member_bp"], "member_bp", 0, BASIS_POINTS),
        budget=_integer(document["budget"], "budget", 1, MAX_BUDGET),
        projects=_projects(document["projects"]),
        vote_days=_integer(document["vote_days"], "vote_days", 0, 90),
        valid_until=_day(document["valid_until"]),
        digest=digest(document),
        document=document,
    )


def declaration(published: Programme, cooperative: str, revision_of: str | None = None) -> dict[str, Any]:
    """Return the purpose declaration of a programme: what its members are asked, in plain words.

    The fingerprint of the document is part of the text: what a person agreed to is then exactly this
    version, and the pod host refuses a claim under any other.
    """
    rule = published.rule
    everything = list(SHAPES["ValueShare"].by_name)
    return {
        "id": published.name,
        "version": published.version,
        "title": dict(published.title),
        "text": {
            "it": f"{published.text['it']} {rule.text['it']} {_terms_it(published)} "
            f"Impronta del regolamento: {published.digest}",
            "en": f"{published.text['en']} {rule.text['en']} {_terms_en(published)} "
            f"Fingerprint of the rules: {published.digest}",
        },
        "consequence_of_refusal": {
            "it": "Se dici di no non ricevi la tua parte di questo programma e non voti sul fondo comune. Per "
            "il resto non cambia nulla: acquisti e servizi restano gli stessi.",
            "en": "If you say no you get no share of this programme and no vote on its common pool. Nothing "
            "else changes: purchases and services stay the same.",
        },
        "legal_basis": "gdpr:A6-1-a",
        "items": [
            {"shape": rule.shape, "properties": list(rule.reads), "mode": "claim"},
            {"shape": "ValueShare", "properties": everything, "mode": "append"},
        ],
        "recipients": [cooperative],
        "retention_days": RETENTION_DAYS,
        "valid_until": published.valid_until,
        **({"revision_of": revision_of} if revision_of else {}),
    }


def with_purpose(published: Programme, purpose: str, at: float) -> Programme:
    return replace(published, purpose=purpose, published_at=at)


def rate_text(published: Programme) -> tuple[str, str]:
    """Return the rate in words, Italian and English."""
    cents, per = published.rate_cents, published.rate_per
    if published.rule.iri == ELIGIBLE_PURCHASES.iri:
        whole, rest = divmod(cents * BASIS_POINTS // per, 100)
        percent = f"{whole},{rest:02}".rstrip("0").rstrip(",")
        return f"il {percent} % della spesa", f"{percent.replace(',', '.')} % of the amount"
    amount = money(cents)
    units = {"minutes": ("minuti", "minutes"), "times": ("presenze", "attendances")}[published.rule.unit]
    return f"{amount.replace('.', ',')} € ogni {per} {units[0]}", f"€{amount} for every {per} {units[1]}"


def _terms_it(published: Programme) -> str:
    shops = _names(published, "e altri {count}")
    return (
        f"Valore restituito: {rate_text(published)[0]}; {_percent(published.member_bp)} a chi partecipa, il "
        f"resto al fondo comune. Periodo: da {published.first} a {published.last}. Aderenti: {shops}."
    )


def _terms_en(published: Programme) -> str:
    shops = _names(published, "and {count} more")
    return (
        f"Value returned: {rate_text(published)[1]}; {_percent(published.member_bp)} to those who take part, "
        f"the rest to the common pool. Period: {published.first} to {published.last}. Members: {shops}."
    )


def _names(published: Programme, more: str) -> str:
    names = list(dict.fromkeys(name for _, name in published.issuers))
    rest = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" {more.format(count=rest)}" if rest > 0 else "")


def _percent(basis_points: int) -> str:
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02} %" if rest else f"{whole} %"


def _integer(value: Any, where: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadProgramme(msg("a whole number from {least} to {most}"), field=where, least=least, most=most)
    return value


def _label(value: Any, where: str, most: int) -> Label:
    texts = value if isinstance(value, dict) else {}
    found = {code: str(texts.get(code) or "").strip() for code in ("it", "en")}
    for code, text in found.items():
        if not text or len(text) > most:
            raise BadProgramme(msg("a text of 1 to {most} characters"), field=f"{where}.{code}", most=most)
    return found


def _period(value: Any) -> tuple[str, str]:
    first, last = (value.get("from"), value.get("to")) if isinstance(value, dict) else (None, None)
    if not all(isinstance(month, str) and _MONTH.fullmatch(month) for month in (first, last)):
        raise BadProgramme(msg("from and to are months such as 2026-01"), field="period")
    if str(first) > str(last) or months_between(str(first), str(last)) > 12:
        raise BadProgramme(msg("from one month to a later one, twelve at most"), field="period")
    return str(first), str(last)


def months_between(first: str, last: str) -> int:
    """Return how many months lie from the first to the last, both included."""
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1


def _issuers(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not value:
        raise BadProgramme(msg("choose at least one member whose receipts count"), field="issuers")
    try:
        return tuple((str(one["iri"]), str(one["name"])) for one in value if one["jwks"]["keys"])
    except (KeyError, TypeError) as error:
        raise BadProgramme(msg("each has iri, name and jwks"), field="issuers") from error


def _projects(value: Any) -> tuple[Project, ...]:
    if not isinstance(value, list) or not MIN_PROJECTS <= len(value) <= MAX_PROJECTS:
        raise BadProgramme(
            msg("from {least} to {most} projects to choose among"),
            field="projects",
            least=MIN_PROJECTS,
            most=MAX_PROJECTS,
        )
    found = []
    for number, one in enumerate(value):
        one = one if isinstance(one, dict) else {}
        identifier = str(one.get("id", ""))
        if not _NAME.fullmatch(identifier):
            raise BadProgramme(msg("up to 40 of a-z, 0-9 and hyphens"), field=f"projects[{number}].id")
        title = _label(one.get("title"), f"projects[{number}].title", 120)
        found.append(Project(identifier, title, _label(one.get("text"), f"projects[{number}].text", 500)))
    if len({one.id for one in found}) < len(found):
        raise BadProgramme(msg("two of them have the same id"), field="projects")
    return tuple(found)


def _day(value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise BadProgramme(msg("a day such as 2027-12-31"), field="valid_until") from error


def default_end(today: date) -> str:
    """Return a year from today, the usual end of a programme's consent."""
    return (today + timedelta(days=365)).isoformat()
