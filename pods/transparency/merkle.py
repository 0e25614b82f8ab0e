"""Merkle trees of append-only logs (RFC 9162 section 2.1): roots, proofs, and their verification."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

SIZE = 32
EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""

Node = Callable[[int, int], bytes]
"""Gives the hash of a full subtree: its level (0 is a leaf) and its position among those of its level."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry; the prefix keeps a leaf from passing as a node (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return hashlib.sha256(b"\1" + left + right).digest()


def nodes(leaves: Sequence[bytes]) -> Node:
    """Return the full subtrees over the hashes of leaves that are in memory."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return lambda level, position: levels[level][position]


def added(node: Node, size: int, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Return the full subtrees that a leaf completes in a tree of `size`, as (level, position, hash)."""
    level, position, value = 0, size, leaf
    new = [(level, position, value)]
    while position & 1:
        value = node_hash(node(level, position - 1), value)
        level, position = level + 1, position >> 1
        new.append((level, position, value))
    return new


def extended(peaks: Sequence[bytes], size: int, leaf: bytes) -> list[bytes]:
    """Return the peaks of a tree with one leaf more: the full subtrees side by side, the largest first."""
    grown, value = list(peaks), leaf
    while size & 1:
        value = node_hash(grown.pop(), value)
        size >>= 1
    return [*grown, value]


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """Return the root over full subtrees side by side."""
    if not peaks:
        return EMPTY
    value = peaks[-1]
    for peak in reversed(peaks[:-1]):
        value = node_hash(peak, value)
    return value


def root(node: Node, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _subtree(node, 0, size) if size else EMPTY


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """Return the path that shows the leaf `index` in the tree of `size` (RFC 9162 section 2.1.3.1)."""
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _left(high - low)
        if index < middle:
            path.append(_subtree(node, middle, high))
            high = middle
        else:
            path.append(_subtree(node, low, middle))
            low = middle
    return path[::-1]


def consistency(node: Node, old: int, size: int) -> list[bytes]:
    """Return what shows that the tree of `old` leaves is the beginning of that of `size` (section 2.1.4.1)."""
    if not 0 < old < size:
        return []
    low, high, path, whole = 0, size, [], True
    while old != high:
        middle = low + _left(high - low)
        if old <= middle:
            path.append(_subtree(node, middle, high))
            high = middle
        else:
            path.append(_subtree(node, low, middle))
            low, whole = middle, False
    if not whole:
        path.append(_subtree(node, low, high))
    return path[::-1]


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Say whether a path shows the leaf in the tree with this root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, value = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            value = node_hash(step, value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, step)
        position, last = position >> 1, last >> 1
    return last == 0 and value == root


def is_consistent(old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether the tree with `old_root` is the beginning of the one with `root` (RFC 9162 section 2.1.4.2)."""
    if old == size:
        return not path and old_root == root
    if old == 0:
        return not path and old_root == EMPTY
    if not 0 < old < size or not path:
        return False
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            after = node_hash(after, step)
        position, last = position >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _left(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _subtree(node: Node, low: int, high: int) -> bytes:
    size = high - low
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, low >> level)
    middle = low + _left(size)
    return node_hash(_subtree(node, low, middle), _subtree(node, middle, high))
