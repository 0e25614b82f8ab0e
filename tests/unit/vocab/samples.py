"""One good sample of each kind of document, made by the platform's own writers where there are some."""

from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any

from joserfc.jwk import OKPKey
from rdflib import Graph, URIRef

from apps.town import profile
from apps.town.people import Demographics, People
from apps.valueback import statement
from apps.valueback.addresses import Addresses
from apps.valueback.ballots import Ballots
from apps.valueback.model import Phase, Programme, Run, Share
from consent import records
from consent.aggregation.data_cube import data_cube
from consent.credentials import granted, status
from consent.declarations import declaration
from consent.delegation import record as delegation
from consent.delegation.model import Delegation, DelegationState, Kind, Power
from consent.linked import purpose_jsonld
from consent.model import Controller, ControllerState, Grant, GrantId, GrantState, Pairwise
from consent.receipts.derive import turtle as receipt_turtle
from consent.receipts.model import Instant, Notation, ParticipationReceipt, PurchaseLine, PurchaseReceipt
from pods import activity, generated
from pods.model import Agent, Path, WebId
from pods.storage.base import Pod
from pods.storage.sqlite import SqliteStore
from vocab import jsonld
from vocab.claim_rules import ELIGIBLE_PURCHASES
from vocab.codes import label
from vocab.terms import NS
from vocab.trade import SHOP

BASE = "https://pods.example/anna/"
IT = URIRef(BASE + "x.ttl#it")


def parsed(turtle: str | bytes, at: str = "x.ttl") -> Graph:
    return Graph().parse(data=turtle, format="turtle", publicID=BASE + at)


def profile_graph() -> Graph:
    person = People().person(1, Demographics("65+", "35-49", "owner", "married", "2", "0"))
    return parsed(profile.turtle(person, BASE + "profile/card#me"))


def purchase_graph() -> Graph:
    receipt = PurchaseReceipt(
        "b1",
        "https://shops.example/1",
        "0" * 32,
        Instant("2017-10-03T09:15:00Z"),
        Instant("2017-10-03T09:15:00Z"),
        SHOP.codes[0].iri,
        (PurchaseLine(Notation("bakery"), 1, 150, "Pane"), PurchaseLine(Notation("fish"), 0, 0)),
        150,
        Notation("b"),
    )
    return parsed(receipt_turtle(receipt, "x.jws"))


def participation_graph() -> Graph:
    receipt = ParticipationReceipt(
        "e1",
        "https://casa.example/1",
        "0" * 32,
        Instant("2017-10-03T11:15:00Z"),
        Notation("volunteering"),
        Notation("food"),
        Instant("2017-10-03T09:15:00Z"),
        120,
        Notation("fenulli"),
        Notation("d"),
        Notation("volunteer"),
        "Cucina popolare",
    )
    return parsed(receipt_turtle(receipt, "x.jws"))


def value_share_graph() -> Graph:
    """The statement of a member's share in a run."""
    words = label("Ristorno", "Patronage refund")
    programme = Programme(
        iri="https://coop.example/p/1",
        series="https://coop.example/p",
        name="ristorno",
        version=1,
        organisation="coop",
        title=words,
        text=words,
        rule=ELIGIBLE_PURCHASES,
        issuers=(("https://shops.example/1", "Forno"),),
        first="2017-10",
        last="2017-12",
        rate_cents=200,
        rate_per=10_000,
        member_bp=6000,
        budget=100_000,
        projects=(),
        vote_days=14,
        valid_until="2027-01-01",
        digest="sha256-0",
    )
    run = Run("r1", programme.iri, "2017-10", "2017-12", Phase.DELIVERING, 1772366400.0, None)
    share = Share("r1", "g1", "0" * 32, amount=14320, count=12, share=172, pool=114)
    addresses = Addresses("https://apps.example/valueback", "https://pods.example", "https://wallet.example")
    ballots = Ballots(OKPKey.generate_key("Ed25519"), "https://apps.example")
    return parsed(statement.document(programme, run, share, addresses, ballots))


ORIGIN = "https://pods.example"
COMUNE = WebId(ORIGIN + "/comune/profile/card#me")
ANNA = WebId(ORIGIN + "/anna/profile/card#me")
PURPOSE = declaration(
    {
        "id": "mobility",
        "version": 1,
        "title": {"it": "Mobilità", "en": "Mobility"},
        "text": {"it": "Testo", "en": "Text"},
        "consequence_of_refusal": {"it": "Nessuna", "en": "None"},
        "legal_basis": "gdpr:A6-1-a",
        "items": [{"shape": "Purchase", "properties": ["total", "seller"], "mode": "claim"}],
        "recipients": ["Comune"],
        "retention_days": 30,
        "valid_until": "2027-01-01",
    },
    COMUNE,
    ORIGIN,
)
GRANT = Grant(
    id=GrantId("g1"),
    iri=ORIGIN + "/.consent/grants/g1",
    pod=1,
    subject=ANNA,
    controller=COMUNE,
    purpose=PURPOSE.iri,
    items=PURPOSE.items,
    state=GrantState.GIVEN,
    given_at=1772366400.0,
    expires_at=1782366400.0,
    epoch=1,
    pairwise=Pairwise("0" * 32),
    digest=PURPOSE.digest,
    notice_digest=PURPOSE.notice_digest,
)


def purpose_graph() -> Graph:
    return jsonld.graph(purpose_jsonld(PURPOSE), BASE)


def consent_graph() -> Graph:
    """The record of a grant that was asked for, given and taken back, with its receipt and agreement."""
    controller = Controller(
        COMUNE,
        "Comune",
        "administration",
        "a@comune.example",
        "d@comune.example",
        {},
        ControllerState.APPROVED,
        0.0,
    )
    events = [
        records.Event(state, GRANT.given_at + step, GRANT.expires_at, GRANT.items)
        for step, state in enumerate((GrantState.ASKED, GrantState.GIVEN, GrantState.WITHDRAWN))
    ]
    document = BASE + "consents/g1.ttl"
    return parsed(
        records.turtle(document, GRANT, PURPOSE, controller, events, control=ORIGIN + "/.consent/grants")
    )


DELEGATION = Delegation(
    id="d1",
    pod=1,
    kind=Kind.CAREGIVER,
    delegate=WebId(ORIGIN + "/bice/profile/card#me"),
    powers=frozenset({Power.SEE, Power.REFUSE}),
    state=DelegationState.ACTIVE,
    starts=1772366400.0,
    ends=None,
    exclusive=False,
    proposed_by=ANNA,
    evidence="protocol 7",
)


def delegation_graph(one: Delegation = DELEGATION) -> Graph:
    """The record of somebody who may act for anna."""
    document = f"{BASE}consents/delegation-{one.id}.ttl"
    return parsed(delegation.turtle(document, Pod(1, "anna", Path("/anna/"), ANNA), one))


def credential_graph() -> Graph:
    """A grant as its grantee gets it, without the proof."""
    entries = status.entries(ORIGIN, 0, 5)
    return jsonld.graph(
        granted.service_credential(GRANT, ORIGIN + "/.consent/issuer", ORIGIN, entries, ()), BASE
    )


def access_line_graph() -> Graph:
    """One line of a pod's log as the host shows it."""
    with TemporaryDirectory() as folder:
        store = SqliteStore(FilePath(folder) / "pods.sqlite")
        with store.writing() as tx:
            pod = tx.add_pod("anna", ANNA, 1772366400.0)
            line: dict[str, Any] = {
                "agent": Agent(COMUNE, "https://insight.example/client"),
                "path": "/anna/purchases/",
            }
            grounds: dict[str, Any] = {
                "grant": GRANT.iri,
                "purpose": GRANT.purpose,
                "reason": 'a "granted" use',
            }
            activity.append(tx, pod.key, action="read", decision="permit", at=1772366400.0, **line, **grounds)
            shown = generated.resource(Path("/anna/activity/2026-03.ttl"), ORIGIN, tx)
        store.close()
    assert shown is not None
    return parsed(shown.content)


def query_graph() -> Graph:
    return parsed(
        f"@prefix po: <{NS}> .\n<#it> a po:Query ; po:programme <https://c.example/p/1> ; po:rho 0.1 ;"
        " po:measure [ po:function 'people' ] ; po:groupBy 'Profile.district' ; po:from '2017-01' ; po:to '2017-12' ."
    )


MECHANISM = {"name": "discrete Gaussian", "library": "OpenDP", "scale": 2.5, "rho": 0.1, "l0": 1, "linf": 1}
RELEASE: dict[str, Any] = {
    "id": "https://pods.example/.consent/releases/1",
    "programme": "https://pods.example/.consent/programmes/1",
    "query": {"measure": {"function": "people"}},
    "asked_at": "2026-03-01T12:00:00Z",
    "mechanism": {**MECHANISM, "epsilon": 1.5, "delta": 1e-6},
    "confidence": 0.95,
    "k_min": 10,
    "dimensions": [{"property": "Profile.district", "codes": ["a", "b"]}],
    "unit": "people",
    "cells": [
        {"key": ["a"], "value": 120, "low": 115, "high": 125, "withheld": False},
        {"key": ["b"], "value": None, "withheld": True},
    ],
}


def release_graph() -> Graph:
    return parsed(data_cube(RELEASE))


GOOD = {
    "profile": profile_graph,
    "purchase": purchase_graph,
    "participation": participation_graph,
    "value-share": value_share_graph,
    "purpose-declaration": purpose_graph,
    "grant": consent_graph,
    "consent-record": consent_graph,
    "credential": credential_graph,
    "delegation": delegation_graph,
    "access-line": access_line_graph,
    "query": query_graph,
    "release": release_graph,
}
