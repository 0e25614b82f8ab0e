"""Media types: what a Content-Type field says, and the name of it that is linked data."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from pods.errors import BadRequest
from pods.protocol import rdf
from pods.protocol.patch import PATCH_TYPES

MOST_PARAMETERS = 200  # characters: a charset, codecs or a boundary
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,127}"  # RFC 9110, 5.6.2
_TYPE = re.compile(rf"({_TOKEN}/{_TOKEN})[ \t]*(;.*)?")
_PARAMETER = re.compile(rf';[ \t]*(?:({_TOKEN})=({_TOKEN}|"(?:[^"\\]|\\.)*"))?[ \t]*')
_CLASSES = "http://www.w3.org/ns/iana/media-types/"


@lru_cache(maxsize=1024)
def of_field(value: str) -> str:
    """Return what a Content-Type field says, in one spelling, empty without one; raise BadRequest for what is none.

    Parameters are kept, since text is unreadable without its charset. Of RDF and patches there are none that matter:
    these are parsed here, and are UTF-8.
    """
    stripped = value.strip(" \t")
    if not stripped:
        return ""
    match = _TYPE.fullmatch(stripped)
    if match is None:
        raise BadRequest(f"Content-Type: {stripped[:100]!r} is no media type.")
    bare, further = match[1].lower(), match[2] or ""
    if rdf.is_rdf(bare) or bare in PATCH_TYPES or len(further) > MOST_PARAMETERS:
        return bare
    found = _PARAMETER.findall(further)
    if _PARAMETER.sub("", further):
        return bare  # what cannot be read is left out, as every reader would
    return bare + "".join(f"; {name.lower()}={text}" for name, text in found if name)


def bare(media_type: str) -> str:
    """Return a media type without its parameters."""
    return media_type.partition(";")[0]


@lru_cache(maxsize=1024)
def class_of(media_type: str) -> str:
    """Return the class of the resources of a media type; whatever that is, it stays one IRI."""
    return _CLASSES + quote(bare(media_type), safe="/!$&'*+-._~") + "#Resource"
