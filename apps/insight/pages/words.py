"""Words of the pages: outcomes of questions, units of values, precision, and errors of the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.insight.asking import RHOS, margin
from apps.insight.fields import label
from apps.insight.tables import measured
from vocab.pages import msg
from vocab.pages.catalogues import Translator
from vocab.pages.formats import Formats

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "answered": (msg("Answered"), "good"),
    "stored": (msg("Answered from the register, at no cost"), "good"),
    "refused": (msg("Refused"), "off"),
    "running": (msg("Running"), "wait"),
    "failed": (msg("Failed, cost spent"), "off"),
}
MECHANISMS = (msg("discrete Gaussian, zero-concentrated differential privacy"),)
"""What hosts write into a release, for the pages' catalogue."""
UNITS: Mapping[str, str] = {
    "people": msg("People"),
    "count": msg("Entries"),
    "cents": msg("Euro"),
    "minutes": msg("Minutes"),
    "units": msg("Units"),
}


def sentence(query: Any, language: str, _: Translator) -> str:
    """Return a question in one line: what, by what, of whom, when."""
    if not isinstance(query, Mapping):
        return _("A question that could not be read")
    text, what = measured(query, language)
    parts = [f"{_(text)} ({what})" if what else _(text)]
    by = [_inline(str(name), language) for name in _list(query.get("group_by"))]
    if by:
        parts.append(_("by {fields}", fields=", ".join(by)))
    where = [str(one.get("property")) for one in _list(query.get("where")) if isinstance(one, Mapping)]
    if where:
        parts.append(_("only some {fields}", fields=", ".join(_inline(name, language) for name in where)))
    period = query.get("period")
    if isinstance(period, Mapping):
        parts.append(f"{period.get('from')} – {period.get('to')}")
    return ", ".join(parts)


def precisions(left: float, formats: Formats, _: Translator) -> list[tuple[str, str]]:
    """Return the choices of precision that the budget still covers, with margin and cost."""
    return [
        (
            f"{rho:g}",
            _("± {margin} people, costs {rho} of the budget", margin=margin(rho), rho=formats.number(rho)),
        )
        for rho in RHOS
        if rho <= left
    ]


def _inline(name: str, language: str) -> str:
    """Return a field within a sentence: `ambito` for a person's, `acquisti: categoria` for a row's."""
    text = label(name, language)
    own = label("Profile.district", language).partition(": ")[0] + ": "
    return text.removeprefix(own).lower()


def last_part(iri: str) -> str:
    """Return the last segment of an IRI."""
    return iri.rstrip("/").rpartition("/")[2]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
