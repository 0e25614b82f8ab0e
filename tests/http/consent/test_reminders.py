"""What happens when an answer is owed and does not come: who is told, when, and what stays as it was."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from consent.model import GrantState, Suspension
from consent.rights.escalation import REQUEST_STAGES, Escalation, escalated, late_requests
from consent.rights.model import RequestEvent, RightKind
from consent.wire import timestamp
from pods.client import SolidError
from pods.model import Path
from tests.consent_host import Town
from tests.pod_host import ORIGIN
from tests.rights_town import grant_of, of_organisation, of_person, reader

DAY = 86_400.0


def remind(host: Town) -> int:
    """Send what is due now."""
    with host.core.store.writing() as tx:
        return Escalation(ORIGIN).remind_some(tx, host.clock())


def notice(host: Town, name: str, part: str) -> Any:
    """Return the one notice in somebody's inbox whose name has this part."""
    with host.core.store.reading() as tx:
        (found,) = [
            tx.get(entry.path) for entry in tx.children(Path(f"/{name}/inbox/")) if part in entry.path
        ]
    assert found is not None
    return orjson.loads(found.content)


async def test_a_recipient_finds_a_notice_of_its_duty_and_of_the_day(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    asked = await of_person(host, "anna").ask(RightKind.ERASURE, coop.webid, "")
    (duty,) = await of_organisation(host, coop).duties()
    told = notice(host, "coop", f"rights-{duty['id']}")
    assert told["object"] == f"{ORIGIN}/.consent/rights/duties/{duty['id']}"
    assert told["endTime"] == duty["due_at"] == timestamp(asked.due_at)


async def test_who_gets_no_answer_is_told_of_the_authority_and_the_officer_gets_a_copy(host: Town) -> None:
    """GDPR art. 12(4): of the possibility of lodging a complaint and seeking a judicial remedy."""
    coop, _ = await reader(host, "coop")
    asked = await of_person(host, "anna").ask(RightKind.ACCESS, coop.webid, "?")
    for stage in REQUEST_STAGES:
        host.clock.now = asked.due_at + stage.offset
        assert remind(host) == 1
        assert remind(host) == 0
    name = f"rights-{asked.id}-{int(asked.due_at // DAY)}-{len(REQUEST_STAGES)}"
    assert notice(host, "coop", name)["cc"] == "mailto:dpo@coop.example"
    assert "Garante" in notice(host, "anna", name)["summary"]["it"]


async def test_an_extension_has_reminders_of_its_own(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna, officer = of_person(host, "anna"), of_organisation(host, coop)
    asked = await anna.ask(RightKind.ACCESS, coop.webid, "?")
    host.clock.now = asked.due_at - DAY
    assert remind(host) == 1
    await officer.step(asked.id, RequestEvent.EXTEND, "molte richieste")
    assert remind(host) == 0
    host.clock.now = (await anna.one(asked.id)).due_at - DAY
    assert remind(host) == 1


async def test_nothing_is_on_the_operators_list_before_its_time(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    asked = await of_person(host, "anna").ask(RightKind.ERASURE, coop.webid, "")
    for late, count in ((-1, 0), (0, 1)):
        host.clock.now = asked.due_at + late
        with host.core.store.reading() as tx:
            assert (len(escalated(tx, host.clock())), len(late_requests(tx, host.clock()))) == (count, count)


async def test_data_to_take_along_is_handed_over_as_a_file(host: Town) -> None:
    """GDPR art. 20(1)."""
    coop, _ = await reader(host, "coop")
    officer = of_organisation(host, coop)
    asked = await of_person(host, "anna").ask(RightKind.PORTABILITY, coop.webid, "")
    with pytest.raises(SolidError) as words:
        await officer.step(asked.id, RequestEvent.ANSWER, "Ecco.")
    assert words.value.status == 422
    await officer.step(asked.id, RequestEvent.ANSWER, "Ecco.", ["https://coop.example/anna.zip"])


async def test_a_right_is_used_towards_who_is_registered(host: Town) -> None:
    with pytest.raises(SolidError) as unknown:
        await of_person(host, "anna").ask(RightKind.ACCESS, "https://nobody.example/#us", "")
    assert unknown.value.status == 404


async def test_what_rests_for_another_reason_rests_on_when_a_restriction_is_lifted(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    number, anna = await grant_of(host, purpose), of_person(host, "anna")
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        host.added.consents.suspend(tx, pod, number, Suspension.GUARDIAN_CONFLICT, host.clock())
    asked = await anna.ask(RightKind.RESTRICTION, coop.webid, "")
    await anna.close(asked.id)
    assert [grant.state for grant in await host.owner("anna").grants()] == [GrantState.SUSPENDED]
