"""The register of breaches: who is affected by the log, notices to exactly these, and the 72 hours."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from consent.rights import breach_sql
from consent.rights.breach_extent import Suspect
from consent.rights.breach_report import draft
from consent.rights.breach_sql import Breach
from consent.rights.breach_steps import STEPS, BreachState, BreachStep
from consent.rights.breaches import MOST_OPEN, Breaches, Description
from consent.wire import timestamp
from pods.client import SolidClient
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


TOLD = Description("Qualcuno può sapere dove fai la spesa.", "La chiave è sostituita.", "dpo@coop.example")


def opened(host: Town, breaches: Breaches, suspect: Suspect) -> Breach:
    """Open an entry and describe it, as art. 34(2) wants before people are told."""
    breach = breaches.open(suspect, "Chiave rubata.", host.clock())
    with host.core.store.writing() as tx:
        return breaches.step(tx, breach, BreachStep.DESCRIBE, host.clock(), description=TOLD)


def step(
    host: Town, breaches: Breaches, breach: Breach, what: BreachStep, at: float, text: str = ""
) -> Breach:
    with host.core.store.writing() as tx:
        return breaches.step(tx, breaches.found(tx, breach.id), what, at, text=text)


def notices(host: Town) -> dict[str, int]:
    """Return how many notices of a breach everybody has."""
    with host.core.store.reading() as tx:
        return {
            name: sum("breach-" in entry.path for entry in tx.children(Path(f"/{name}/inbox/")))
            for name in PEOPLE
        }


async def test_notices_reach_exactly_the_affected_and_once(host: Town) -> None:
    start = host.clock()
    host.pod("dario", "person")
    host.write("/dario/purchases/2017-10/b77.ttl", ORDER)
    shop = await host.organisation("shop")  # reads dario in that time, and has nothing to do with it
    theirs = await shop.service.publish(declaration([ROWS], identifier="theirs"))
    await host.give("dario", theirs)
    url = f"{ORIGIN}/dario/purchases/2017-10/b77.ttl"
    assert (await shop.service.read(url, theirs.iri)).status_code == 200
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    breach = opened(host, breaches, Suspect(start, start + 2 * HOUR, coop.webid))
    assert breach.affected == 2
    assert notices(host) == dict.fromkeys(PEOPLE, 0)
    assert breaches.notify(breach.id, host.clock()) == 2
    assert breaches.notify(breach.id, host.clock()) == 0
    assert notices(host) == {"anna": 1, "bruno": 1, "carla": 0, "dario": 0}


async def test_a_run_that_broke_off_tells_the_rest(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    breach = opened(host, breaches, Suspect(start, host.clock(), coop.webid))
    with host.core.store.writing() as tx:
        anna = tx.pod("anna")
        assert anna is not None
        assert breach_sql.note_told(tx, breach.id, anna.key, host.clock())
    assert breaches.notify(breach.id, host.clock()) == 2
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
    breach = breaches.open(Suspect(start, aware, coop.webid), "Chiave rubata.", aware)
    assert not breach.overdue(aware + 72 * HOUR)
    assert breach.overdue(aware + 72 * HOUR + 1)
    told = step(host, breaches, breach, BreachStep.REPORT, aware + HOUR)
    assert not told.overdue(aware + 100 * HOUR)
    assert (told.state, told.in_time) == (BreachState.REPORTED, True)


async def test_a_late_report_gives_reasons_and_says_so_for_ever(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    aware = host.clock()
    breach = breaches.open(Suspect(start, aware, coop.webid), "Chiave rubata.", aware)
    with pytest.raises(Unprocessable):
        step(host, breaches, breach, BreachStep.REPORT, aware + 80 * HOUR)
    told = step(host, breaches, breach, BreachStep.REPORT, aware + 80 * HOUR, "Indagini della polizia.")
    assert not told.in_time


async def test_a_closed_entry_stays_and_takes_nothing_more(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    breach = opened(host, breaches, Suspect(start, host.clock(), coop.webid))
    step(host, breaches, breach, BreachStep.NOTE, host.clock(), "Chiave sostituita.")
    step(host, breaches, breach, BreachStep.CLOSE, host.clock(), "Nessuna copia trovata.")
    for what in (one for one in BreachStep if one is not BreachStep.TELL):
        with pytest.raises(Conflict):
            step(host, breaches, breach, what, host.clock(), "ancora")
    with pytest.raises(Conflict):
        breaches.notify(breach.id, host.clock())
    with host.core.store.reading() as tx:
        words = [entry for _, entry in breach_sql.entries(tx, breach.id)]
    assert words[2:] == ["Chiave sostituita.", "closed: Nessuna copia trovata."]


def test_the_authority_is_told_once_and_nothing_leads_out_of_closed() -> None:
    assert (BreachState.REPORTED, BreachStep.REPORT) not in STEPS
    assert not any(state is BreachState.CLOSED for state, _ in STEPS)


async def test_the_draft_for_the_authority_counts_people_and_names_none(host: Town) -> None:
    start = host.clock()
    coop = await read_by_hour(host)
    breaches = Breaches(ORIGIN, host.core.store)
    suspect = Suspect(start, host.clock(), coop.webid)
    breach = opened(host, breaches, suspect)
    entries = [(host.clock(), "Chiave sostituita.")]
    text = draft(breach, breaches.extent(suspect), entries, 0, host.clock(), controller="Coop")
    assert "Interessati, secondo il registro degli accessi: 3" in text
    assert "Registrazioni: 3 letture di 3 documenti" in text
    assert "purchases (3)" in text
    assert "Chiave sostituita." in text
    assert "dpo@coop.example" in text
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
    with pytest.raises(NotFound), host.core.store.reading() as tx:
        breaches.found(tx, "none")


class Officer:
    """The data protection officer of an organisation, at the API of breaches."""

    def __init__(self, host: Town, organisation: Organisation) -> None:
        self._solid = SolidClient(host.http, organisation.credentials, clock=host.clock)

    async def send(self, place: str = "", body: Any = None) -> httpx.Response:
        """GET, or POST a body."""
        url, fields = f"{ORIGIN}/.consent/breaches{place}", {"content-type": "application/json"}
        if body is None:
            return await self._solid.request("GET", url)
        return await self._solid.request("POST", url, headers=fields, content=orjson.dumps(body))

    async def open(self, host: Town, begins: float, ends: float, **more: str) -> httpx.Response:
        """Report a breach of a span of time."""
        span = {"begins": timestamp(begins), "ends": timestamp(ends)}
        return await self.send(body={**span, "nature": "Chiave rubata.", **more})


WORDS = {"consequences": TOLD.consequences, "measures": TOLD.measures, "contact": TOLD.contact}


async def test_an_organisation_reports_describes_tells_and_closes_over_http(host: Town) -> None:
    """The whole path: by time and grantee from the log, to the inboxes, the authority and the public page."""
    start = host.clock()
    officer = Officer(host, await read_by_hour(host))
    made = await officer.open(host, start, start + 2 * HOUR)
    assert made.status_code == 201
    breach = made.json()
    assert (breach["affected"], breach["told"], breach["hours_left"]) == (2, 0, 72)
    place = f"/{breach['id']}/steps"
    assert (await officer.send(place, {"step": "tell"})).status_code == 422, "nothing to tell yet"
    assert (await officer.send(place, {"step": "describe", **WORDS})).status_code == 200
    assert (await officer.send(place, {"step": "tell"})).json()["told"] == 2
    assert notices(host) == {"anna": 1, "bruno": 1, "carla": 0, "dario": 0}
    host.clock.advance(71 * HOUR)
    assert (await officer.send(f"/{breach['id']}")).json()["hours_left"] == 1
    reported = (await officer.send(place, {"step": "report"})).json()
    assert (reported["state"], reported["hours_left"], reported["overdue"]) == ("reported", None, False)
    assert (await officer.send(place, {"step": "close", "text": "Chiave sostituita."})).json()["state"] == (
        "closed"
    )
    assert (await officer.send(place, {"step": "note", "text": "ancora"})).status_code == 409
    told = [entry["text"] for entry in (await officer.send(f"/{breach['id']}")).json()["entries"]]
    assert told[-1] == "closed: Chiave sostituita."


async def test_the_notice_says_what_happened_what_follows_what_was_done_and_whom_to_ask(host: Town) -> None:
    start = host.clock()
    officer = Officer(host, await read_by_hour(host))
    breach = (await officer.open(host, start, host.clock(), **WORDS)).json()
    await officer.send(f"/{breach['id']}/steps", {"step": "tell"})
    with host.core.store.reading() as tx:
        notice = tx.get(Path(f"/anna/inbox/breach-{breach['id']}.jsonld"))
    assert notice is not None
    words = orjson.loads(notice.content)["content"]["it"]
    for part in ("Chiave rubata.", *WORDS.values()):
        assert part in words
    subject = orjson.loads(notice.content)["object"]
    assert (await host.person("anna").get(subject)).json()["measures"] == TOLD.measures
    assert (await host.person("carla").get(subject)).status_code == 200
    assert (await host.person("dario").get(subject)).status_code == 404, "who was not told knows nothing"
    assert (await host.http.get(subject)).status_code == 404


async def test_what_is_public_names_no_person_and_counts_nobody(host: Town) -> None:
    start = host.clock()
    officer = Officer(host, await read_by_hour(host))
    breach = (await officer.open(host, start, host.clock(), **WORDS)).json()
    register = f"{ORIGIN}/.consent/breaches"
    assert (await host.http.get(register)).json() == []
    await officer.send(f"/{breach['id']}/steps", {"step": "publish"})
    (shown,) = (await host.http.get(register)).json()
    assert shown["organisation"]["name"] == "Coop"
    assert not {"affected", "told", "entries", "client", "agent"} & shown.keys()
    page = await host.http.get(register, headers={"accept": "text/html"})
    assert "Mancano 72 ore" in page.text
    assert TOLD.measures in page.text
    host.clock.advance(73 * HOUR)
    page = await host.http.get(register, headers={"accept": "text/html"})
    assert "Le 72 ore per avvisare il Garante sono passate" in page.text


async def test_a_breach_of_another_organisation_does_not_exist(host: Town) -> None:
    start = host.clock()
    officer = Officer(host, await read_by_hour(host))
    rival = Officer(host, await host.organisation("rival"))
    breach = (await officer.open(host, start, host.clock(), **WORDS)).json()
    assert (await rival.send()).json() == []
    assert (await rival.send(f"/{breach['id']}")).status_code == 404
    assert (await rival.send(f"/{breach['id']}/steps", {"step": "publish"})).status_code == 404
    nothing = (await rival.open(host, start, host.clock(), **WORDS)).json()
    assert nothing["affected"] == 0
    assert (await rival.send(f"/{nothing['id']}/steps", {"step": "publish"})).status_code == 409


async def test_the_organisation_through_which_it_happened_is_told_at_once_and_handles_it(host: Town) -> None:
    """Art. 33(2): the host processes for the organisation, and tells it without delay."""
    start = host.clock()
    coop = await read_by_hour(host)
    breach = Breaches(ORIGIN, host.core.store).open(
        Suspect(start, start + HOUR, coop.webid), "x", host.clock()
    )
    with host.core.store.reading() as tx:
        notice = tx.get(Path(f"/coop/inbox/breach-{breach.id}-handle.jsonld"))
    assert notice is not None
    assert orjson.loads(notice.content)["endTime"] == timestamp(breach.due_at)
    officer = Officer(host, coop)
    assert [one["id"] for one in (await officer.send()).json()] == [breach.id]
    assert (await officer.send(f"/{breach.id}/steps", {"step": "report"})).status_code == 200


async def test_people_report_nothing_here_and_what_is_malformed_is_refused(host: Town) -> None:
    coop = await host.organisation("coop")
    officer = Officer(host, coop)
    body = {"begins": timestamp(1e9), "ends": timestamp(2e9), "nature": "x"}
    anna = await host.person("anna").post("/.consent/breaches", orjson.dumps(body), "application/json")
    assert anna.status_code == 403
    assert (await host.http.post(f"{ORIGIN}/.consent/breaches", json=body)).status_code == 401
    for change in ({"ends": timestamp(1e9)}, {"nature": " "}):
        assert (await officer.send(body={**body, **change})).status_code == 422
    for change in ({"begins": "ieri"}, {"agent": "https://other.example/"}):
        assert (await officer.send(body={**body, **change})).status_code == 400


async def test_an_organisation_cannot_fill_the_register(host: Town) -> None:
    officer = Officer(host, await host.organisation("coop"))
    for _ in range(MOST_OPEN):
        assert (await officer.open(host, 1e9, 2e9)).status_code == 201
    assert (await officer.open(host, 1e9, 2e9)).status_code == 429


async def test_telling_twice_at_once_tells_everybody_once(host: Town) -> None:
    start = host.clock()
    officer = Officer(host, await read_by_hour(host))
    breach = (await officer.open(host, start, host.clock(), **WORDS)).json()
    place = f"/{breach['id']}/steps"
    await asyncio.gather(*(officer.send(place, {"step": "tell"}) for _ in range(3)))
    assert notices(host) == {"anna": 1, "bruno": 1, "carla": 1, "dario": 0}
    assert (await officer.send(f"/{breach['id']}")).json()["told"] == 3
