"""The RDF beside a receipt, derived from its signed bytes, and where both lie in a pod.

Written as text, not through a graph: a whole town's purchases pass here. A property test parses it and compares
it with the graph that a JSON-LD processor makes of the same payload.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from consent.receipts.model import ParticipationReceipt, PurchaseReceipt, Receipt
from consent.receipts.trust import TrustLevel
from vocab.codes import CodeList
from vocab.places import DISTRICT, VENUE
from vocab.shapes import money
from vocab.terms import NS, PROV, SCHEMA, XSD
from vocab.trade import CATEGORY, KIND, ROLE, THEME
from vocab.turtle import angled, quoted

_PREFIXES = (
    f"@prefix category: <{CATEGORY.iri}#> .\n@prefix po: <{NS}> .\n@prefix prov: <{PROV}> .\n"
    f"@prefix schema: <{SCHEMA}> .\n@prefix xsd: <{XSD}> .\n\n"
)


def target(receipt: Receipt) -> tuple[str, str]:
    """Return the container, relative to the pod, and the name without suffix: `purchases/2017-10/`, `b123`.

    The name starts with a digest of the issuer, since ids are unique only for one issuer.
    """
    if isinstance(receipt, PurchaseReceipt):
        return f"purchases/{receipt.ordered_at[:7]}/", f"{_issuer_tag(receipt.issuer)}-{receipt.id}"
    return f"participation/{receipt.started_at[:7]}/", f"{_issuer_tag(receipt.issuer)}-{receipt.id}"


def turtle(receipt: Receipt, jws_name: str, trust: TrustLevel = TrustLevel.SIGNED) -> bytes:
    """Return the Turtle of the receipt; its subject is `<#it>`, derived from the resource `jws_name` beside it."""
    body = _purchase(receipt) if isinstance(receipt, PurchaseReceipt) else _participation(receipt)
    return (
        f"{_PREFIXES}{body}"
        f"  po:issuer {angled(receipt.issuer)} ;\n"
        f'  po:nonce "{receipt.nonce}" ;\n'
        f'  schema:dateIssued "{receipt.issued_at}"^^xsd:dateTime ;\n'
        f"  po:trustLevel {int(trust)} ;\n"
        f"  prov:wasDerivedFrom {angled(jws_name)} .\n"
    ).encode()


def _purchase(receipt: PurchaseReceipt) -> str:
    lines = " ,\n".join(
        [
            f"    [ po:category category:{line.category} ; schema:orderQuantity {line.quantity} ; "
            f"schema:price {money(line.amount)} ]"
            if line.name is None
            else f"    [ po:category category:{line.category} ; schema:orderQuantity {line.quantity} ; "
            f"schema:price {money(line.amount)} ; schema:name {quoted(line.name)} ]"
            for line in receipt.lines
        ]
    )
    district = f"  po:district {_DISTRICTS[receipt.district]} ;\n" if receipt.district is not None else ""
    return (
        f"<#it> a schema:Order ;\n  schema:orderNumber {quoted(receipt.id)} ;\n"
        f'  schema:orderDate "{receipt.ordered_at}"^^xsd:dateTime ;\n'
        f"  schema:seller {angled(receipt.seller)} ;\n{district}"
        f"  schema:price {money(receipt.total)} ;\n"
        f'  schema:priceCurrency "{receipt.currency}" ;\n'
        f"  schema:orderedItem\n{lines} ;\n"
    )


def _participation(receipt: ParticipationReceipt) -> str:
    parts = [
        f"<#it> a po:Participation ;\n  schema:identifier {quoted(receipt.id)} ;\n",
        f"  po:kind {_KINDS[receipt.kind]} ;\n  schema:about {_THEMES[receipt.theme]} ;\n",
        f'  schema:startTime "{receipt.started_at}"^^xsd:dateTime ;\n  po:minutes {receipt.minutes} ;\n',
    ]
    if receipt.venue is not None:
        parts.append(f"  schema:location {_VENUES[receipt.venue]} ;\n")
    if receipt.district is not None:
        parts.append(f"  po:district {_DISTRICTS[receipt.district]} ;\n")
    if receipt.role is not None:
        parts.append(f"  po:role {_ROLES[receipt.role]} ;\n")
    if receipt.title is not None:
        parts.append(f"  schema:name {quoted(receipt.title)} ;\n")
    return "".join(parts)


@lru_cache(maxsize=4096)
def _issuer_tag(issuer: str) -> str:
    """Return 6 hexadecimal digits of the issuer's IRI."""
    return hashlib.sha256(issuer.encode()).hexdigest()[:6]


def _terms(codes: CodeList) -> dict[str, str]:
    return {code.notation: f"<{code.iri}>" for code in codes.codes}


_DISTRICTS, _VENUES = _terms(DISTRICT), _terms(VENUE)
_KINDS, _THEMES, _ROLES = _terms(KIND), _terms(THEME), _terms(ROLE)
