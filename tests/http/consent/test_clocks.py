"""The clocks of rights, walked to their end over HTTP: reminders, extension, escalation, restarts, and what is answered at once."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path as FilePath
from typing import Any

import orjson
import pytest

from consent.client import AccessRefused
from consent.rights.deadlines import after_months
from consent.rights.escalation import REQUEST_STAGES, Escalation, Reminding, late_requests
from consent.rights.model import RequestEvent, RequestState, RightKind
from pods.client import SolidError
from pods.model import Path
from tests.conftest import SettableClock
from tests.consent_host import Town, town
from tests.pod_host import ORIGIN
from tests.rights_town import BASKET, HOST, grant_of, of_organisation, of_person, reader

DAY = 86_400.0


def remind(host: Town) -> int:
    """Send what is due now."""
    with host.core.store.writing() as tx:
        return Escalation(ORIGIN).remind_some(tx, host.clock())


def inbox(host: Town, name: str) -> list[dict[str, Any]]:
    """Return the notices about rights in an inbox, the oldest first."""
    with host.core.store.reading() as tx:
        entries = [
            tx.get(entry.path) for entry in tx.children(Path(f"/{name}/inbox/")) if "rights-" in entry.path
        ]
    found = [orjson.loads(entry.content) for entry in entries if entry is not None]
    return sorted(found, key=lambda notice: str(notice["published"]))


async def test_a_request_that_nobody_answers_is_recalled_and_then_told_to_the_person(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.ACCESS, coop.webid, "?")
    before = len(inbox(host, "coop"))
    for number, stage in enumerate(REQUEST_STAGES, 1):
        host.clock.now = asked.due_at + stage.offset - 1
        assert remind(host) == 0
        host.clock.now = asked.due_at + stage.offset
        assert remind(host) == 1
        assert len(inbox(host, "coop")) == before + number
        assert len(inbox(host, "anna")) == (number == len(REQUEST_STAGES))
    assert inbox(host, "coop")[-1]["cc"] == "mailto:dpo@coop.example"
    assert "Garante" in inbox(host, "anna")[-1]["summary"]["it"]
    with host.core.store.reading() as tx:
        assert [late.id for late in late_requests(tx, host.clock())] == [asked.id]
    plain = (
        await host.person(
            "anna",
        ).get(f"/.consent/rights/{asked.id}")
    ).json()
    assert (plain["overdue"], plain["remedy"]["address"]) == (True, "https://www.garanteprivacy.it/")
    await of_organisation(host, coop).step(asked.id, RequestEvent.ANSWER, "In ritardo, ma eccolo.")
    assert not (await anna.one(asked.id)).overdue


async def test_an_extension_is_told_to_the_person_and_recalled_by_its_own_deadline(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.ACCESS, coop.webid, "?")
    host.clock.now = asked.due_at - 2 * DAY
    assert remind(host) == 1
    await of_organisation(host, coop).step(asked.id, RequestEvent.EXTEND, "Molte richieste insieme.")
    assert "due mesi" in inbox(host, "anna")[-1]["summary"]["it"]
    longer = await anna.one(asked.id)
    assert longer.due_at == after_months(asked.received_at, 3)
    host.clock.now = asked.due_at + DAY
    assert (remind(host), longer.overdue) == (0, False)
    before = len(inbox(host, "coop"))
    for stage in REQUEST_STAGES:
        host.clock.now = longer.due_at + stage.offset
        assert remind(host) == 1
    assert len(inbox(host, "coop")) == before + len(REQUEST_STAGES)
    assert (await anna.one(asked.id)).overdue


async def test_the_clock_goes_on_over_a_restart_and_nothing_is_sent_twice(
    tmp_path: FilePath, clock: SettableClock
) -> None:
    async with town(tmp_path, clock) as host:
        coop, _ = await reader(host, "coop")
        asked = await of_person(host, "anna").ask(RightKind.ERASURE, coop.webid, "")
        clock.now = asked.due_at + REQUEST_STAGES[0].offset
        assert remind(host) == 2
        sent = len(inbox(host, "coop"))
    clock.now = asked.due_at  # the host was away when the second reminder was due
    for reminders in (2, 0):
        async with town(tmp_path, clock) as host:
            async with Reminding(Escalation(ORIGIN), host.core.commits, clock).alongside():
                await until(host, sent + 2)
            assert len(inbox(host, "coop")) == sent + 2, f"{reminders} of this start"
            told = await of_person(host, "anna").one(asked.id)
            assert (told.overdue, told.duties[0].overdue) == (True, True)


async def until(host: Town, count: int) -> None:
    """Wait until so many notices lie in the organisation's inbox, and a moment longer."""
    for _ in range(200):
        if len(inbox(host, "coop")) >= count:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [(RightKind.ACCESS, "application/ld+json"), (RightKind.PORTABILITY, "application/zip")],
)
async def test_what_the_host_can_hand_over_is_answered_in_the_moment_it_is_asked(
    host: Town, kind: RightKind, media_type: str
) -> None:
    asked = await of_person(host, "anna").ask(kind, HOST, "")
    assert asked.state is RequestState.ANSWERED
    (place,) = asked.steps[-1].attachments
    answer = await host.person("anna").get(place)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert (await host.person("bruno").get(place)).content != answer.content


async def test_a_portable_copy_is_an_archive_that_programs_read(host: Town) -> None:
    asked = await of_person(host, "anna").ask(RightKind.PORTABILITY, HOST, "")
    content = (await host.person("anna").get(asked.steps[-1].attachments[0])).content
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert any(name.endswith("purchases/2017-10/b77.ttl") for name in names)
    assert any(name.endswith("purchases/2017-10/b77.jws") for name in names), "the signed bytes too"


async def test_an_organisation_hands_over_a_file_or_has_not_answered(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    asked = await of_person(host, "anna").ask(RightKind.PORTABILITY, coop.webid, "")
    officer = of_organisation(host, coop)
    with pytest.raises(SolidError, match="file") as refused:
        await officer.step(asked.id, RequestEvent.ANSWER, "Ecco.")
    assert refused.value.status == 422
    answered = await officer.step(asked.id, RequestEvent.ANSWER, "Ecco.", ["https://coop.example/anna.zip"])
    assert answered["state"] == "answered"


async def test_access_says_how_often_and_when_each_recipient_was_served(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    host.clock.advance(DAY)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200
    asked = await of_person(host, "anna").ask(RightKind.ACCESS, HOST, "")
    report = (await host.person("anna").get(asked.steps[-1].attachments[0])).json()
    (use,) = report["uses"]
    assert (use["recipient"]["name"], use["times"]) == ("Coop", 2)
    assert use["first"] < use["last"]
    assert use["last"] == report["made_at"]


async def test_a_restriction_from_the_first_read_to_the_next(host: Town) -> None:
    """Art. 18 and 19: who was served is told and answers, nothing is read, and it is lifted by the person alone."""
    coop, purpose = await reader(host, "coop")
    anna, officer = of_person(host, "anna"), of_organisation(host, coop)
    asked = await anna.ask(RightKind.RESTRICTION, coop.webid, "I dati sono sbagliati.")
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, purpose.iri)
    (duty,) = await officer.duties()
    await officer.acknowledge(duty["id"], "Conservati e non usati.")
    await officer.step(asked.id, RequestEvent.ANSWER, "Fatto.")
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, purpose.iri)
    await anna.close(asked.id)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200


async def test_reading_and_erasing_at_once_leaves_nobody_served_without_a_duty(host: Town) -> None:
    """Whoever was served before the withdrawal committed has the duty; whoever was not has none, and reads nothing."""
    for number in range(6):
        coop, purpose = await reader(host, f"coop{number}", reads=False)
        grant = await grant_of(host, purpose)

        async def erase(grant: str = grant, webid: str = coop.webid) -> None:
            await host.owner("anna").withdraw(grant)
            await of_person(host, "anna").ask(RightKind.ERASURE, webid, "", grants=[grant])

        async def read(coop: Any = coop, iri: str = purpose.iri) -> bool:
            try:
                return bool((await coop.service.read(BASKET, iri)).status_code == 200)
            except (AccessRefused, SolidError):
                return False

        *reads, _ = await asyncio.gather(read(), read(), erase())
        duties = await of_organisation(host, coop).duties()
        assert len(duties) == any(reads)
        assert not await read()
