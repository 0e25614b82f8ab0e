"""Attack 31: every recipient that was served is told of an erasure, and the queue empties or escalates."""

from __future__ import annotations

import orjson
import pytest

from consent.rights.escalation import STAGES, Escalation, escalated, late_requests
from consent.rights.model import RequestEvent, RightKind
from pods.client import SolidError
from pods.model import Path
from tests.consent_host import Town
from tests.pod_host import ORIGIN
from tests.rights_town import HOST, grant_of, of_organisation, of_person, reader

DAY = 86_400.0


def remind(host: Town) -> int:
    """Send what is due now."""
    with host.core.store.writing() as tx:
        return Escalation(ORIGIN).remind_some(tx, host.clock())


def inbox(host: Town, name: str) -> list[str]:
    """Return the names of the notices in an inbox."""
    with host.core.store.reading() as tx:
        return [entry.path.rpartition("/")[2] for entry in tx.children(Path(f"/{name}/inbox/"))]


async def test_attack_31_withdrawal_with_an_erasure_wish_reaches_who_was_served_and_nobody_else(
    host: Town,
) -> None:
    coop, purpose = await reader(host, "coop")
    idle, _ = await reader(host, "idle", reads=False)
    shop, _ = await reader(host, "shop")  # was served too, under a consent of its own that goes on
    number = await grant_of(host, purpose)
    await host.owner("anna").withdraw(number)
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.ERASURE, coop.webid, "", grants=[number])
    assert [(duty.name, duty.acknowledged_at) for duty in asked.duties] == [("Coop", None)]
    assert len(await of_organisation(host, coop).duties()) == 1
    assert await of_organisation(host, idle).duties() == []
    assert await of_organisation(host, shop).duties() == []


async def test_attack_31_the_queue_empties_only_by_a_statement_and_the_person_reads_it(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna, officer = of_person(host, "anna"), of_organisation(host, coop)
    asked = await anna.ask(RightKind.ERASURE, coop.webid, "")
    (duty,) = await officer.duties()
    with pytest.raises(SolidError) as silent:
        await officer.acknowledge(duty["id"], " ")
    assert silent.value.status == 400
    await officer.acknowledge(duty["id"], "Cancellati 12 documenti e due copie di riserva.")
    (told,) = (await anna.one(asked.id)).duties
    assert told.statement == "Cancellati 12 documenti e due copie di riserva."
    assert told.acknowledged_at == host.clock()
    with pytest.raises(SolidError) as twice:
        await officer.acknowledge(duty["id"], "anzi no")
    assert twice.value.status == 409


async def test_a_duty_of_one_recipient_does_not_exist_for_another(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    other, _ = await reader(host, "other")
    await of_person(host, "anna").ask(RightKind.ERASURE, HOST, "")
    (theirs,) = await of_organisation(host, coop).duties()
    with pytest.raises(SolidError) as refused:
        await of_organisation(host, other).acknowledge(theirs["id"], "fatto")
    assert refused.value.status == 404


async def test_erasure_asked_of_the_host_reaches_everybody_who_was_served(host: Town) -> None:
    for name in ("coop", "other"):
        await reader(host, name)
    asked = await of_person(host, "anna").ask(RightKind.ERASURE, HOST, "")
    assert [duty.name for duty in asked.duties] == ["Coop", "Other"]


async def test_erasure_of_one_place_reaches_who_read_there(host: Town) -> None:
    await reader(host, "coop")
    anna = of_person(host, "anna")
    for resource, reached in (("/anna/profile/", []), ("/anna/purchases/", ["Coop"])):
        asked = await anna.ask(RightKind.ERASURE, HOST, "", resource=resource)
        assert [duty.name for duty in asked.duties] == reached


async def test_a_corrected_receipt_is_told_to_who_read_it_and_not_to_who_corrected_it(host: Town) -> None:
    shop, _ = await reader(host, "shop")
    await reader(host, "coop")
    anna = of_person(host, "anna")
    asked = await anna.ask(
        RightKind.RECTIFICATION, shop.webid, "il totale", resource="/anna/purchases/2017-10/b77.ttl"
    )
    assert asked.duties == ()
    await of_organisation(host, shop).step(asked.id, RequestEvent.ANSWER, "Nuovo scontrino emesso.")
    assert [duty.name for duty in (await anna.one(asked.id)).duties] == ["Coop"]


async def test_attack_31_reminders_come_in_time_and_then_the_officer_and_the_operator(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    asked = await of_person(host, "anna").ask(RightKind.ERASURE, coop.webid, "")
    (duty,) = await of_organisation(host, coop).duties()
    before = len(inbox(host, "coop"))
    for number, stage in enumerate(STAGES, 1):
        host.clock.now = asked.due_at + stage.offset - 1
        assert remind(host) == 0
        host.clock.now = asked.due_at + stage.offset
        assert remind(host) == 2, "of the duty, and of the request itself"
        assert remind(host) == 0
        assert len(inbox(host, "coop")) == before + 2 * number
    with host.core.store.reading() as tx:
        assert [one.id for one in escalated(tx, host.clock())] == [duty["id"]]
        assert [one.id for one in late_requests(tx, host.clock())] == [asked.id]
        last = tx.get(Path(f"/coop/inbox/rights-{duty['id']}-{len(STAGES)}.jsonld"))
    assert last is not None
    assert orjson.loads(last.content)["cc"] == "mailto:dpo@coop.example"


async def test_what_was_acknowledged_is_neither_reminded_of_nor_escalated(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    officer = of_organisation(host, coop)
    asked = await of_person(host, "anna").ask(RightKind.ERASURE, coop.webid, "")
    await officer.acknowledge((await officer.duties())[0]["id"], "fatto")
    await officer.step(asked.id, RequestEvent.ANSWER, "Cancellato.")
    host.clock.now = asked.due_at + DAY
    assert remind(host) == 0
    with host.core.store.reading() as tx:
        assert escalated(tx, host.clock()) == []


async def test_of_reminders_that_were_missed_only_the_last_is_sent(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    asked = await of_person(host, "anna").ask(RightKind.ERASURE, coop.webid, "")
    before = len(inbox(host, "coop"))
    host.clock.now = asked.due_at + 30 * DAY
    assert remind(host) == 2
    assert remind(host) == 0
    assert len(inbox(host, "coop")) == before + 2
