"""A document that is kept as it was sent is refused for whatever one is refused for whose quads are looked at."""

import pytest

from pods.errors import BadContent, Unprocessable
from pods.protocol import rdf

BASE = "https://pods.example/anna/a.ttl"
MANY = b"".join(b"<#a> <#b> %d .\n" % number for number in range(rdf.MAX_TRIPLES))


@pytest.mark.parametrize(
    ("media_type", "content", "why"),
    [
        (rdf.TURTLE, b"<#a> <#b>", "not valid"),
        (rdf.TURTLE, b"<#a> <#b> 1 . <#a>", "not valid"),
        (rdf.TURTLE, b"<#a> <#b> \xff .", "not valid"),
        (rdf.TURTLE, b"<#a> <#b> <<( <#c> <#d> <#e> )>> .", "RDF 1.2"),
        (rdf.TURTLE, MANY + b"<#one> <#too> <#many> .", "more than"),
        (rdf.N_TRIPLES, b"<https://a.example/> <https://b.example/> 1 .", "not valid"),
        (rdf.JSON_LD, b"{", "not valid"),
        (rdf.JSON_LD, b'{"@context": "https://elsewhere.example/context"}', "expanded"),
    ],
)
def test_what_cannot_be_read_cannot_be_kept(media_type: str, content: bytes, why: str) -> None:
    with pytest.raises((BadContent, Unprocessable), match=why) as kept:
        rdf.check(media_type, content, BASE)
    with pytest.raises((BadContent, Unprocessable), match=why) as read:
        rdf.parse(media_type, content, BASE)
    assert str(kept.value) == str(read.value)


@pytest.mark.parametrize(
    ("media_type", "content", "triples"),
    [
        (rdf.TURTLE, b"", 0),
        (rdf.TURTLE, b"\xef\xbb\xbf<#a> <#b> 1, 2 .", 2),
        (rdf.TURTLE, b'<#a> <#b> "~ << {|" .', 1),
        (rdf.TURTLE, MANY, rdf.MAX_TRIPLES),
        (rdf.N_TRIPLES, b"<https://a.example/> <https://b.example/> <https://c.example/> .", 1),
        (rdf.JSON_LD, b'{"https://b.example/": [1, 2]}', 2),
    ],
)
def test_what_can_be_read_can_be_kept(media_type: str, content: bytes, triples: int) -> None:
    rdf.check(media_type, content, BASE)
    assert len(rdf.parse(media_type, content, BASE)) == triples
