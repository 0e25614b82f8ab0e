"""A browser of an organisation's staff: logged in through the app's own session store, sending real forms."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from pods.client import SolidError
from pods.model import Clock, WebId
from pods.protocol.dpop import DpopKey
from pods.relying_party import Session, SessionStore
from pods.relying_party.places import session_cookie

_FIELD = re.compile(r'name="csrf" value="([0-9a-f]+)"')
_NUMBER = re.compile(r'name="number" value="([a-z0-9-]+)"')
HTML = {"accept": "text/html", "accept-language": "en"}


class Staff:
    """Gets pages and posts forms at one app."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def page(self, path: str) -> str:
        """Return a page; raise SolidError unless it is one."""
        answer = await self.http.get(path, headers=HTML)
        if answer.status_code != httpx.codes.OK:
            raise SolidError(answer.status_code, answer.text[:500])
        return answer.text

    async def post(self, path: str, fields: dict[str, Any], *, shown: str | None = None) -> httpx.Response:
        """Post a form with the hidden fields of the page that shows it."""
        html = await self.page(shown or path)
        hidden = {"csrf": found[1]} if (found := _FIELD.search(html)) else {}
        if (number := _NUMBER.search(html)) and "number" not in fields:
            hidden["number"] = number[1]
        return await self.http.post(path, data={**hidden, **fields}, headers=HTML)


def log_in(http: httpx.AsyncClient, data: Path, app: str, webid: str, clock: Clock) -> Staff:
    """Return the browser of somebody who has logged in with an account."""
    store = SessionStore(data / f"{app}-sessions.sqlite", data / f"{app}.key", clock=clock)
    session = Session(
        webid=WebId(webid),
        issuer="http://localhost:8080/",
        token_endpoint="http://localhost:8080/.oidc/token",
        dpop_jwk=DpopKey.generate().private_jwk(),
        access_token="not-used-by-these-pages",
        expires_at=clock() + 3600,
        started_at=clock(),
    )
    name = store.start({"session": asdict(session)})
    store.close()
    http.cookies.set(session_cookie(app, "http://localhost:8082"), name)
    return Staff(http)
