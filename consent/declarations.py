"""Purpose declarations: from the published document to the value, and the digests that pin them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from consent.model import DataItem, OutputMode, PurposeDeclaration, PurposeIri
from pods.model import WebId
from vocab.schemas import validate
from vocab.shapes import SHAPES

PURPOSES_PATH = "/.consent/purposes/"
PROGRAMMES_PATH = "/.consent/programmes/"
_TEXTS = ("title", "text", "consequence_of_refusal")


class BadDeclaration(ValueError):
    """A declaration that names what does not exist; the message says where."""


def canonical_json(value: Any) -> bytes:
    """Return the one spelling of a JSON value that digests are taken of: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """Return `sha256-` and the hexadecimal digest of the canonical JSON of a value."""
    return "sha256-" + hashlib.sha256(canonical_json(value)).hexdigest()


def notice_digest(document: Mapping[str, Any]) -> str:
    """Return the digest of the texts that people are shown: title, text and consequence in all languages."""
    return digest({name: document[name] for name in _TEXTS})


def notice_digests(document: Mapping[str, Any]) -> dict[str, str]:
    """Return by language the digest of exactly what a reader of that language is shown."""
    return {
        language: digest({name: document[name][language] for name in _TEXTS}) for language in document["text"]
    }


def check(document: Any) -> None:
    """Raise SchemaError or BadDeclaration unless the document is a declaration that we can enforce."""
    validate("purpose-declaration", document)
    for name in _TEXTS:
        missing = document["text"].keys() ^ document[name].keys()
        if missing:
            raise BadDeclaration(
                f"purpose-declaration at /{name}: title, text and consequence_of_refusal are in the same "
                f"languages; {', '.join(sorted(missing))} is not complete."
            )
    for number, item in enumerate(document["items"]):
        known = SHAPES[item["shape"]].by_name
        for position, name in enumerate(item["properties"]):
            if name not in known:
                raise BadDeclaration(
                    f"purpose-declaration at /items/{number}/properties/{position}: {item['shape']} has no "
                    f"property {name!r}; it has {', '.join(known)}."
                )
    pairs = [(item["shape"], item["mode"]) for item in document["items"]]
    if len(set(pairs)) < len(pairs):
        raise BadDeclaration("purpose-declaration at /items: one item for each shape and mode, not several.")
    _end_of(document["valid_until"])


def declaration(document: Mapping[str, Any], controller: str, origin: str) -> PurposeDeclaration:
    """Return the value of a checked document that `controller` publishes on the host at `origin`."""
    identifier, version = document["id"], document["version"]
    programme = f"{origin}{PROGRAMMES_PATH}{identifier}.{version}" if "programme" in document else None
    return PurposeDeclaration(
        iri=PurposeIri(f"{origin}{PURPOSES_PATH}{identifier}/{version}"),
        identifier=identifier,
        controller=WebId(controller),
        version=version,
        title=document["title"],
        text=document["text"],
        consequence_of_refusal=document["consequence_of_refusal"],
        legal_basis=document["legal_basis"],
        items=items(document["items"]),
        recipients=tuple(document["recipients"]),
        retention_days=document["retention_days"],
        valid_until=_end_of(document["valid_until"]),
        notice_digest=notice_digest(document),
        digest=digest(document),
        programme=programme,
        revision_of=document.get("revision_of"),
        document=document,
    )


@lru_cache(maxsize=1024)  # published text never changes, and a changed text is another key
def declaration_from_json(text: str, controller: str, origin: str) -> PurposeDeclaration:
    """Return the value of a stored document; its digests are taken of the text as it stands now."""
    return declaration(orjson.loads(text), controller, origin)


def items(plain: list[dict[str, Any]]) -> tuple[DataItem, ...]:
    """Return the data items of a declaration or of a person's choice."""
    return tuple(
        DataItem(item["shape"], tuple(item["properties"]), OutputMode(item["mode"])) for item in plain
    )


def _end_of(day: str) -> float:
    """Return the end of a day in UTC: the day named is the last one."""
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadDeclaration(f"purpose-declaration at /valid_until: there is no day {day}.") from error
    return (start + timedelta(days=1)).timestamp()
