"""The register of breaches: who is affected by the log, notices to exactly these, and the 72 hours."""

from __future__ import annotations

import pytest

from consent.rights import breach_sql
from consent.rights.breach_report import draft
from consent.rights.breaches import Breaches, Suspect
from pods.errors import Conflict, NotFound, Unprocessable
from pods.model import Path
from tests.consent_host import ORDER, ROWS, Organisation, Town, declaration
from tests.pod_host import ORIGIN

HOUR = 3600.0
PEOPLE = ("anna", "bruno", "carla", "dario")


async def read_by_hour(host: Town) -> Organisation:
    """Let an organisation read one pod an hour, in the order of PEOPLE; dario gave and is not read."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    for name in PEOPLE:
        host.pod(name, "person")
        host.write(f"/{name}/purchases/2017-10/b77.ttl", ORDER)
        await host.give(name, purpose)
    for name in PEOPLE[:3]:
        url = f"{ORIGIN}/{name}/purchases/2017-10/b77.ttl"
        assert (await coop.service.read(url, purpose.iri)).status_code == 200
        host.clock.advance(HOUR)
    return coop


def notices(host: Town) -> dict[str, int]:
    """Return how many notices of a breach everybody has."""
    with host.core.store.reading() as tx:
        return {
            name: sum("breach-" in entry.path for entry in tx.children(Path(f"/{name}/inbox/")))
            for name in PEOPLE
        }


async def test_notices_reach_exactly_the_affected_and_once(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    opened = breaches.open(Suspect(start, start + 2 * HOUR, coop.webid), "Chiave rubata.", host.clock())
    assert opened.affected == 2
    assert notices(host) == dict.fromkeys(PEOPLE, 0)
    assert breaches.notify(opened.id, host.clock()) == 2
    assert breaches.notify(opened.id, host.clock()) == 0
    assert notices(host) == {"anna": 1, "bruno": 1, "carla": 0, "dario": 0}


async def test_a_run_that_broke_off_tells_the_rest(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    opened = breaches.open(Suspect(start, host.clock(), coop.webid), "Chiave rubata.", host.clock())
    with host.core.store.writing() as tx:
        anna = tx.pod("anna")
        assert anna is not None
        assert breach_sql.note_told(tx, opened.id, anna.key, host.clock())
    assert breaches.notify(opened.id, host.clock()) == 2
    assert notices(host) == {"anna": 0, "bruno": 1, "carla": 1, "dario": 0}


async def test_a_client_alone_says_who_is_affected(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    line = (await host.owner("carla").log())[0]
    assert line.agent == coop.webid
    assert line.client is not None
    found = breaches.affected(Suspect(start + 2 * HOUR, host.clock(), client=line.client))
    assert [pod.name for pod in found] == ["carla"]
    assert breaches.affected(Suspect(start, host.clock(), client="https://other.example/")) == []


async def test_the_end_of_the_span_is_not_in_it(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    assert [pod.name for pod in breaches.affected(Suspect(start, start + HOUR, coop.webid))] == ["anna"]


async def test_the_clock_of_72_hours_runs_until_the_authority_is_told(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    aware = host.clock()
    opened = breaches.open(Suspect(start, aware, coop.webid), "Chiave rubata.", aware)
    assert not opened.overdue(aware + 72 * HOUR)
    assert opened.overdue(aware + 72 * HOUR + 1)
    breaches.authority(opened.id, aware + HOUR)
    assert not breaches.found(opened.id).overdue(aware + 100 * HOUR)


async def test_a_closed_entry_stays_and_takes_nothing_more(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    opened = breaches.open(Suspect(start, host.clock(), coop.webid), "Chiave rubata.", host.clock())
    breaches.note(opened.id, "Chiave sostituita.", host.clock())
    breaches.close(opened.id, "Nessuna copia trovata.", host.clock())
    with pytest.raises(Conflict):
        breaches.note(opened.id, "ancora", host.clock())
    with host.core.store.reading() as tx:
        words = [entry for _, entry in breach_sql.entries(tx, opened.id)]
    assert words[1:] == ["Chiave sostituita.", "closed: Nessuna copia trovata."]


async def test_the_draft_for_the_authority_counts_people_and_names_none(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    opened = breaches.open(Suspect(start, host.clock(), coop.webid), "Chiave rubata.", host.clock())
    text = draft(opened, [(host.clock(), "Chiave sostituita.")], 0, host.clock())
    assert "Interessati, secondo il registro degli accessi: 3" in text
    assert "Chiave sostituita." in text
    assert not any(name in text for name in PEOPLE)


async def test_what_is_incomplete_is_refused(host: Town) -> None:
    breaches = Breaches(ORIGIN, host.core.store)
    for suspect, nature in (
        (Suspect(1.0, 2.0), "x"),
        (Suspect(2.0, 2.0, "https://a.example/"), "x"),
        (Suspect(1.0, 2.0, "https://a.example/"), " "),
    ):
        with pytest.raises(Unprocessable):
            breaches.open(suspect, nature, 3.0)
    with pytest.raises(NotFound):
        breaches.found("none")
