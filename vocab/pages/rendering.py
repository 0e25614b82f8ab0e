"""Rendering: a template, a request and values become an HTML answer in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from jinja2_fragments import render_block
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from vocab.pages import language
from vocab.pages.catalogues import LANGUAGES, Catalogues, Translator
from vocab.pages.formats import Formats
from vocab.pages.forms import FormGuard
from vocab.pages.headers import security_headers
from vocab.terms import PROBLEMS

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Navigation:
    """An entry of the main menu: a message id, its address, a key that a page names as `active`."""

    label: str
    href: str
    key: str


@dataclass(frozen=True, slots=True)
class User:
    """Who is logged in, for the corner of the header; `logout` is posted to."""

    name: str
    logout: str | None = None
    home: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A message at the top of a page. `kind` is success, info, warning or danger; `text` is translated."""

    kind: str
    text: str


Context = Callable[[Request], Mapping[str, Any]]


class Pages:
    """The pages of one application: its templates and catalogues over the shared ones.

    Each folder holds `templates/` and `locale/`. `origin` is the application's own, without a slash at the end.
    `context` gives what every page of the application shows: `user`; `banner`, a template that stands above
    everything; `title_prefix`; another `navigation`.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        name: str,
        origin: str,
        brand: str = "Portico",
        tagline: str = "",
        home: str = "/",
        navigation: Sequence[Navigation] = (),
        static_url: str = "/static",
        about: str = "/about",
        session_cookie: str | None = None,
        context: Context | None = None,
    ) -> None:
        parts = [*folders, HERE]
        self.catalogues = Catalogues(parts)
        self.guard = FormGuard(name, origin, session_cookie)
        self.about = about
        self.secure = origin.startswith("https:")
        self._context = context
        loader = jinja2.FileSystemLoader([part / "templates" for part in parts])
        shared = {
            "brand": brand,
            "tagline": tagline,
            "home": home,
            "navigation": tuple(navigation),
            "static": static_url,
            "about": about,
            "languages": LANGUAGES,
        }
        self._environments = {code: self._environment(code, loader, shared) for code in LANGUAGES}

    def _environment(
        self, code: str, loader: jinja2.BaseLoader, shared: Mapping[str, Any]
    ) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        formats, translator = Formats(code), self.catalogues[code]
        names = (
            *("money", "number", "percent", "day", "short_day", "moment", "clock_time", "month"),
            *("period", "iso", "last_day"),
        )
        environment.filters.update({name: getattr(formats, name) for name in names})
        environment.globals.update(shared)
        environment.globals.update(_=translator, plural=translator.plural, language=code)
        return environment

    def translator(self, request: Request) -> Translator:
        """Return the translator of this request: `_ = pages.translator(request)`."""
        return self.catalogues[language.language_of(request)]

    def formats(self, request: Request) -> Formats:
        """Return the formats of this request's language."""
        return Formats(language.language_of(request))

    def render(
        self,
        request: Request,
        template: str,
        *,
        block: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        form_targets: Sequence[str] = (),
        **context: Any,
    ) -> HTMLResponse:
        """Return a page, or one block of it for a partial swap."""
        environment = self._environments[language.language_of(request)]
        values = {
            "request": request,
            "user": None,
            "banner": "",
            "title_prefix": "",
            "active": "",
            "notices": (),
            "csrf_field": lambda: self.guard.field(request),
            "language_link": lambda code: _language_link(request, code),
            **(self._context(request) if self._context else {}),
            **context,
        }
        if block is None:
            html = environment.get_template(template).render(values)
        else:
            html = render_block(environment, template, block, values)
        response = HTMLResponse(html, status, headers={**security_headers(form_targets), **(headers or {})})
        self._set_cookies(request, response)
        return response

    def problem(
        self,
        request: Request,
        status: int,
        title: str,
        detail: str,
        *,
        code: str | None = None,
        action: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return an error: a page for people, an RFC 9457 document for programs.

        `title` and `detail` are already translated; `action` is a (label, address) of what to do next. `code`
        names the error among those of the platform; without one the status says it all.
        """
        if "text/html" in request.headers.get("accept", ""):
            return self.render(
                request,
                "pages/problem.html",
                status=status,
                headers=headers,
                title=title,
                detail=detail,
                action=action,
                status_code=status,
            )
        kind = PROBLEMS + code if code else "about:blank"
        document = {"type": kind, "title": title, "status": status, "detail": detail}
        return JSONResponse(
            document,
            status,
            headers={**security_headers(), **(headers or {})},
            media_type="application/problem+json",
        )

    def _set_cookies(self, request: Request, response: Response) -> None:
        chosen = language.asked_for(request)
        if chosen:
            response.set_cookie(
                language.COOKIE, chosen, max_age=language.COOKIE_AGE, samesite="lax", secure=self.secure
            )
        fresh = self.guard.fresh_cookie(request)
        if fresh:
            response.set_cookie(self.guard.cookie, fresh, httponly=True, samesite="lax", secure=self.secure)


def _language_link(request: Request, code: str) -> str:
    """Return this page's address in another language; after a posted form, that of the form's page."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*query, ('lang', code)])}"
