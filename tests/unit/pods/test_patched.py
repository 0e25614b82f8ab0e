"""Graphs kept of patched documents: a patch does the same whether the document was remembered or read."""

import pytest

from pods.model import Path
from pods.patched import LARGEST, PARSED, Graph, PatchedGraphs
from pods.protocol import conditions, n3_patch, patch, rdf
from pods.storage.base import Stored

BASE = "http://localhost:8080"
PATH = Path("/anna/list.ttl")
TEXT = """@prefix dc: <http://purl.org/dc/terms/> . @prefix ex: <http://e/terms#> .
<#it> dc:title "Ciao"@IT , 'two "quotes"' ; ex:price 1.50 ; ex:part _:one , [ ex:of <> ] . _:one ex:n "7"^^ex:N ."""
NAMED = '{"@id": "http://e/g", "@graph": [{"@id": "#x", "http://e/y": [{"@id": "_:b"}, {"@value": "z"}]}]}'
PATCH = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; "


def stored(media_type: str, content: bytes) -> Stored:
    return Stored(PATH, 1, media_type, content, conditions.content_tag(media_type, content), 0)


def patched(graphs: PatchedGraphs, document: Stored, name: str) -> tuple[bytes, Graph]:
    change = n3_patch.read(
        f"{PATCH} solid:inserts {{ <#it> <http://e/terms#has> <#{name}> }}.".encode(), BASE + PATH
    )
    before = graphs.of(document)
    after = patch.apply(change, before.triples)
    graph = Graph(after, before.named, {"": f"{BASE}{PATH}#", **before.prefixes})
    return rdf.serialise_graph(document.media_type, after, graph.named, graph.prefixes), graph


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (rdf.TURTLE, TEXT.encode()),
        (rdf.JSON_LD, NAMED.encode()),
        (rdf.N_TRIPLES, b'<http://e/s> <http://e/p> "\\u00E8" .\n_:a <http://e/p> _:b .\n'),
    ],
)
def test_the_next_patch_writes_the_same_bytes_from_what_is_kept_and_from_what_is_read(
    media_type: str, content: bytes
) -> None:
    kept = PatchedGraphs(BASE)
    content, graph = patched(kept, stored(media_type, content), "first")
    kept.keep(stored(media_type, content), graph)
    for name in ("second", "third"):
        before = stored(media_type, content)
        content, graph = patched(kept, before, name)
        assert content == patched(PatchedGraphs(BASE), before, name)[0]
        kept.keep(stored(media_type, content), graph)


def test_a_document_that_was_replaced_since_is_read() -> None:
    graphs = PatchedGraphs(BASE)
    graphs.keep(stored(rdf.TURTLE, b"<#a> <#b> <#c> ."), Graph(()))
    assert not graphs.of(stored(rdf.TURTLE, b"<#a> <#b> <#c> .")).triples
    assert graphs.of(stored(rdf.TURTLE, b"<#a> <#b> <#d> .")).triples


def test_a_very_long_document_is_read_each_time() -> None:
    graphs = PatchedGraphs(BASE)
    long = stored(rdf.TURTLE, b"<#a> <#b> <#c> ." + b" " * (LARGEST // PARSED))
    graphs.keep(long, Graph(()))
    assert graphs.of(long).triples
