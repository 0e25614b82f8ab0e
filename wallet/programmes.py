"""The published terms of programmes: what a rule counts and when, so that a person can compute a result before it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

PUBLISHED = "/valueback/api/programmes"
MOST_MONTHS = 12  # of one claim
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)


class NoProgramme(Exception):
    """There is no programme document to be had; `reason` says whether nobody answers or it is something else."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What the wallet reads of a programme document; the host reads all of it, and decides."""

    address: str
    document: Mapping[str, Any] = field(repr=False)
    rule: str
    title: Mapping[str, str]
    first: str
    last: str

    def months(self) -> list[str]:
        """Return the months of the programme in order."""
        year, month = int(self.first[:4]), int(self.first[5:])
        found: list[str] = []
        while (label := f"{year:04}-{month:02}") <= self.last:
            found.append(label)
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        return found


class Programmes:
    """Reads programme documents through the guard: those of this installation's apps, or at an address."""

    def __init__(self, http: httpx.AsyncClient, apps_url: str) -> None:
        self._http = http
        self._apps = apps_url.rstrip("/")

    async def of_purpose(self, purpose: str) -> Terms | None:
        """Return the programme of this installation that a purpose belongs to, if there is one."""
        try:
            listed = await self._json(self._apps + PUBLISHED)
        except NoProgramme:
            return None
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("purpose") == purpose:
                return _terms(str(one.get("iri", "")), one.get("document"))
        return None

    async def at(self, unverified_address: str) -> Terms:
        """Return the programme at an address that a person gave; raise NoProgramme."""
        parts = urlsplit(unverified_address)
        if parts.scheme not in ("https", "http") or not parts.netloc:
            raise NoProgramme("address")
        found = await self._json(unverified_address)
        inner = found.get("document", found) if isinstance(found, dict) else None
        return _terms(unverified_address, inner)

    async def _json(self, address: str) -> Any:
        try:
            answer = await self._http.get(address, headers={"accept": "application/json"})
            return answer.raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoProgramme("no-answer") from error
        except ValueError as error:
            raise NoProgramme("no-programme") from error


def _terms(address: str, document: Any) -> Terms:
    if not isinstance(document, dict):
        raise NoProgramme("no-programme")
    period, title = document.get("period"), document.get("title")
    first, last = (period.get("from"), period.get("to")) if isinstance(period, dict) else (None, None)
    if not (_is_month(first) and _is_month(last) and isinstance(title, dict)):
        raise NoProgramme("no-programme")
    shown = {str(language): str(text) for language, text in title.items()}
    return Terms(address, document, str(document.get("rule", "")), shown, str(first), str(last))


def _is_month(value: Any) -> bool:
    return isinstance(value, str) and _MONTH.fullmatch(value) is not None
