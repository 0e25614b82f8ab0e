"""RFC 9162: every proof of a tree holds, and no proof holds for anything else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.transparency import merkle

# The tree over these leaves is the one that implementations of RFC 6962 and RFC 9162 compare.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def tree(size: int) -> tuple[list[bytes], merkle.Node]:
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    return leaves, merkle.nodes(leaves)


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_those_that_others_compute(size: int) -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]
    assert merkle.root(merkle.nodes(leaves), size).hex() == ROOTS[size]


def test_a_tree_without_leaves_has_the_root_of_nothing() -> None:
    assert merkle.root(merkle.nodes([]), 0) == hashlib.sha256().digest() == merkle.root_of_peaks([])


@given(st.integers(1, 130), st.data())
def test_each_leaf_is_shown_to_be_in_its_place_and_nowhere_else(size: int, data: st.DataObject) -> None:
    leaves, node = tree(size)
    index = data.draw(st.integers(0, size - 1))
    root, path = merkle.root(node, size), merkle.inclusion(node, index, size)
    assert merkle.is_included(leaves[index], index, size, path, root)
    other = data.draw(st.integers(0, size + 2))
    if other != index:
        assert not merkle.is_included(leaves[index], other, size, path, root)
    assert not merkle.is_included(merkle.leaf_hash(b"another"), index, size, path, root)
    assert not merkle.is_included(leaves[index], index, size, [*path, root], root)


@given(st.integers(1, 130), st.data())
def test_a_tree_is_shown_to_be_the_beginning_of_a_later_one_alone(size: int, data: st.DataObject) -> None:
    leaves, node = tree(size)
    old = data.draw(st.integers(1, size))
    before, after = merkle.root(node, old), merkle.root(node, size)
    path = merkle.consistency(node, old, size)
    assert merkle.is_consistent(old, size, before, after, path)
    changed = data.draw(st.integers(0, old - 1))
    forked = [*leaves[:changed], merkle.leaf_hash(b"another"), *leaves[changed + 1 :]]
    other = merkle.nodes(forked)
    fork, way = merkle.root(other, size), merkle.consistency(other, old, size)
    assert not merkle.is_consistent(old, size, before, fork, way)


@given(st.integers(0, 130))
def test_a_tree_that_grows_leaf_by_leaf_is_the_tree_over_all_leaves(size: int) -> None:
    leaves, node = tree(size)
    peaks: list[bytes] = []
    kept: dict[tuple[int, int], bytes] = {}
    for number, leaf in enumerate(leaves):
        peaks = merkle.extended(peaks, number, leaf)
        for level, position, value in merkle.added(lambda a, b: kept[a, b], number, leaf):
            kept[level, position] = value
    root = merkle.root(node, size)
    assert merkle.root_of_peaks(peaks) == root == merkle.root(lambda a, b: kept[a, b], size)
