"""A pod that moves: whatever its documents say, only names below the old address change, and a way back exists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pods.archive.moving import Move
from pods.protocol import rdf
from pods.protocol.rdf import JSON_LD, N_TRIPLES, TURTLE, BlankNode, Literal, NamedNode, Quad

OLD, NEW = "https://old.example/anna/", "https://new.example/a-rossi/"
THERE = Move(((OLD, NEW),), f"{OLD}profile/card#me", f"{NEW}profile/card#me")
BACK = Move(((NEW, OLD),), f"{NEW}profile/card#me", f"{OLD}profile/card#me")

NAMES = st.sampled_from(
    [
        *(OLD, f"{OLD}profile/card#me", f"{OLD}notes/one.ttl", f"{OLD}notes/#it"),
        *("https://old.example/bob/x", "https://old.example/annabel/", "https://elsewhere.example/x"),
    ]
)
NODES = st.one_of(NAMES.map(NamedNode), st.sampled_from("ab").map(BlankNode))
TERMS = st.one_of(NODES, NAMES.map(Literal), st.text(max_size=5).map(Literal))
QUADS = st.lists(st.builds(Quad, NODES, NAMES.map(NamedNode), TERMS), max_size=8)
FORMATS = st.sampled_from([TURTLE, JSON_LD, N_TRIPLES])


@given(quads=QUADS, media_type=FORMATS)
def test_there_and_back_says_the_same(quads: list[Quad], media_type: str) -> None:
    before = rdf.serialise(media_type, quads)
    there = THERE.document(media_type, before, f"{OLD}notes/x", f"{NEW}notes/x")
    back = BACK.document(media_type, there, f"{NEW}notes/x", f"{OLD}notes/x")
    assert rdf.same_graph(
        rdf.parse(media_type, back, f"{OLD}notes/x"), rdf.parse(media_type, before, f"{OLD}notes/x")
    )


@given(quads=QUADS, media_type=FORMATS)
def test_only_names_below_the_old_address_change(quads: list[Quad], media_type: str) -> None:
    moved = THERE.document(media_type, rdf.serialise(media_type, quads), f"{OLD}notes/x", f"{NEW}notes/x")
    found = rdf.parse(media_type, moved, f"{NEW}notes/x")
    names = {
        term.value
        for quad in found
        for term in (quad.subject, quad.predicate, quad.object)
        if isinstance(term, NamedNode)
    }
    assert not any(name.startswith(OLD) for name in names)
    said = {quad.object.value for quad in quads if isinstance(quad.object, Literal)}
    assert {quad.object.value for quad in found if isinstance(quad.object, Literal)} == said
    elsewhere = {name for quad in quads for name in (quad.predicate.value,) if not name.startswith(OLD)}
    assert elsewhere <= names


@given(media_type=FORMATS)
def test_a_document_that_names_nothing_of_its_pod_is_kept_byte_for_byte(media_type: str) -> None:
    content = rdf.serialise(
        media_type,
        [Quad(NamedNode("https://elsewhere.example/x"), NamedNode("https://p.example/"), Literal("x"))],
    )
    assert THERE.document(media_type, content, f"{OLD}x", f"{NEW}x") == content
