"""Everything that a person has here, as one zip archive that opens anywhere (GDPR art. 15 and 20)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

import orjson

from consent import log_sql, wire
from consent.claims import claims_sql
from consent.overview import Overview
from consent.registry_sql import Purposes
from pods.storage.base import Pod, Transaction

PAGE = 200  # resources held in memory at a time
MOST_RESULTS = 100_000  # a claim a month of a thousand programmes over eight years
_README = {
    "LEGGIMI.txt": """Copia completa del pod {root}, fatta il {at} (UTC).

pod/                i tuoi documenti, con lo stesso percorso che hanno nel pod;
                    i file che finiscono in .acl dicono chi puo' leggere o scrivere
                    (Web Access Control), quelli che finiscono in .jws sono le ricevute
                    firmate da chi le ha emesse, byte per byte
contenitori/        quello che e' scritto sui contenitori stessi, se c'e'
indice.jsonl        una riga per ogni risorsa: percorso, tipo, data di modifica, etag
consensi.json       tutte le tue decisioni sul consenso, con il testo che hai letto;
                    le registrazioni formali (ISO/IEC TS 27560, DPV) sono in pod/consents/
risultati.json      ogni risultato calcolato dal tuo pod che e' uscito, con la sua finalita'
richieste.json      le richieste di consenso che aspettano una risposta
registro.jsonl      il registro degli accessi, una riga per accesso, dal piu' vecchio

I documenti sono in Turtle o JSON-LD: testo leggibile da qualunque programma per RDF.
""",
    "README.txt": """Complete copy of the pod {root}, made on {at} (UTC).

pod/                your documents, under the path that they have in the pod;
                    files ending in .acl say who may read or write (Web Access Control),
                    those ending in .jws are receipts as signed by their issuers, byte for byte
contenitori/        what is written about containers themselves, if anything
indice.jsonl        one line for each resource: path, media type, time of change, entity tag
consensi.json       all your decisions about consent, with the text that you were shown;
                    the formal records (ISO/IEC TS 27560, DPV) are in pod/consents/
risultati.json      every result that was computed from your pod and left, with its purpose
richieste.json      requests for consent that wait for an answer
registro.jsonl      the access log, one line for each access, the oldest first

Documents are Turtle or JSON-LD: text that any program for RDF reads.
""",
}


class Exporter:
    """Writes the archive of a pod on the host at `origin`."""

    def __init__(self, origin: str) -> None:
        self._purposes = Purposes(origin)
        self._overview = Overview(origin)

    def write(self, tx: Transaction, pod: Pod, file: IO[bytes], at: float) -> None:
        """Write the archive of what `tx`, a snapshot, sees; at no time is more than a page in memory."""
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in _README.items():
                archive.writestr(_entry(name, at), text.format(root=pod.root, at=wire.timestamp(at)))
            index = bytearray()
            for name, media_type, content, etag, modified, container in resources(tx, pod.key):
                path = name + "/" if container else name
                index += _line({"path": path, "media_type": media_type, "etag": etag, "modified": modified})
                folder = "contenitori" if container else "pod"
                if content or not container:
                    relative = path.removeprefix(pod.root) or "radice/"
                    target = relative.rstrip("/") + (".ttl" if container else "")
                    archive.writestr(_entry(f"{folder}/{target}", modified / 1000), content)
            archive.writestr(_entry("indice.jsonl", at), bytes(index))
            own = [wire.own_grant_json(grant) for grant in self._overview.own(tx, pod, at)]
            asked = [wire.request_json(request) for request in self._overview.requests(tx, pod, at)]
            archive.writestr(_entry("consensi.json", at), orjson.dumps(own, option=orjson.OPT_INDENT_2))
            archive.writestr(_entry("richieste.json", at), orjson.dumps(asked, option=orjson.OPT_INDENT_2))
            left = [
                {"at": wire.timestamp(when), "purpose": purpose, "result": result}
                for when, purpose, result in claims_sql.of_pod(tx, pod.key, limit=MOST_RESULTS)
            ]
            archive.writestr(_entry("risultati.json", at), orjson.dumps(left, option=orjson.OPT_INDENT_2))
            with archive.open(_entry("registro.jsonl", at), "w", force_zip64=True) as entry:
                for line in log_sql.oldest_first(tx, self._purposes, pod.key):
                    entry.write(_line(wire.log_line_json(line)))


def resources(tx: Transaction, pod: int) -> Iterator[tuple[str, str, bytes, str, int, bool]]:
    """Return name, media type, content, tag, time and whether it is a container, of all a pod holds."""
    after = ""
    while rows := tx.execute(
        "SELECT name, media_type, content, etag, modified, container FROM resource"
        " WHERE pod = ? AND name > ? ORDER BY name LIMIT ?",
        (pod, after, PAGE),
    ):
        for name, media_type, content, etag, modified, container in rows:
            yield name, media_type, bytes(content), etag, modified, bool(container)
        after = rows[-1][0]


def _entry(name: str, at: float) -> zipfile.ZipInfo:
    moment = datetime.fromtimestamp(max(at, 315_532_800.0), UTC)  # a zip knows no time before 1980
    info = zipfile.ZipInfo(name, moment.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _line(value: Any) -> bytes:
    return orjson.dumps(value) + b"\n"
