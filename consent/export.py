"""What consent adds to the archive of a pod: decisions, requests, results, and names in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson

from consent import log_sql, wire
from consent.claims import claims_sql
from consent.claims.claims_sql import Answered
from consent.decided_sql import Place
from consent.model import OwnGrant
from consent.overview import Overview
from consent.registry_sql import Purposes
from pods.activity import Line
from pods.archive.writing import Further
from pods.storage.base import Pod, Transaction

Attested = Callable[
    [Transaction, Pod, Iterable[str], float], tuple[Mapping[str, Any], Iterator[Mapping[str, Any]]]
]
"""Gives the document of the keys, and makes the credentials of some grants of a pod, which these prove."""

AT_ONCE = 200  # decisions in memory; each carries its declaration

MOST_RESULTS = 100_000  # a claim a month of a thousand programmes over eight years
_README = {
    "it": """consensi.json       tutte le tue decisioni sul consenso, con il testo che hai letto;
                    le registrazioni formali (ISO/IEC TS 27560, DPV, accordi ODRL) sono in pod/consents/
risultati.json      ogni risultato calcolato dal tuo pod che e' uscito, con la sua finalita'
richieste.json      le richieste di consenso che aspettano una risposta
attestati.json      le registrazioni e le ricevute dei consensi con la firma di questo sistema, e le chiavi
                    con cui chiunque puo' verificarle (W3C Verifiable Credentials)
""",
    "en": """consensi.json       all your decisions about consent, with the text that you were shown;
                    the formal records (ISO/IEC TS 27560, DPV, ODRL agreements) are in pod/consents/
risultati.json      every result that was computed from your pod and left, with its purpose
richieste.json      requests for consent that wait for an answer
attestati.json      records and receipts of consent, signed by this host, and the keys with which anybody
                    can verify them (W3C Verifiable Credentials)
""",
}


def further(origin: str, attested: Attested) -> Further:
    """Return what the archives of the host at `origin` hold beside resources, log and account.

    `attested` makes the proofs of a pod's consent records and receipts.
    """
    purposes, overview = Purposes(origin), Overview(origin)

    def files(tx: Transaction, pod: Pod, at: float) -> Iterator[tuple[str, Iterable[bytes]]]:
        grants = decisions(tx, pod, at)
        yield "consensi.json", json_list(wire.own_grant_json(grant) for grant in grants)
        asked = overview.requests(tx, pod, at)
        yield "richieste.json", json_list(wire.request_json(request) for request in asked)
        left = claims_sql.of_pod(tx, pod.key, limit=MOST_RESULTS)
        yield "risultati.json", json_list(map(_result, left))
        ids = (str(grant.id) for grant in decisions(tx, pod, at))
        issuer, credentials = attested(tx, pod, ids, at)
        opened = b'{\n"issuer": ' + orjson.dumps(issuer, option=orjson.OPT_INDENT_2) + b',\n"credentials": '
        yield "attestati.json", chain([opened], json_list(credentials), [b"}"])

    def decisions(tx: Transaction, pod: Pod, at: float) -> Iterator[OwnGrant]:
        """Yield every decision, some in memory at a time."""
        after: Place | None = None
        while True:
            page = overview.page(tx, pod, at, after=after, limit=AT_ONCE)
            yield from page.grants
            after = page.further
            if after is None:
                return

    def about(tx: Transaction, lines: Sequence[Line]) -> Sequence[Mapping[str, Any]]:
        return [
            {"agent_name": line.agent_name, "purpose_title": line.purpose_title}
            for line in log_sql.named(tx, purposes, list(lines))
        ]

    return Further(files, about, _README)


def json_list(values: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield a JSON array in pieces, one for each value."""
    before = b"[\n"
    for value in values:
        yield before + orjson.dumps(value, option=orjson.OPT_INDENT_2)
        before = b",\n"
    yield b"[]" if before == b"[\n" else b"\n]"


def _result(left: Answered) -> Mapping[str, Any]:
    return {
        "at": wire.timestamp(left.at),
        "purpose": left.purpose,
        "result": left.result,
        "signed": left.signed,
    }
