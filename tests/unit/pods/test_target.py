"""Paths have one spelling, and no other spelling gets through."""

import pytest

from pods.errors import BadTarget
from pods.model import Path
from pods.protocol import target


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (b"/anna/", "/anna/"),
        (b"/anna/a.ttl", "/anna/a.ttl"),
        (b"/anna/%61", "/anna/a"),
        (b"/anna/%7euser", "/anna/~user"),
        (b"/anna/caff%c3%a8", "/anna/caff%C3%A8"),
        (b"/anna/a%20b", "/anna/a%20b"),
        (b"/anna/a:b@c,d;e=f", "/anna/a:b@c,d;e=f"),
        (b"/anna/x.y.z", "/anna/x.y.z"),
        (b"/anna/...", "/anna/..."),
        (b"/anna/.hidden", "/anna/.hidden"),
    ],
)
def test_a_path_has_one_spelling(raw: bytes, canonical: str) -> None:
    assert target.canonical(raw) == canonical


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"anna", b"/anna//x", b"//anna", b"/anna/./x", b"/anna/../bob/", b"/anna/..", b"/anna/."),
        *(
            b"/anna/%2e%2e/bob/",
            b"/anna/%2E/x",
            b"/anna/.%2e/x",
            b"/anna/a%2Fb",
            b"/anna/a%2fb",
            b"/anna/a%5Cb",
        ),
        *(b"/anna/a%5cb", b"/anna/a\\b", b"/anna/%00", b"/anna/%0a", b"/anna/%7f", b"/anna/a b", b"/anna/a%"),
        *(b"/anna/a%zz", b"/anna/\xc3\xa8", b"/anna/%ff", b"/anna/e%cc%80", b"/anna/<x>", b'/anna/"x"'),
        *(b"/anna/x.acl.acl", b"/anna/x.meta.acl", b"/anna/x.acl.meta", b"/anna/x.acl/y", b"/anna/x.meta/"),
        *(b"/anna/" + b"a" * 256, b"/anna/" + b"a/" * 100, b"/" + b"a" * 3000, b"/anna/x#y", b"/anna/x?y"),
        b"/anna/x%2eacl%2eacl",
    ],
)
def test_an_ambiguous_path_is_refused(raw: bytes) -> None:
    with pytest.raises(BadTarget):
        target.canonical(raw)


def test_canonical_paths_are_fixed_points() -> None:
    for raw in (b"/anna/caff%c3%a8/%7e.acl", b"/anna/a%20b/"):
        once = target.canonical(raw)
        assert target.canonical(once.encode()) == once


@pytest.mark.parametrize(
    ("path", "candidates"),
    [
        ("/anna/", ("/anna/.acl",)),
        ("/anna/a", ("/anna/a.acl", "/anna/.acl")),
        ("/anna/c/d/", ("/anna/c/d/.acl", "/anna/c/.acl", "/anna/.acl")),
        ("/anna/c/x.acl", ("/anna/c/x.acl", "/anna/c/.acl", "/anna/.acl")),
        ("/anna", ("/anna.acl", "/anna/.acl")),
        ("/anna/c/.meta", ("/anna/c/.acl", "/anna/.acl")),
    ],
)
def test_the_acls_that_may_govern_go_upwards(path: str, candidates: tuple[str, ...]) -> None:
    assert target.acl_candidates(Path(path)) == candidates


@pytest.mark.parametrize(
    ("slug", "segment"),
    [
        *(("note", "note"), ("My note", "My%20note"), ("caffè", "caff%C3%A8"), (" x/ ", "x")),
        *(("a/b", None), ("x.acl", None), ("x.meta", None), (".hidden", None), ("", None), ("..", None)),
        *(("a\\b", None), ("a\nb", None), ("è" * 200, None)),
        *(("caff%C3%A8", "caff%C3%A8"), ("My%20note", "My%20note"), ("100%25", "100%25"), ("%zz", "%25zz")),
        *(("a%2Fb", None), ("x%2Eacl", None), ("%2e%2e", None), ("a%00b", None), ("%E8", "%25E8")),
    ],
)
def test_a_slug_becomes_one_harmless_segment(slug: str, segment: str | None) -> None:
    assert target.segment_from_slug(slug) == segment


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("anna", True),
        ("a-1", True),
        ("", False),
        ("-a", False),
        ("Anna", False),
        ("a.b", False),
        ("a" * 64, False),
    ],
)
def test_pod_names_are_small_and_plain(name: str, good: bool) -> None:
    assert target.is_pod_name(name) is good
