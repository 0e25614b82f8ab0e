"""What consent adds to the archive of a pod: decisions, requests, results, and names in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from consent import log_sql, wire
from consent.claims import claims_sql
from consent.overview import Overview
from consent.registry_sql import Purposes
from pods.activity import Line
from pods.archive.writing import Further
from pods.storage.base import Pod, Transaction

Attested = Callable[[Transaction, Pod, Sequence[str], float], Mapping[str, Any]]
"""Makes the credentials of some grants of a pod, with the document of the keys that prove them."""

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

    def files(tx: Transaction, pod: Pod, at: float) -> Iterator[tuple[str, bytes]]:
        own = [wire.own_grant_json(grant) for grant in overview.own(tx, pod, at)]
        asked = [wire.request_json(request) for request in overview.requests(tx, pod, at)]
        left = [
            {
                "at": wire.timestamp(one.at),
                "purpose": one.purpose,
                "result": one.result,
                "signed": one.signed,
            }
            for one in claims_sql.of_pod(tx, pod.key, limit=MOST_RESULTS)
        ]
        for name, value in (("consensi", own), ("richieste", asked), ("risultati", left)):
            yield f"{name}.json", orjson.dumps(value, option=orjson.OPT_INDENT_2)
        proved = attested(tx, pod, [str(grant["id"]) for grant in own], at)
        yield "attestati.json", orjson.dumps(proved, option=orjson.OPT_INDENT_2)

    def about(tx: Transaction, lines: Sequence[Line]) -> Sequence[Mapping[str, Any]]:
        return [
            {"agent_name": line.agent_name, "purpose_title": line.purpose_title}
            for line in log_sql.named(tx, purposes, list(lines))
        ]

    return Further(files, about, _README)
