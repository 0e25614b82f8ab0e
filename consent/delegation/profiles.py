"""What people on this host say of themselves in their public profile: a name to show, and mailboxes."""

from __future__ import annotations

from pyoxigraph import Quad

from consent import people_sql
from pods.errors import PodError
from pods.protocol import rdf
from pods.provision import card_of
from pods.storage.base import Transaction
from vocab.terms import FOAF, SCHEMA, VCARD

_NAMES = (str(FOAF.name), str(VCARD.fn), str(SCHEMA.name))
"""In the order in which the first one that is there counts."""
_MAILBOXES = frozenset({str(VCARD.hasEmail), str(FOAF.mbox)})
LONGEST_NAME = 100  # characters that a page shows; a profile may hold a novel


def name_of(tx: Transaction, webid: str) -> str:
    """Return the name in somebody's profile, an empty text for who has none here: it is a claim, not a proof."""
    said = {
        quad.predicate.value: str(getattr(quad.object, "value", ""))
        for quad in _card(tx, webid)
        if getattr(quad.subject, "value", "") == webid
    }
    found = next((said[term] for term in _NAMES if said.get(term, "").strip()), "")
    return " ".join(found.split())[:LONGEST_NAME]


def mailboxes(tx: Transaction, webid: str) -> frozenset[str]:
    """Return the e-mail addresses in somebody's profile, none for who has no profile here."""
    return frozenset(
        str(getattr(quad.object, "value", "")).removeprefix("mailto:")
        for quad in _card(tx, webid)
        if quad.predicate.value in _MAILBOXES
    )


def _card(tx: Transaction, webid: str) -> list[Quad]:
    pod = people_sql.own_pod(tx, webid)
    card = tx.get(card_of(pod.root)) if pod is not None else None
    if card is None or not rdf.is_rdf(card.media_type):
        return []
    try:
        return list(rdf.parse(card.media_type, card.content, webid.partition("#")[0]))
    except PodError:
        return []
