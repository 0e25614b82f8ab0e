"""Whom a breach concerns, by the log and nothing else: who was served, of which data, in every pod."""

from __future__ import annotations

import pytest

from consent.client import AccessRefused
from consent.ending import Ending
from consent.rights.breach_extent import Suspect
from consent.rights.breach_steps import BreachStep
from consent.rights.breaches import Breaches
from pods import activity
from pods.errors import Unprocessable
from pods.model import Agent, Path
from tests.consent_host import ORDER, ROWS, Town, declaration
from tests.pod_host import ORIGIN
from tests.rights_town import grant_of, reader

HOUR = 3600.0


def affected(host: Town, suspect: Suspect) -> list[str]:
    return [pod.name for pod in Breaches(ORIGIN, host.core.store).affected(suspect)]


async def test_who_was_only_refused_or_decided_is_not_affected(host: Town) -> None:
    """A consent that was given, and a read that was refused, are lines of the log and no disclosure."""
    start = host.clock()
    coop, purpose = await reader(host, "coop")
    host.pod("bob", "person")
    host.write("/bob/purchases/2017-10/b77.ttl", ORDER)
    url = f"{ORIGIN}/bob/purchases/2017-10/b77.ttl"
    with pytest.raises(AccessRefused):
        await coop.service.read(url, purpose.iri)
    given = await host.give("bob", purpose)
    await host.owner("bob").withdraw(given.id)
    with pytest.raises(AccessRefused):
        await coop.service.read(url, purpose.iri)
    assert len(await host.owner("bob").log()) >= 3
    assert affected(host, Suspect(start, start + HOUR, coop.webid)) == ["anna"]


async def test_a_consent_that_the_organisation_gave_up_unread_is_no_disclosure(host: Town) -> None:
    """What an organisation does is in the log under its name; people are affected by what it was served alone."""
    start = host.clock()
    coop, purpose = await reader(host, "coop", reads=False)
    number = await grant_of(host, purpose)
    with host.core.store.writing() as tx:
        Ending(ORIGIN, host.added.consents).renounce(
            tx, Agent(coop.webid, "service"), number, "finito", host.clock()
        )
    line = (await host.owner("anna").log())[0]
    assert (line.agent, line.action, line.permitted) == (coop.webid, "consent revoked", True)
    assert affected(host, Suspect(start, start + HOUR, coop.webid)) == []


async def test_a_breach_of_some_kinds_of_data_concerns_whose_were_read(host: Town) -> None:
    start = host.clock()
    coop, _ = await reader(host, "coop")
    for data, names in ((("Purchase",), ["anna"]), (("Profile",), []), (("Profile", "Purchase"), ["anna"])):
        assert affected(host, Suspect(start, start + HOUR, coop.webid, data=data)) == names


async def test_what_an_organisation_reads_of_its_own_is_no_disclosure(host: Town) -> None:
    start = host.clock()
    coop, _ = await reader(host, "coop")
    own = host.person("coop", client="https://app.example/id")
    host.write("/coop/notes/a.ttl", "<#it> a <urn:x> .")
    assert (await own.get("/coop/notes/a.ttl")).status_code == 200
    assert affected(host, Suspect(start, start + HOUR, coop.webid)) == ["anna"]


async def test_every_pod_is_looked_at_however_many_there_are(
    host: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = host.clock()
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    for name in ("anna", "bob", "carl"):
        host.pod(name, "person")
        host.write(f"/{name}/purchases/2017-10/b77.ttl", ORDER)
        await host.give(name, purpose)
        url = f"{ORIGIN}/{name}/purchases/2017-10/b77.ttl"
        assert (await coop.service.read(url, purpose.iri)).status_code == 200
    monkeypatch.setattr("consent.rights.breach_extent.AT_ONCE", 1)
    assert affected(host, Suspect(start, start + HOUR, coop.webid)) == ["anna", "bob", "carl"]


async def test_a_note_and_a_closing_say_something(host: Town) -> None:
    start = host.clock()
    coop, _ = await reader(host, "coop")
    breaches = Breaches(ORIGIN, host.core.store)
    breach = breaches.open(Suspect(start, start + HOUR, coop.webid), "Chiave rubata.", host.clock())
    for step in (BreachStep.NOTE, BreachStep.CLOSE):
        with host.core.store.writing() as tx, pytest.raises(Unprocessable, match="say in words"):
            breaches.step(tx, breach, step, host.clock(), text=" ")


async def test_a_read_that_was_refused_in_its_time_is_no_disclosure(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    host.clock.advance(HOUR)
    await host.owner("anna").withdraw(await grant_of(host, purpose))
    start = host.clock()
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        activity.append(
            *(tx, pod.key),
            agent=Agent(coop.webid, "service"),
            path=Path("/anna/purchases/2017-10/b77.ttl"),
            action="read",
            decision=activity.DENY,
            at=start,
        )
    assert affected(host, Suspect(start, start + HOUR, coop.webid)) == []
    assert affected(host, Suspect(start - 2 * HOUR, start + HOUR, coop.webid)) == ["anna"]


async def test_the_page_shows_nothing_before_it_is_made_public(host: Town) -> None:
    start = host.clock()
    coop, _ = await reader(host, "coop")
    Breaches(ORIGIN, host.core.store).open(
        Suspect(start, start + HOUR, coop.webid), "Chiave rubata.", host.clock()
    )
    page = await host.http.get(f"{ORIGIN}/.consent/breaches", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "Chiave rubata." not in page.text
    assert "Coop" not in page.text
