"""How an archive is laid out: names of its files, lines of its index, and its RO-Crate description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from pods.model import Path

FORMAT = "https://w3id.org/portico/archive/1"
"""What the crate conforms to; a changed layout is a new number."""

METADATA = "ro-crate-metadata.json"
INDEX = "indice.jsonl"
LOG = "registro.jsonl"
SEALED_LOG = "registro-sigillato.jsonl"
LOG_PROOF = "registro-prova.json"
ACCOUNT = "account.json"
CONTAINERS_ROOT = "contenitori.ttl"
_CRATE = "https://w3id.org/ro/crate/1.1"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("path", "media_type", "etag"), (str,)),
    **dict.fromkeys(("file", "sha256"), (str, type(None))),
    **dict.fromkeys(("size", "modified"), (int,)),
}

README = {
    "LEGGIMI.txt": """Copia completa del pod {root}, fatta il {at} (UTC).

pod/                i tuoi documenti, con lo stesso percorso che hanno nel pod;
                    i file che finiscono in .acl dicono chi puo' leggere o scrivere
                    (Web Access Control), quelli che finiscono in .jws sono le ricevute
                    firmate da chi le ha emesse, byte per byte
contenitori/        quello che e' scritto sui contenitori stessi, se c'e'
indice.jsonl        una riga per ogni risorsa: percorso, file, tipo, data di modifica, impronta
registro.jsonl      il registro degli accessi, una riga per accesso, dal piu' vecchio;
                    ogni riga porta l'impronta di quella prima
registro-sigillato.jsonl, registro-prova.json  lo stesso registro come il server lo conserva, e la prova
                    firmata che e' completo; "portico log verify --archive" la controlla
account.json        quello che sappiamo del tuo account; nessuna password, nessun segreto
ro-crate-metadata.json  che cosa c'e' in questo archivio, leggibile da programmi (RO-Crate)
{more_it}
I documenti sono in Turtle o JSON-LD: testo leggibile da qualunque programma per RDF.
Con questo archivio il pod puo' essere ricostruito su un altro server Portico.
""",
    "README.txt": """Complete copy of the pod {root}, made on {at} (UTC).

pod/                your documents, under the path that they have in the pod;
                    files ending in .acl say who may read or write (Web Access Control),
                    those ending in .jws are receipts as signed by their issuers, byte for byte
contenitori/        what is written about containers themselves, if anything
indice.jsonl        one line for each resource: path, file, media type, time of change, digest
registro.jsonl      the access log, one line for each access, the oldest first;
                    each line holds the digest of the one before
registro-sigillato.jsonl, registro-prova.json  the same log as the server keeps it, and the signed
                    proof that it is complete; "portico log verify --archive" checks it
account.json        what we know of your account; no password, no secret
ro-crate-metadata.json  what is in this archive, for programs (RO-Crate)
{more_en}
Documents are Turtle or JSON-LD: text that any program for RDF reads.
With this archive the pod can be set up again on another Portico server.
""",
}


class BadArchive(ValueError):
    """An archive that is not taken; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the archive as it was written."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class IndexLine:
    """A resource. `file` is None for a container about which nothing is said; `modified` is in milliseconds."""

    path: str
    file: str | None
    media_type: str
    size: int
    sha256: str | None
    etag: str
    modified: int

    def json(self) -> bytes:
        """Return the line."""
        return orjson.dumps(asdict(self)) + b"\n"


def read_index_line(line: bytes) -> IndexLine:
    """Return what a line of an index says; raise BadArchive."""
    try:
        value: dict[str, Any] = orjson.loads(line)
        read = IndexLine(**value)
    except (TypeError, ValueError) as error:
        raise BadArchive(f"{INDEX}: a line is not what an index says: {line[:80]!r}") from error
    whole = all(type(value[name]) in kinds for name, kinds in _KINDS.items())
    named = (read.file is None) == (read.sha256 is None)
    if not whole or not named or read.size < 0 or (read.sha256 and not _SHA256.fullmatch(read.sha256)):
        raise BadArchive(f"{INDEX}: a line is not what an index says: {line[:80]!r}")
    return read


def file_of(root: Path, path: Path) -> str:
    """Return the name of the file that holds a resource, or what is said about a container."""
    relative = path.removeprefix(root)
    if not path.endswith("/"):
        return f"pod/{relative}"
    return f"contenitori/{relative[:-1]}.ttl" if relative else CONTAINERS_ROOT


def timestamp(at: float) -> str:
    """Return a moment as RFC 3339 writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def crate(storage: str, owner: str, at: float, files: Sequence[Written]) -> bytes:
    """Return the description of the archive as JSON-LD (RO-Crate 1.1); digests lead from it to every byte."""
    entities: list[dict[str, Any]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _CRATE},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Pod {storage}",
            "description": "Everything that the pod held, with its access rules, consents and access log.",
            "datePublished": timestamp(at),
            "license": "The data belong to the owner of the pod.",
            "conformsTo": {"@id": FORMAT},
            "url": {"@id": storage},
            "author": {"@id": owner},
            "hasPart": [{"@id": file.name} for file in files] + [{"@id": "pod/"}],
        },
        {"@id": owner, "@type": "Person"},
        {"@id": "pod/", "@type": "Dataset", "name": f"Resources, listed in {INDEX}"},
    ]
    for file in files:
        entities.append(
            {"@id": file.name, "@type": "File", "contentSize": str(file.size), "sha256": file.sha256}
        )
    document = {"@context": f"{_CRATE}/context", "@graph": entities}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an archive comes from, as its description says; `digests` are those of its listed files."""

    storage: str
    owner: str
    digests: dict[str, str]


def read_crate(content: bytes) -> Origin:
    """Return what a description says; raise BadArchive if it is none of ours."""
    try:
        entities = {one["@id"]: one for one in orjson.loads(content)["@graph"]}
        about = entities["./"]
        conforms, storage, owner = (about[name]["@id"] for name in ("conformsTo", "url", "author"))
        digests = {
            name: one["sha256"]
            for name, one in entities.items()
            if one.get("@type") == "File" and isinstance(one["sha256"], str)
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadArchive(f"{METADATA} does not describe an archive of a pod.") from error
    if conforms != FORMAT:
        raise BadArchive(f"{METADATA}: the archive conforms to {conforms!r}; this host reads {FORMAT}.")
    if not isinstance(storage, str) or not storage.endswith("/") or "://" not in storage:
        raise BadArchive(f"{METADATA}: the pod's address {storage!r} is no URL with a slash at its end.")
    if not isinstance(owner, str):
        raise BadArchive(f"{METADATA}: the owner is not named.")
    return Origin(storage, owner, digests)
