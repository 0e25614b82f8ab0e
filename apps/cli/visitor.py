"""A person at a browser, without the browser: follows links, fills in forms, keeps cookies.

The tour and the demo use it so that a citizen's consent goes the way that it goes by hand: through the log-in
page, the question whether the wallet may act, and the same requests that the wallet sends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

MAX_STEPS = 12  # redirects that one click may cause


class LostVisitor(Exception):
    """A page did not offer what the visitor looked for."""


@dataclass(slots=True)
class Form:
    """A form as a browser would send it when nothing is typed."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self._open)
        elif self._open is not None and "name" in given:
            kind = given.get("type", "text" if tag == "input" else "submit")
            if tag == "input" and kind in {"checkbox", "radio"}:
                if "checked" in given:
                    self._open.values[given["name"]] = given.get("value", "on")
            elif tag == "button" or kind == "submit":
                self._open.buttons.append((given["name"], given.get("value", "")))
            elif tag == "input":
                self._open.values[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def forms(html: str) -> list[Form]:
    """Return the forms of a page with their preset values and their named buttons."""
    parser = _Forms()
    parser.feed(html)
    return parser.found


class Visitor:
    """One person's browser session. `stop_at` is the prefix of addresses that it returns instead of opening."""

    def __init__(self, http: httpx.AsyncClient, *, stop_at: str) -> None:
        self._http = http
        self._stop_at = stop_at
        self._page: httpx.Response | None = None

    async def open(self, url: str) -> str | None:
        """Open an address; return the address where the visit stopped, or None when a page is shown."""
        return await self._follow(self._http.build_request("GET", url))

    def form_with(self, *names: str) -> Form | None:
        """Return the first form of the shown page that has all these fields or buttons."""
        if self._page is None:
            return None
        for form in forms(self._page.text):
            if set(names) <= set(form.values) | {name for name, _ in form.buttons}:
                return form
        return None

    async def send(self, form: Form, **values: str) -> str | None:
        """Send a form of the shown page with these values; return as `open` does."""
        if self._page is None:
            raise LostVisitor("no page is open")
        target = urljoin(str(self._page.url), form.action)
        origin = str(self._page.url.copy_with(path="/", query=None, fragment=None)).rstrip("/")
        data = {**form.values, **values}
        headers = {"origin": origin, "referer": str(self._page.url)}
        if form.method == "post":
            return await self._follow(self._http.build_request("POST", target, data=data, headers=headers))
        return await self._follow(self._http.build_request("GET", target, params=data))

    def shown(self) -> str:
        """Return the text of the shown page, for an error message."""
        return self._page.text if self._page is not None else ""

    async def _follow(self, request: httpx.Request) -> str | None:
        for _ in range(MAX_STEPS):
            response = await self._http.send(request, follow_redirects=False)
            if response.next_request is None:
                if response.is_error:
                    raise LostVisitor(f"{request.method} {request.url.path}: {response.status_code}")
                self._page = response
                return None
            request = response.next_request
            if str(request.url).startswith(self._stop_at):
                return str(request.url)
        raise LostVisitor(f"more than {MAX_STEPS} redirects at {request.url.path}")
