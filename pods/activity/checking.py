"""Checking logs where they are stored: the chain of each, and that it is what the host signed."""

from __future__ import annotations

from collections.abc import Iterator

from pods.activity import keys_sql, reading, tree_sql
from pods.storage.base import Transaction
from pods.transparency import merkle, notes
from pods.transparency.notes import BadNote
from pods.transparency.records import START, BadRecord, chained, commitment, content_of, opened


def verify(tx: Transaction, pod: int) -> bool:
    """Say whether the log is whole: every line follows the one before, says what it said when written, none is cut."""
    return next(faults(tx, pod), None) is None


def faults(tx: Transaction, pod: int) -> Iterator[str]:
    """Say what is wrong with a log, the first line where it shows; nothing for a log that is whole."""
    own = keys_sql.log_of(tx, pod)
    size, peaks, seq, prev = own.size if own else 0, list[bytes](), 0, START
    for record in reading.every(tx, pod):
        if record.seq != seq + 1:
            yield f"line {seq + 1} is missing"
            return
        content = content_of(record.sealed) if record.sealed is not None else record.content
        if chained(prev, record.seq, content) != record.digest or not _opens(own, record.seq, record.sealed):
            yield f"line {record.seq} is not what was written"
            return
        if seq < size:
            peaks = merkle.extended(peaks, seq, merkle.leaf_hash(record.digest))
        seq, prev = record.seq, record.digest
    if seq < size:
        yield f"line {seq + 1} and those after it were cut off; a checkpoint covers {size}"
    elif own is not None and own.leaf is not None:
        leaf = merkle.leaf_hash(commitment(own.blind, size, merkle.root_of_peaks(peaks)))
        if tree_sql.node(tx)(0, own.leaf) != leaf:
            yield f"its first {size} lines are not those that the host signed"
    elif own is None and seq and not _removed(tx, pod):
        yield "its key is missing, so nobody can read it"


def tree_faults(tx: Transaction, verifier_key: str) -> Iterator[str]:
    """Say what is wrong with the checkpoints: signatures, and that each is the beginning of the next."""
    node, after = tree_sql.node(tx), -1
    while page := tree_sql.checkpoints(tx, after=after, limit=reading.PAGE):
        for signed in page:
            try:
                said = notes.opened(signed.note, verifier_key)
            except BadNote as error:
                yield f"the checkpoint of {signed.size} entries is not the host's: {error}"
                continue
            if (said.size, said.root) != (signed.size, merkle.root(node, signed.size)):
                yield f"the checkpoint of {signed.size} entries is not about the tree that is stored"
        after = page[-1].size


def _opens(own: keys_sql.PodLog | None, seq: int, sealed: bytes | None) -> bool:
    if own is None or sealed is None:
        return True  # the key went with the pod, or the text with its time: the digests are what is left
    try:
        opened(own.key, seq, sealed)
    except BadRecord:
        return False
    return True


def _removed(tx: Transaction, pod: int) -> bool:
    return not tx.execute("SELECT 1 FROM pod WHERE key = ? AND owner <> ''", (pod,))
