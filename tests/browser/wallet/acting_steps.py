"""Steps of delegation in a browser: naming, accepting, switching, help at a desk, and what the operator does for it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from consent.delegation import assistance_sql
from consent.delegation.appointments import Appointments
from consent.delegation.model import Kind
from pods.model import Agent, WebId
from tests.browser.wallet.stage import Stage

DAY = 86_400.0


def appoint(town: Stage, delegate: str, person: str, kind: Kind = Kind.REPRESENTATIVE) -> None:
    """Let the operator appoint somebody for a person, who has accepted."""
    life, webid = Appointments(town.pods), WebId(town.webid(delegate))
    with town.core.store.writing() as tx:
        pod = tx.pod(person)
        assert pod is not None
        made = life.appoint(tx, pod, kind, webid, "fascicolo 7", town.core.clock())
        life.accept(tx, Agent(webid, f"{town.wallet}/client.jsonld"), made.id, town.core.clock())


def end_everything(town: Stage, person: str) -> None:
    """Let the operator end everything that somebody may do for a person."""
    with town.core.store.writing() as tx:
        pod = tx.pod(person)
        assert pod is not None
        Appointments(town.pods).end_all(tx, pod, town.core.clock(), but=frozenset())


def admit(town: Stage, name: str) -> None:
    """Let the operator admit a community custodian."""
    with town.core.store.writing() as tx:
        assistance_sql.admit(tx, town.webid(name), "mandato 3", town.core.clock())


def nearly_over(town: Stage, person: str) -> None:
    """Make a person's consents half a year old, so that they end soon."""
    with town.core.store.writing() as tx:
        pod = tx.pod(person)
        assert pod is not None
        tx.execute(
            "UPDATE grant_ SET given_at = given_at - ?, expires_at = expires_at - ? WHERE pod = ? AND state = 'given'",
            (170 * DAY, 170 * DAY, pod.key),
        )


def act(page: Page, town: Stage, name: str) -> None:
    """Switch to act for somebody, from the page on who acts for whom."""
    page.goto(f"{town.wallet}/people")
    page.get_by_role("button", name=f"Agisci per {name}").first.click()
    expect(page.get_by_role("heading", name=f"Stai agendo per {name}")).to_be_visible()


def code_of(page: Page, town: Stage) -> str:
    """Return a code that the person opens for help at a desk."""
    page.goto(f"{town.wallet}/people")
    page.get_by_role("button", name="Mostra un codice").click()
    return page.get_by_role("heading", name="Il tuo codice").inner_text().partition(": ")[2]
