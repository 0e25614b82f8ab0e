"""The vocabulary on the web: `/.vocab/` with terms, code lists, shapes, schemas and contexts."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vocab import documents, jsonld, schemas
from vocab.pages import Pages, msg
from vocab.pages.language import language_of
from vocab.shapes import CODE_LISTS, SHAPES

TURTLE = "text/turtle"
JSON_LD = "application/ld+json"
JSON_SCHEMA = "application/schema+json"
HTML = "text/html"
FRESH = "public, max-age=3600"  # the vocabulary changes with the release that is installed
FOLDER = Path(__file__).resolve().parent / "reader"

_Source = Callable[[str], str]


def vocabulary_routes(
    origin: str = "http://localhost:8080", *, static_url: str = "/.static", about: str = "/.about"
) -> list[BaseRoute]:
    """Return the routes; `origin` is that of the site which serves them, with its shared files."""
    pages = Pages(
        [FOLDER],
        name="vocabulary",
        origin=origin,
        tagline=msg("Vocabulary"),
        home="/.vocab/ns",
        static_url=static_url,
        about=about,
    )

    async def terms(request: Request) -> Response:
        wanted = preferred(request.headers.get("accept", "*/*"), (TURTLE, HTML, JSON_LD))
        if wanted == HTML:
            return pages.render(
                request,
                "vocabulary/terms.html",
                headers={"vary": "accept"},
                terms=documents.terms(),
                shapes=SHAPES,
                lists=CODE_LISTS,
                shacl=documents.SHACL,
                schemas=schemas.NAMES,
                contexts=jsonld.NAMES,
                code=language_of(request),
            )
        if wanted == TURTLE:
            return _document(request, documents.ontology(), TURTLE, vary="accept")
        if wanted == JSON_LD:
            text = documents.ontology_graph().serialize(format="json-ld")
            return _document(request, text, JSON_LD, vary="accept")
        _ = pages.translator(request)
        return pages.problem(
            request, 406, _("Not acceptable"), _("The vocabulary is there as Turtle, JSON-LD and HTML.")
        )

    async def index(request: Request) -> Response:
        return Response(status_code=308, headers={"location": "/.vocab/ns"})

    def named(source: _Source, media_type: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                text = source(request.path_params["name"])
            except KeyError:
                _ = pages.translator(request)
                detail = _("There is no document {name} here; /.vocab/ns lists all of them.")
                return pages.problem(
                    request, 404, _("Not found"), detail.format(name=repr(request.path_params["name"]))
                )
            return _document(request, text, media_type)

        return answer

    served: Mapping[str, tuple[_Source, str]] = {
        "/.vocab/codes/{name}.ttl": (documents.code_list, TURTLE),
        "/.vocab/shapes/{name}.ttl": (documents.shacl, TURTLE),
        "/.vocab/schemas/{name}.json": (schemas.source, JSON_SCHEMA),
        "/.vocab/contexts/{name}.jsonld": (jsonld.context_source, JSON_LD),
    }
    return [
        Route("/.vocab/", index),
        Route("/.vocab/ns", terms),
        *(Route(path, named(source, media_type)) for path, (source, media_type) in served.items()),
    ]


def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return the offered type that an Accept header likes best (RFC 9110 12.5.1), None if it takes none.

    Among equals the order of the offer decides.
    """
    weights = {media_type: _weight(accept, media_type) for media_type in offered}
    best = max(offered, key=lambda media_type: weights[media_type])
    return best if weights[best] > 0 else None


def _weight(accept: str, media_type: str) -> float:
    """Return the q of the most specific range that fits."""
    found, specific = 0.0, -1
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        rank = {media_type: 2, media_type.partition("/")[0] + "/*": 1, "*/*": 0}.get(name, -1)
        if rank > specific:
            found, specific = _quality(parameters), rank
    return found


def _quality(parameters: list[str]) -> float:
    value = next((item.removeprefix("q=") for item in parameters if item.startswith("q=")), "1")
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _document(request: Request, text: str, media_type: str, *, vary: str | None = None) -> Response:
    content = text.encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"etag": etag, "cache-control": FRESH, **({"vary": vary} if vary else {})}
    if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
