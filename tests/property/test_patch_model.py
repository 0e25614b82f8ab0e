"""N3 Patch against a naive model: try every assignment of every variable."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from pods.errors import Conflict
from pods.protocol import n3_patch, patch, rdf

BASE = "http://localhost:8080/anna/doc"
NAMES = ("a", "b", "c")
VARIABLES = ("x", "y")
HEAD = "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n_:p a solid:InsertDeletePatch"

Triple = tuple[str, str, str]
names = st.sampled_from(NAMES)
triples = st.tuples(names, names, names)
patterns = st.tuples(*(st.sampled_from((*NAMES, "?x", "?y")) for _ in range(3)))


def turtle(found: list[Triple]) -> str:
    return " ".join(
        " ".join(term if term.startswith("?") else f"<#{term}>" for term in one) + " ." for one in found
    )


def substitute(found: list[Triple], binding: dict[str, str]) -> set[Triple]:
    return {tuple(binding.get(term, term) for term in one) for one in found}  # type: ignore[misc]  # three terms


def expected(
    document: set[Triple], where: list[Triple], deletes: list[Triple], inserts: list[Triple]
) -> set[Triple] | None:
    """Return the document after the patch, None where it must be refused."""
    used = sorted({term for one in where for term in one if term.startswith("?")})
    solutions = [
        binding
        for values in product(NAMES, repeat=len(used))
        if substitute(where, binding := dict(zip(used, values, strict=True))) <= document
    ]
    if len(solutions) != 1:
        return None
    gone, new = substitute(deletes, solutions[0]), substitute(inserts, solutions[0])
    return (document - gone) | new if gone <= document else None


@given(st.sets(triples, max_size=8), st.lists(patterns, max_size=3), st.data())
def test_a_patch_does_what_the_model_does(
    document: set[Triple], where: list[Triple], data: st.DataObject
) -> None:
    used = [f"?{name}" for name in VARIABLES if any(f"?{name}" in one for one in where)]
    terms = st.sampled_from((*NAMES, *used))
    changes = st.lists(st.tuples(terms, terms, terms), max_size=3)
    deletes, inserts = data.draw(changes), data.draw(changes)
    text = f"{HEAD}; solid:where {{ {turtle(where)} }}; solid:deletes {{ {turtle(deletes)} }}; solid:inserts {{ {turtle(inserts)} }}."
    change = n3_patch.read(text.encode(), BASE)
    wanted = expected(document, where, deletes, inserts)
    before, _ = rdf.parted(rdf.parse(rdf.TURTLE, turtle(sorted(document)).encode(), BASE))
    try:
        after = patch.apply(change, before)
    except Conflict:
        assert wanted is None
    else:
        assert wanted is not None
        assert set(rdf.quads_of(after)) == set(rdf.parse(rdf.TURTLE, turtle(sorted(wanted)).encode(), BASE))
