"""Proof that a log is whole: what the host hands its owner, and how the owner checks it without trusting the host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pods.transparency import merkle, notes
from pods.transparency.notes import BadNote
from pods.transparency.records import START, BadRecord, Record, chained, commitment, content_of, opened


class Fault(StrEnum):
    """What can be wrong with a log (reference attack 20: delete, reorder, edit, truncate the tail, fork views)."""

    MISSING = "missing"
    CHANGED = "changed"
    CUT = "cut"
    NOT_COMMITTED = "not-committed"
    BAD_CHECKPOINT = "bad-checkpoint"
    OTHER_THAN_SEEN = "other-than-seen"
    OTHER_KEY = "other-key"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a verifier remembers of the last log that it found whole: a host cannot take it back any more."""

    verifier_key: str
    size: int
    root: bytes
    tree_size: int
    tree_root: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """What a host says of one log: its keys, its place in the host's tree, and the signed checkpoint of the tree.

    `leaf` is the number of the log's entry in the tree, and `size` how many lines it speaks of; a log that has no
    line yet is in no tree. A host that has signed nothing yet has no checkpoint, and is bound to nothing. `consistency` leads from the tree that the verifier saw before.
    """

    blind: bytes
    key: bytes
    size: int
    leaf: int
    checkpoint: str
    verifier_key: str
    inclusion: tuple[bytes, ...]
    consistency: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked: lines in all, how many the checkpoint of the time `at` covers, and what is wrong if anything."""

    lines: int
    covered: int
    at: int
    fault: Fault | None
    line: int
    """The number of the line where the fault shows; 0 where it is in no line."""
    seen: Seen | None
    """What to remember for the next time; None if something is wrong."""


class _Wrong(Exception):
    def __init__(self, fault: Fault, line: int = 0) -> None:
        super().__init__(fault)
        self.fault = fault
        self.line = line


def check(records: Iterable[Record], proof: Proof, seen: Seen | None = None) -> Verdict:
    """Check all lines of a log, from the first on, against its proof and against what was seen before."""
    leaves: list[bytes] = []
    covered = at = 0
    try:
        for digest in _chain(records, proof.key, leaves):
            leaves.append(merkle.leaf_hash(digest))
        covered, at, now = _committed(leaves, proof, seen)
        if seen is not None and now is not None:
            _extends(leaves, proof, seen, now)
    except _Wrong as wrong:
        return Verdict(len(leaves), covered, at, wrong.fault, wrong.line, None)
    return Verdict(len(leaves), covered, at, None, 0, now)


def _chain(records: Iterable[Record], key: bytes, before: list[bytes]) -> Iterable[bytes]:
    prev = START
    for record in records:
        if record.seq != len(before) + 1:
            raise _Wrong(Fault.MISSING, len(before) + 1)
        content = content_of(record.sealed) if record.sealed is not None else record.content
        prev = chained(prev, record.seq, content)
        if prev != record.digest:
            raise _Wrong(Fault.CHANGED, record.seq)
        if record.sealed is not None:
            try:
                opened(key, record.seq, record.sealed)
            except BadRecord as error:
                raise _Wrong(Fault.CHANGED, record.seq) from error
        yield prev


def _committed(leaves: list[bytes], proof: Proof, seen: Seen | None) -> tuple[int, int, Seen | None]:
    """Return the lines that the host is bound to by its signature, since when, and what to remember of it."""
    # Trust on first use: a host with another key than before could sign another history.
    if seen is not None and proof.verifier_key != seen.verifier_key:
        raise _Wrong(Fault.OTHER_KEY)
    if not proof.checkpoint and not proof.size and seen is None:
        return 0, 0, None
    try:
        tree = notes.opened(proof.checkpoint, proof.verifier_key)
    except BadNote as error:
        raise _Wrong(Fault.BAD_CHECKPOINT) from error
    if proof.size > len(leaves):
        raise _Wrong(Fault.CUT, len(leaves) + 1)
    root = merkle.root(merkle.nodes(leaves), proof.size)
    if proof.size:
        leaf = merkle.leaf_hash(commitment(proof.blind, proof.size, root))
        if not merkle.is_included(leaf, proof.leaf, tree.size, proof.inclusion, tree.root):
            raise _Wrong(Fault.NOT_COMMITTED)
    return proof.size, tree.at, Seen(proof.verifier_key, proof.size, root, tree.size, tree.root)


def _extends(leaves: list[bytes], proof: Proof, seen: Seen, now: Seen) -> None:
    if seen.size > now.size:
        raise _Wrong(Fault.CUT, now.size + 1)
    if merkle.root(merkle.nodes(leaves), seen.size) != seen.root:
        raise _Wrong(Fault.OTHER_THAN_SEEN)
    grown = (seen.tree_size, now.tree_size, seen.tree_root, now.tree_root)
    if not merkle.is_consistent(*grown, proof.consistency):
        raise _Wrong(Fault.OTHER_THAN_SEEN)
