"""Requests of one organisation on one page: who has several, and none of their switches is on before it is moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from consent import declarations
from consent.model import ConsentRequest, Controller, ControllerState
from pods.model import WebId
from tests.consent_host import ROWS, declaration
from wallet.views import together
from wallet.views.together import several

COOP = Controller(
    WebId("https://coop.example/#it"), "Coop", "shop", "a", "b", {}, ControllerState.APPROVED, 0.0
)


def request(identifier: str, controller: Controller = COOP) -> ConsentRequest:
    document = declaration([ROWS], identifier=identifier)
    purpose = declarations.declaration(document, controller.iri, "https://pods.example")
    return ConsentRequest(purpose, controller, 0.0)


def test_only_an_organisation_with_several_requests_is_shown_together() -> None:
    other = replace(COOP, iri=WebId("https://other.example/#it"))
    assert several([request("a"), request("b"), request("c", other)]) == [(COOP, 2)]


def test_attack_32_no_answer_of_the_page_is_given_beforehand() -> None:
    """Attack 32, pre-ticked bundle: each purpose has yes, no and neither, and none of them is ticked."""
    page = Path(together.__file__).parents[1] / "templates/wallet/together.html"
    text = page.read_text(encoding="utf-8")
    assert text.count("forms.checkbox(") == 3
    assert text.count('kind="radio"') == 3
    assert "checked" not in text
