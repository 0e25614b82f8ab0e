"""Whatever a stranger sends, a parser gives a value or one of our refusals: never another exception, no hang."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from pods.authz import acl
from pods.errors import BadTarget, PodError
from pods.model import Preconditions
from pods.protocol import conditions, headers, n3_patch, negotiate, rdf, sparql_update, target

BASE = "http://localhost:8080/anna/doc"
PIECES = st.sampled_from(
    [
        *(
            "INSERT",
            "DELETE",
            "DATA",
            "WHERE",
            "PREFIX",
            "BASE",
            "{",
            "}",
            ".",
            ";",
            ",",
            "?x",
            "$y",
            "a",
            "true",
        ),
        *(
            "<#a>",
            "<b>",
            "ex:c",
            ":d",
            "_:e",
            "[",
            "]",
            "(",
            ")",
            '"text"',
            "'x'@it",
            '"5"^^ex:d',
            '"""long',
            "#c\n",
        ),
        *(
            "1",
            "-2.5",
            "1e9",
            "solid:where",
            "solid:inserts",
            "solid:deletes",
            "solid:InsertDeletePatch",
            "=>",
            "^^",
        ),
        *(
            "<<",
            ">>",
            "{|",
            "@prefix ex: <http://e/>.",
            "\\",
            "\0",
            "é",
            "\ud7ff",
            "PREFIX ex: <http://e/>",
            "<<(",
        ),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=25).map(" ".join), st.text(max_size=60))
SOLID = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ex: <http://e/>.\n_:p a solid:InsertDeletePatch; "


@given(st.binary(max_size=80).map(lambda tail: b"/anna/" + tail))
def test_a_path_is_refused_or_has_one_spelling(raw: bytes) -> None:
    try:
        path = target.canonical(raw)
    except BadTarget:
        return
    assert target.canonical(path.encode("ascii")) == path
    segments = path.split("/")[1:]
    assert not {".", ".."} & set(segments)
    assert "" not in segments[:-1]


@given(TEXTS)
def test_sparql_updates_are_read_or_refused(text: str) -> None:
    with suppress(PodError):
        sparql_update.read(text.encode("utf-8"), BASE)


@given(TEXTS, st.booleans())
def test_n3_patches_are_read_or_refused(text: str, patch_like: bool) -> None:
    with suppress(PodError):
        n3_patch.read(((SOLID if patch_like else "") + text).encode("utf-8"), BASE)


@given(TEXTS.map(str.encode), st.sampled_from(rdf.OFFERED))
def test_documents_are_read_or_refused(content: bytes, media_type: str) -> None:
    try:
        quads = rdf.parse(media_type, content, BASE)
    except PodError:
        return
    for wanted in rdf.OFFERED:
        again = rdf.parse(wanted, rdf.serialise(wanted, quads), BASE)
        assert len(again) <= len(quads)
    acl.read(quads)


@given(st.text(max_size=80))
def test_header_fields_never_break_the_host(value: str) -> None:
    negotiate.preferred(value, rdf.OFFERED)
    headers.types_of_link(value)
    headers.byte_range(value, 10)
    conditions.not_modified(Preconditions(value, value, value, value), "a", 1)
    conditions.not_modified(Preconditions(if_modified_since=value), "a", 1)
    segment = target.segment_from_slug(value)
    assert segment is None or target.canonical(f"/anna/{segment}".encode("ascii"))
