"""The proof of one log, from what is stored: its keys, its entry in the host's tree, and the newest checkpoint."""

from __future__ import annotations

from pods.activity import keys_sql, tree_sql
from pods.storage.base import Transaction
from pods.transparency import merkle
from pods.transparency.proof import Proof


def proof_of(tx: Transaction, pod: int, seen: int = 0) -> Proof:
    """Return the proof of a pod's log, leading from the host's tree of `seen` entries.

    A host that has signed nothing yet gives a proof without a checkpoint: it is bound to nothing.
    """
    own, signed = keys_sql.log_of(tx, pod), tree_sql.newest(tx)
    blind, key = (own.blind, own.key) if own is not None else (b"", b"")
    if signed is None:
        return Proof(blind, key, 0, 0, "", "", (), ())
    node = tree_sql.node(tx)
    consistency = tuple(merkle.consistency(node, seen, signed.size))
    if own is None or own.leaf is None:
        return Proof(blind, key, 0, 0, signed.note, signed.verifier_key, (), consistency)
    path = tuple(merkle.inclusion(node, own.leaf, signed.size))
    return Proof(blind, key, own.size, own.leaf, signed.note, signed.verifier_key, path, consistency)
