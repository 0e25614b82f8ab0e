"""JSON-LD 1.1 processing with our own contexts and no network; the only door to pyld."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pyld import jsonld as pyld
from pyld.documentloader.frozen import BUNDLED_CONTEXTS
from rdflib import Graph

from vocab.terms import CONTEXTS

NAMES = ("data", "receipt", "consent", "release", "record", "grant")
"""Every context there is: `{CONTEXTS}{name}`, served at `/.vocab/contexts/{name}.jsonld`."""

_CARRIED = {
    "https://www.w3.org/ns/activitystreams": "activitystreams",
    "https://www.w3.org/ns/activitystreams#": "activitystreams",
    "https://www.w3.org/ns/solid/oidc-context.jsonld": "oidc",
    "https://www.w3.org/ns/solid/notifications-context/v1": "notifications",
    "https://www.w3.org/ns/solid/notification/v1": "notifications",
    "https://www.w3.org/ns/credentials/v2": "credentials",
    **{
        f"{scheme}://schema.org{path}": "schema"
        for scheme in ("https", "http")
        for path in ("", "/", "/docs/jsonldcontext.jsonld", "/docs/jsonldcontext.json")
    },
}
"""Contexts of others that documents name: our own files of those terms (decision 0031).

Notifications 0.3 names its context in one way and its channel types in another; clients in use send both.
"""

MAX_DEPTH = 40  # deeper nesting is no document of ours, and the processor recurses


class BadJsonLd(ValueError):
    """A document that is no JSON-LD, or names a context that we do not carry."""


def context(name: str) -> dict[str, Any]:
    """Return a context document of ours; KeyError if there is none of that name."""
    if name not in NAMES:
        raise KeyError(name)
    loaded: dict[str, Any] = json.loads(context_source(name))
    return loaded


@cache
def context_source(name: str) -> str:
    """Return the text of a context of ours."""
    return (files("vocab") / "contexts" / f"{name}.jsonld").read_text("utf-8")


def expand(document: Mapping[str, Any] | list[Any], base: str) -> list[Any]:
    """Return the expanded form; raises BadJsonLd."""
    return list(_run(pyld.expand, document, _options(base)))


def compact(document: Mapping[str, Any] | list[Any], name: str, base: str) -> dict[str, Any]:
    """Return the document compacted with a context of ours; raises BadJsonLd."""
    compacted = _run(pyld.compact, document, CONTEXTS + name, _options(base))
    return dict(compacted)


def compact_with(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document read and written again with its own contexts: what is in none of them is lost."""
    return dict(_run(pyld.compact, document, document["@context"], {**_options(""), "graph": False}))


def compact_expanded(document: Mapping[str, Any], context: list[Any]) -> dict[str, Any]:
    """Return a node that is written in expanded form already, compacted with contexts."""
    options = {**_options(""), "graph": False, "skipExpansion": True}
    return dict(_run(pyld.compact, [document], context, options))


def nquads(document: Mapping[str, Any]) -> str:
    """Return the whole dataset of a JSON-LD document, named graphs too, as N-Quads; raises BadJsonLd."""
    return str(_run(pyld.to_rdf, document, {**_options(""), "format": "application/n-quads"}))


def graph(document: Mapping[str, Any] | list[Any], base: str) -> Graph:
    """Return the default graph of a JSON-LD document; raises BadJsonLd."""
    options = {**_options(base), "format": "application/n-quads"}
    lines = _run(pyld.to_rdf, document, options)
    return Graph().parse(data=lines, format="nt")


def _run(step: Any, *arguments: Any) -> Any:
    _check_depth(arguments[0], 0)
    try:
        return step(*arguments)
    except pyld.JsonLdError as error:
        cause = error
        while isinstance(cause.__cause__, pyld.JsonLdError):
            cause = cause.__cause__
        raise BadJsonLd(f"not JSON-LD that this server reads: {cause.args[0]}") from error


def _check_depth(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadJsonLd(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        for inner in value.values():
            _check_depth(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_depth(inner, depth + 1)


def _options(base: str) -> dict[str, Any]:
    return {"base": base, "documentLoader": _load, "processingMode": "json-ld-1.1"}


def _load(url: str, _options: object = None) -> dict[str, Any]:
    """Give the contexts that we carry. A context that a stranger names is never fetched (SSRF, drift)."""
    name = url.removeprefix(CONTEXTS)
    if name != url and name in NAMES:
        document = context(name)
    elif url in _CARRIED:
        document = json.loads(context_source(_CARRIED[url]))
    elif url in BUNDLED_CONTEXTS:
        document = json.loads(BUNDLED_CONTEXTS[url].read_text("utf-8"))
    else:
        raise pyld.JsonLdError(
            f"the context {url} is not carried here; write it inline, or use one of {CONTEXTS} or schema.org's",
            "jsonld.LoadDocumentError",
            {"url": url},
            code="loading remote context failed",
        )
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": document,
    }
