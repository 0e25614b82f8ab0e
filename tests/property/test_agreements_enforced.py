"""The policy in a person's record, read by the evaluator, permits what the host lets through, and nothing else.

Rights are decided from rows, in the transaction that reads; the policy is what the person and others are shown. This
says that they are the same: for any choice of items, and any use of them, at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple, parse

from consent import declarations, odrl, records
from consent.model import (
    Controller,
    ControllerState,
    DataItem,
    Grant,
    GrantId,
    GrantState,
    OutputMode,
    Pairwise,
    PurposeDeclaration,
)
from pods.model import WebId
from tests.consent_host import PROGRAMME, declaration, item
from tests.pod_host import ORIGIN
from vocab.shapes import SHAPES

NOW = 1_772_366_400.0
ANNA, COOP = (WebId(f"{ORIGIN}/{name}/profile/card#me") for name in ("anna", "coop"))
RECORD = f"{ORIGIN}/anna/consents/1.ttl"
CONTROLLER = Controller(
    COOP, "Coop", "cooperative", "a@example.org", "b@example.org", {}, ControllerState.APPROVED, NOW
)
SHAPE_NAMES = ("Purchase", "Participation", "Profile")
MODES = (OutputMode.ROWS, OutputMode.CLAIM, OutputMode.AGGREGATE_ONLY)


def purpose() -> PurposeDeclaration:
    """Return a declaration that asks for everything, in every mode that may be asked for it."""
    asked = [item(name, sorted(SHAPES[name].by_name), "rows") for name in SHAPE_NAMES]
    asked += [item("Purchase", ("seller", "orderedAt", "total"), "aggregateOnly")]
    document = declaration(asked, programme=PROGRAMME)
    return declarations.declaration(document, COOP, ORIGIN)


PURPOSE = purpose()


@st.composite
def chosen(draw: st.DrawFn) -> tuple[DataItem, ...]:
    found = []
    for asked in PURPOSE.items:
        names = draw(st.lists(st.sampled_from(asked.properties), unique=True, max_size=4))
        if names:
            kept = tuple(name for name in asked.properties if name in names)
            found.append(DataItem(asked.shape, kept, asked.mode))
    return tuple(found)


@st.composite
def uses(draw: st.DrawFn, items: tuple[DataItem, ...]) -> DataItem:
    near = draw(st.sampled_from([*items, *PURPOSE.items]))
    names = draw(st.lists(st.sampled_from(near.properties), unique=True, max_size=3))
    return DataItem(near.shape, tuple(names), draw(st.sampled_from([near.mode, *MODES])))


def agreement(items: tuple[DataItem, ...], end: float) -> tuple[Grant, odrl.Agreement]:
    """Return a grant, and what its record in the pod says to whoever reads it."""
    grant = Grant(
        id=GrantId("1"),
        iri=f"{ORIGIN}/.consent/grants/1",
        pod=1,
        subject=ANNA,
        controller=COOP,
        purpose=PURPOSE.iri,
        items=items,
        state=GrantState.GIVEN,
        given_at=NOW,
        expires_at=end,
        epoch=1,
        pairwise=Pairwise("p"),
        digest=PURPOSE.digest,
        notice_digest=PURPOSE.notice_digest,
    )
    told = [records.Event(GrantState.GIVEN, NOW, end, items, ANNA)]
    content = records.turtle(RECORD, grant, PURPOSE, CONTROLLER, told, control=grant.iri)
    policy = RECORD + "#agreement"
    return grant, odrl.read(below(parse(content, RdfFormat.TURTLE, base_iri=RECORD), policy), policy)


def below(quads: Iterable[Quad], policy: str) -> list[Triple]:
    """Return what a record says about the policy and the nodes that hang on it."""
    known = [quad.triple for quad in quads]
    found: list[Triple] = []
    waiting: list[NamedNode | BlankNode] = [NamedNode(policy)]
    while waiting:
        subject = waiting.pop()
        for triple in known:
            if triple.subject == subject:
                found.append(triple)
                if isinstance(triple.object, BlankNode):
                    waiting.append(triple.object)
    return found


@given(st.data(), st.integers(1, 3), st.integers(-1, 4))
def test_the_policy_in_the_record_says_what_the_host_does(data: st.DataObject, days: int, later: int) -> None:
    items = data.draw(chosen())
    if not items:
        return
    end, at = NOW + days * 86_400, NOW + later * 86_400
    grant, agreed = agreement(items, end)
    use = data.draw(uses(items))
    held = grant.item(use.shape, use.mode)
    enforced = grant.state_at(at) is GrantState.GIVEN and held is not None and held.covers(use)
    assert (agreed.assignee, agreed.purpose) == (grant.controller, grant.purpose)
    said = agreed.permits(
        assignee=COOP,
        purpose=PURPOSE.iri,
        shape=use.shape,
        properties=use.properties,
        mode=use.mode,
        at=at,
    )
    assert said == enforced
