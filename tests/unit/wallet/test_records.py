"""Records: a document is read by its shape, and what does not fit is left out instead of failing the page."""

from __future__ import annotations

from rdflib import Graph

from consent.receipts.derive import turtle
from consent.receipts.model import Instant, Notation, PurchaseLine, PurchaseReceipt
from vocab.shapes import SHAPES
from wallet.records import records

MOMENT = Instant("2026-03-01T12:00:00Z")


def test_a_receipt_is_read_with_its_lines() -> None:
    lines = (PurchaseLine(Notation("bakery"), 2, 240, "Pane"), PurchaseLine(Notation("deli"), 1, 1000))
    receipt = PurchaseReceipt(
        "b-1", "https://s.example/f", "0" * 32, MOMENT, MOMENT, "https://s.example/f#it", lines, 1240
    )
    graph = Graph().parse(
        data=turtle(receipt, "b-1.jws"), format="turtle", publicID="https://p.example/b-1.ttl"
    )
    (found,) = records(graph, SHAPES["Purchase"])
    assert found.number("total") == 1240
    assert found.text("orderedAt").startswith("2026-03-01T12:00:00")
    amounts = sorted(
        (str(part.get("description", "")), part["lineAmount"], part["category"]) for part in found.parts
    )
    assert amounts == [("", 1000, "deli"), ("Pane", 240, "bakery")]


def test_values_that_do_not_fit_are_left_out() -> None:
    graph = Graph().parse(
        data='@prefix schema: <http://schema.org/> . <#it> a schema:Order ; schema:price "a lot" .',
        format="turtle",
        publicID="https://p.example/x.ttl",
    )
    (found,) = records(graph, SHAPES["Purchase"])
    assert found.number("total") == 0
    assert found.text("orderedAt") == ""


def test_a_document_of_another_kind_holds_no_record() -> None:
    graph = Graph().parse(
        data="<#it> a <https://x.example/Recipe> .", format="turtle", publicID="https://p.example/"
    )
    assert list(records(graph, SHAPES["Purchase"])) == []
