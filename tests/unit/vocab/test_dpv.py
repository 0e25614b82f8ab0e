"""Every term of the Data Privacy Vocabulary that is written anywhere is one of the version that we name, 2.3."""

import re
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from tests.unit.vocab.samples import GOOD
from vocab.terms import DPV, DPV_27560, GDPR, LOC

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SPACES = {"dpv": str(DPV), "gdpr": str(GDPR), "dpv-27560": str(DPV_27560), "loc": str(LOC)}
KNOWN = {
    SPACES[prefix] + name
    for line in (HERE / "dpv-2.3.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for prefix, _, name in [line.partition(":")]
}
WRITTEN = re.compile(
    r"""\bdpv:(?P<prefixed>[A-Za-z][\w-]*)             # in Turtle and in contexts
      | \b(?:DPV\.|_dpv\(")(?P<attribute>[A-Za-z][\w-]*)  # in code
      | w3id\.org/dpv\#(?P<spelled>[A-Za-z][\w-]*)      # as a whole IRI
    """,
    re.VERBOSE,
)
SOURCES = sorted(
    path
    for package in ("consent", "vocab", "wallet", "apps", "pods")
    for kind in ("py", "ttl", "jsonld", "json", "html")
    for path in (ROOT / package).rglob(f"*.{kind}")
    if "static" not in path.parts
)


def test_the_list_is_of_the_vocabulary() -> None:
    assert {str(DPV.ConsentRecord), str(GDPR["A6-1-a"]), str(LOC.IT)} <= KNOWN
    assert len(KNOWN) > 1_000
    assert str(DPV.ConsentPutOff) not in KNOWN


def test_no_source_writes_a_term_that_is_not_there() -> None:
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in SOURCES
        for match in WRITTEN.finditer(path.read_text("utf-8"))
        for name in match.groups()
        if name is not None
    }
    assert len({name for _, name in found}) > 40
    assert {(path, name) for path, name in found if str(DPV) + name not in KNOWN} == set()


@pytest.mark.parametrize("name", ["purpose-declaration", "consent-record", "access-line"])
def test_no_document_writes_a_term_that_is_not_there(name: str) -> None:
    graph: Graph = GOOD[name]()
    terms = {str(term) for triple in graph for term in triple if isinstance(term, URIRef)}
    ours = {term for term in terms if term.startswith(tuple(SPACES.values()))}
    assert ours - KNOWN == set()
    assert ours or name == "access-line"
