"""Choice of the page's language: the link just followed, then the cookie, then what the browser asks for."""

from __future__ import annotations

from starlette.requests import Request

from vocab.pages.catalogues import DEFAULT_LANGUAGE, LANGUAGES

COOKIE = "lang"
COOKIE_AGE = 365 * 24 * 3600


def asked_for(request: Request) -> str | None:
    """Return the language that `?lang=` names, or None."""
    value = request.query_params.get("lang")
    return value if value in LANGUAGES else None


def language_of(request: Request) -> str:
    """Return the language of the answer, always one of LANGUAGES."""
    chosen = asked_for(request) or request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return best_of(request.headers.get("accept-language", ""))


def reading_order(request: Request) -> tuple[str, ...]:
    """Return the languages that somebody reads, the best first: also those in which there are no pages of ours.

    A text of somebody else, such as a notice, may be there in one of them.
    """
    chosen = asked_for(request) or request.cookies.get(COOKIE)
    accepted = _ranked(request.headers.get("accept-language", ""))
    return tuple(dict.fromkeys([*([chosen] if chosen in LANGUAGES else []), *accepted, DEFAULT_LANGUAGE]))


def best_of(accept_language: str) -> str:
    """Return the language of ours that an Accept-Language field likes best, the default if it names none."""
    return _accepted(accept_language) or DEFAULT_LANGUAGE


def _accepted(header: str) -> str | None:
    return next((name for name in _ranked(header) if name in LANGUAGES), None)


def _ranked(header: str) -> list[str]:
    """Return the languages that the field names, the best first and without their regions."""
    ranked: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        ranked.append((weight, name.lower().split("-")[0]))
    return [name for weight, name in sorted(ranked, key=lambda item: -item[0]) if weight > 0]
