"""Resources of a pod that are made when they are read: the storage description and the access log."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from pods import activity
from pods.activity import Line
from pods.model import Path
from pods.notify import wire
from pods.protocol import conditions, target
from pods.protocol.rdf import TURTLE
from pods.storage.base import Entry, Pod, Stored, Transaction

_MONTH = re.compile(r"(\d{4})-(\d{2})\.ttl\Z")
_LOG = "activity/"
_DESCRIPTION = "/" + target.DESCRIPTION
_PREFIXES = (
    "@prefix prov: <http://www.w3.org/ns/prov#>.\n"
    "@prefix po: <https://w3id.org/portico/ns#>.\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.\n\n"
)


def is_public(path: Path) -> bool:
    """Say whether everybody may read this: the storage description says nothing that links do not say."""
    return path.endswith(_DESCRIPTION) and path == target.pod_root(path) + target.DESCRIPTION


def resource(path: Path, base: str, tx: Transaction) -> Stored | None:
    """Return a resource that no row holds, None if there is none of this name."""
    root = target.pod_root(path)
    if is_public(path):
        return _found(path, tx, lambda pod: _description(pod, base))
    if path.startswith(root + _LOG):
        month = _MONTH.match(path.removeprefix(root + _LOG))
        if month:
            return _found(path, tx, lambda pod: _log(pod, int(month[1]), int(month[2]), base, tx))
    return None


def container(stored: Stored, tx: Transaction) -> tuple[Stored, list[Entry]] | None:
    """Return the container of the access log with its months; None for any other container."""
    if stored.path != target.pod_root(stored.path) + _LOG:
        return None
    rows = tx.execute(
        "SELECT strftime('%Y-%m', hour, 'unixepoch'), count(*), max(hour), max(seq) FROM access_line "
        "WHERE pod = ? AND sealed IS NOT NULL GROUP BY 1 ORDER BY 1",
        (stored.pod,),
    )
    months = [
        Entry(Path(f"{stored.path}{month}.ttl"), TURTLE, 0, str(last), int(at * 1000))
        for month, _, at, last in rows
    ]
    newest = max((month.modified for month in months), default=stored.modified)
    return stored._replace(modified=newest), months


def _found(path: Path, tx: Transaction, make: Callable[[Pod], tuple[str, int] | None]) -> Stored | None:
    pod = tx.pod(target.pod_name(path))
    made = make(pod) if pod is not None else None
    if pod is None or made is None:
        return None
    content = made[0].encode()
    return Stored(path, pod.key, TURTLE, content, conditions.content_tag(TURTLE, content), made[1])


def _description(pod: Pod, base: str) -> tuple[str, int]:
    # Solid Protocol, 4.1: the description "MUST include statements about the storage".
    return (
        "@prefix pim: <http://www.w3.org/ns/pim/space#>.\n"
        "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n\n"
        f"<{base}{pod.root}> a pim:Storage;\n"
        f"    solid:storageDescription <{base}{pod.root}{target.DESCRIPTION}>;\n"
        f"    solid:owner <{pod.owner}>.\n" + wire.services(base, f"{base}{pod.root}{target.DESCRIPTION}"),
        0,
    )


def _log(pod: Pod, year: int, month: int, base: str, tx: Transaction) -> tuple[str, int] | None:
    if not 1 <= month <= 12 or not 1970 <= year <= 9998:
        return None
    start = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    lines = activity.between(tx, pod.key, start.timestamp(), end.timestamp())
    if not lines:
        return None
    return _PREFIXES + "".join(_line(line, base) for line in lines), int(lines[-1].at * 1000)


def _line(line: Line, base: str) -> str:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = [
        f"<#{line.seq}> a prov:Activity, po:AccessLine",
        f"po:sequence {line.seq}",
        f'prov:startedAtTime "{at}"^^xsd:dateTime',
        f'po:action "{line.action}"',
        f'po:decision "{line.decision}"',
        f"prov:used <{base}{line.path}>",
    ]
    for predicate, iri in (
        *(("prov:wasAssociatedWith", line.agent), ("po:client", line.client)),
        *(("po:grant", line.grant), ("po:purpose", line.purpose)),
    ):
        if iri and _is_iri(iri):
            said.append(f"{predicate} <{iri}>")
    if line.reason:
        said.append(f"po:reason {_literal(line.reason)}")
    said.append(f'po:previousDigest "{line.prev.hex()}"^^xsd:hexBinary')
    said.append(f'po:digest "{line.digest.hex()}"^^xsd:hexBinary')
    return ";\n    ".join(said) + ".\n"


def _is_iri(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]*", text) is not None


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
