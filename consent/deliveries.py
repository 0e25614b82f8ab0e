"""What a service appends under a grant: checked, stored once by the host, logged, and told to nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consent.conformance import fitting
from consent.model import DataItem, OutputMode
from consent.permits import Permit
from consent.receipts.derive import target as receipt_place
from consent.receipts.derive import turtle as receipt_turtle
from consent.receipts.errors import BadReceipt
from consent.receipts.keys import KeyLookup
from consent.receipts.model import PurchaseReceipt, Receipt
from consent.receipts.signing import MEDIA_TYPE as RECEIPT
from consent.receipts.signing import verify
from pods import activity
from pods.errors import Forbidden, Unprocessable, UnsupportedMedia
from pods.model import Agent, Path
from pods.protocol import rdf
from pods.protocol.rdf import Quad
from pods.quota import Quota
from pods.storage.base import Transaction
from vocab.shapes import SHAPES

Documents = Mapping[str, tuple[str, bytes]]
"""Media type and content by path, relative to the pod."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body as it came in: with its statements if it is RDF, with what was signed if it is a receipt."""

    media_type: str
    content: bytes
    quads: Sequence[Quad] = ()
    receipt: Receipt | None = None


def read(media_type: str, content: bytes, origin: str, keys: KeyLookup) -> Delivery:
    """Return a body, parsed or verified. Costly work stays out of the transaction.

    A receipt must be signed by an issuer that the operator admitted; whoever brings it, the signature counts.
    Raises BadContent, Unprocessable or UnsupportedMedia.
    """
    if media_type == RECEIPT:
        try:
            return Delivery(media_type, content, receipt=verify(content, keys))
        except BadReceipt as error:
            raise Unprocessable(f"The receipt is not accepted: {error}.") from error
    if not rdf.is_rdf(media_type):
        raise UnsupportedMedia(f"Deliver {rdf.TURTLE}, {rdf.JSON_LD} or {RECEIPT} (a signed receipt).")
    return Delivery(media_type, content, rdf.parse(media_type, content, origin + "/.consent/delivery"))


def deliver(
    tx: Transaction, delivery: Delivery, permit: Permit, agent: Agent, at: float, quota: Quota
) -> bool:
    """Store a delivery in the pod of the grant; say whether it is new. The same bytes arrive once.

    Raises Forbidden or Unprocessable if the grant does not let the service add this, QuotaExceeded if the pod is
    full: what a service adds takes up its owner's room.
    """
    pod = tx.pod_by_key(permit.grant.pod)
    if pod is None:
        raise Forbidden("The grant is without effect.")
    if delivery.receipt is not None:
        shape, documents = _signed(delivery, delivery.receipt, permit)
    else:
        shape, documents = _rdf(delivery, permit)
    paths = {Path(pod.root + name): document for name, document in documents.items()}
    if any(tx.get(path) is not None for path in paths):
        return False
    for path, (media_type, content) in paths.items():
        quota.require_kept(None, tx.write(path, media_type, content, at), tx)
    activity.append(
        tx,
        pod.key,
        agent=agent,
        path=next(iter(paths)),
        action=f"append {shape}",
        decision=activity.PERMIT,
        grant=permit.grant.iri,
        purpose=permit.purpose.iri,
        at=at,
    )
    return True


def _rdf(delivery: Delivery, permit: Permit) -> tuple[str, Documents]:
    item = fitting(delivery.quads, _items(permit))
    name = hashlib.sha256(delivery.content).hexdigest()[:32]
    suffix = "jsonld" if delivery.media_type == rdf.JSON_LD else "ttl"
    # N-Triples are Turtle too; one suffix less for a person who looks at their folder.
    media_type = rdf.JSON_LD if suffix == "jsonld" else rdf.TURTLE
    place = f"{SHAPES[item.shape].container}{permit.purpose.identifier}/{name}.{suffix}"
    return item.shape, {place: (media_type, delivery.content)}


def _signed(delivery: Delivery, receipt: Receipt, permit: Permit) -> tuple[str, Documents]:
    """Place the signed bytes and the RDF derived from them."""
    shape = "Purchase" if isinstance(receipt, PurchaseReceipt) else "Participation"
    if not any(item.shape == shape for item in _items(permit)):
        raise Forbidden(f"The grant does not let you add anything of {shape}.")
    container, name = receipt_place(receipt)
    return shape, {
        f"{container}{name}.ttl": (rdf.TURTLE, receipt_turtle(receipt, f"{name}.jws")),
        f"{container}{name}.jws": (RECEIPT, delivery.content),
    }


def _items(permit: Permit) -> list[DataItem]:
    return [item for item in permit.grant.items if item.mode is OutputMode.APPEND]
