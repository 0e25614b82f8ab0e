"""Patch documents: what is read, what is refused, what they need and what they do."""

import pytest

from pods.errors import BadContent, Conflict, PodError, Unprocessable
from pods.model import Mode
from pods.protocol import n3_patch, patch, rdf, sparql_update

BASE = "http://localhost:8080/anna/doc"
SOLID = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ex: <http://e/>.\n"
DOCUMENT = "@prefix ex: <http://e/>. <#a> ex:name 'Anna'; ex:age 40. <#b> ex:name 'Bob'; ex:age 41."


def n3(text: str) -> patch.Patch:
    return n3_patch.read((SOLID + text).encode(), BASE)


def sparql(text: str) -> patch.Patch:
    return sparql_update.read(("PREFIX ex: <http://e/>\n" + text).encode(), BASE)


def triples(turtle: str) -> list[rdf.Triple]:
    return rdf.parted(rdf.parse(rdf.TURTLE, turtle.encode(), BASE))[0]


def applied(change: patch.Patch, turtle: str = DOCUMENT) -> set[rdf.Triple]:
    return set(patch.apply(change, triples(turtle)))


def test_n3_replaces_what_where_finds() -> None:
    change = n3(
        "_:p a solid:InsertDeletePatch; solid:where { ?x ex:name 'Anna'; ex:age ?n };"
        " solid:deletes { ?x ex:age ?n }; solid:inserts { ?x ex:age 50; ex:note 'a ?question, # not a comment' }."
    )
    expected = (
        "@prefix ex: <http://e/>. <#a> ex:name 'Anna'; ex:age 50; ex:note 'a ?question, # not a comment'."
    )
    assert applied(change) == set(triples(expected + " <#b> ex:name 'Bob'; ex:age 41."))


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:x 1 }.", Mode.APPEND),
        ("_:p a solid:InsertDeletePatch; solid:deletes { <#a> ex:x 1 }.", Mode.READ | Mode.WRITE),
        (
            "_:p a solid:InsertDeletePatch; solid:where { ?a ex:x 1 }; solid:inserts { ?a ex:y 1 }.",
            Mode.READ | Mode.APPEND,
        ),
        ("_:p a solid:InsertDeletePatch.", Mode.APPEND),
    ],
)
def test_each_formula_needs_its_mode(text: str, mode: Mode) -> None:
    assert n3(text).needed == mode


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<#a> ex:b <#c>.",
        "_:p a solid:InsertDeletePatch. _:q a solid:InsertDeletePatch.",
        "_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:x 1 }, { <#a> ex:y 1 }.",
        "_:p a solid:InsertDeletePatch; solid:inserts <#a>.",
        "_:p a solid:InsertDeletePatch; solid:inserts { ?x ex:y 1 }.",
        "_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:y [] }.",
        "_:p a solid:InsertDeletePatch; solid:deletes { _:b ex:y 1 }.",
        "_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:y { <#b> ex:z 1 } }.",
        "_:p a solid:InsertDeletePatch. <#other> solid:inserts { <#a> ex:y 1 }.",
        "_:p a solid:InsertDeletePatch. <#x> ex:y { <#a> ex:y 1 }.",
    ],
)
def test_n3_of_another_shape_is_unprocessable(text: str) -> None:
    with pytest.raises(Unprocessable):
        n3(text)


@pytest.mark.parametrize("text", ["_:p a solid:InsertDeletePatch; solid:inserts {", "nonsense", '_:p a "'])
def test_n3_that_does_not_parse_is_a_bad_request(text: str) -> None:
    with pytest.raises(BadContent):
        n3(text)


@pytest.mark.parametrize(
    "text",
    [
        "_:p a solid:InsertDeletePatch; solid:where { ?x ex:name 'Nobody' }; solid:inserts { ?x ex:y 1 }.",
        "_:p a solid:InsertDeletePatch; solid:where { ?x ex:name ?n }; solid:inserts { ?x ex:y 1 }.",
        "_:p a solid:InsertDeletePatch; solid:deletes { <#a> ex:age 99 }; solid:inserts { <#a> ex:age 1 }.",
    ],
)
def test_n3_that_does_not_fit_the_document_is_a_conflict(text: str) -> None:
    with pytest.raises(Conflict):
        applied(n3(text))


def test_named_graphs_are_left_alone() -> None:
    content = b'{"@context": {"ex": "http://e/"}, "@id": "http://g", "@graph": [{"@id": "#x", "ex:y": "z"}]}'
    before = rdf.parse(rdf.JSON_LD, content, BASE)
    graph, named = rdf.parted(before)
    after = patch.apply(n3("_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:x 1 }."), graph)
    again = rdf.parse(rdf.JSON_LD, rdf.serialise_graph(rdf.JSON_LD, after, named), BASE)
    assert set(before) < set(again)
    assert len(again) == len(before) + 1


def test_sparql_changes_every_solution() -> None:
    change = sparql("DELETE { ?x ex:age ?n } INSERT { ?x ex:old true } WHERE { ?x ex:age ?n . }")
    expected = "@prefix ex: <http://e/>. <#a> ex:name 'Anna'; ex:old true. <#b> ex:name 'Bob'; ex:old true."
    assert applied(change) == set(triples(expected))


def test_sparql_operations_run_in_order() -> None:
    change = sparql(
        "INSERT DATA { <#a> ex:x 1, 2. }; DELETE DATA { <#a> ex:x 1 }; DELETE WHERE { <#b> ?p ?o }"
    )
    assert applied(change) == set(triples("@prefix ex: <http://e/>. <#a> ex:name 'Anna'; ex:age 40; ex:x 2."))


def test_sparql_reads_strings_tags_and_types() -> None:
    change = sparql("""INSERT DATA { <#c> ex:t "a { b"@it, '''x ' y''', "5"^^ex:d, -1.5e3, 2. }""")
    expected = """@prefix ex: <http://e/>. <#c> ex:t "a { b"@it, '''x ' y''', "5"^^ex:d, -1.5e3, 2 ."""
    assert applied(change, "") == set(triples(expected))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        *(("LOAD <http://x/>", "LOAD"), ("CLEAR DEFAULT", "CLEAR"), ("DROP ALL", "DROP")),
        *(
            ("INSERT DATA { GRAPH <#g> { <#a> ex:b 1 } }", "GRAPH"),
            ("WITH <#g> DELETE WHERE { ?a ?b ?c }", "WITH"),
        ),
        ("INSERT { ?a ex:b 1 } WHERE { SERVICE <http://x/> { ?a ?b ?c } }", "SERVICE"),
        ("DELETE { ?a ?b ?c } USING <#g> WHERE { ?a ?b ?c }", "USING"),
        ("DELETE { ?a ?b ?c } WHERE { ?a ?b ?c FILTER(?c > 1) }", "FILTER"),
        ("DELETE { ?a ?b ?c } WHERE { { ?a ?b ?c } UNION { ?a ?b ?c } }", "UNION"),
        ("INSERT DATA { ?x ex:b 1 }", "variables"),
        ("INSERT { ?y ex:b 1 } WHERE { ?x ex:b 1 }", "?y"),
        ("DELETE DATA { [] ex:b 1 }", "Blank nodes"),
        ("", "no operation"),
    ],
)
def test_what_sparql_may_not_do_is_named(text: str, named: str) -> None:
    with pytest.raises(Unprocessable, match=f"(?i){named}".replace("?", r"\?").replace(r"(\?i)", "(?i)")):
        sparql(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA {",
        "INSERT DATA { <#a> }",
        "DELETE",
        "INSERT { } DELETE { }",
        "DELETE WHERE { ?a ex:b/ex:c ?d }",
    ],
)
def test_sparql_that_does_not_parse_is_a_bad_request(text: str) -> None:
    with pytest.raises(BadContent):
        sparql(text)


def test_a_where_clause_that_explodes_is_given_up() -> None:
    document = "@prefix ex: <http://e/>. " + " ".join(f"<#n{i}> ex:k {i} ." for i in range(60))
    where = " . ".join(f"?a{i} ex:k ?b{i}" for i in range(6))
    with pytest.raises(PodError, match=r"solutions|long"):
        applied(sparql(f"DELETE {{ ?a0 ex:k ?b0 }} WHERE {{ {where} }}"), document)


HOSTILE = {
    "escaped quotes": "?x " + '\\"' * 100_000,
    "open strings": "?x " + '"a\n' * 100_000,
    "open long strings": "?x " + "'''\\" * 50_000,
    "open iris": "?x " + "<" * 100_000,
    "a long name": "?x " + "a" * 200_000 + ":",
    "many names": "?x " + "a." * 100_000,
    "many numbers": "?x " + "1.2e3 " * 50_000,
    "deep nodes": "?x ex:p " + "[ ex:p " * 50_000,
    "deep lists": "?x ex:p " + "(" * 100_000,
    "deep formulae": "?x ex:p " + "{ ?x ex:p " * 20_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_patches_are_refused_in_linear_time(text: str) -> None:
    with pytest.raises(PodError):
        n3("_:p a solid:InsertDeletePatch; solid:inserts { " + text)
    with pytest.raises(PodError):
        sparql("INSERT DATA { " + text)
