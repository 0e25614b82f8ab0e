"""Requests of a person to a controller over HTTP: every step, the month's clock, and that nobody else sees anything."""

import csv
import io

import orjson
import pytest

from consent.model import GrantState
from consent.rights.deadlines import after_months
from consent.rights.model import RequestEvent, RequestState, RightKind
from pods.client import SolidError
from pods.model import Path
from pods.protocol import rdf
from tests.consent_host import ROWS, Town, declaration
from tests.pod_host import ORIGIN
from tests.rights_town import BASKET, HOST, grant_of, of_organisation, of_person, reader

DAY = 86_400.0


async def test_a_request_goes_its_way_and_both_sides_see_every_step(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna, officer = of_person(host, "anna"), of_organisation(host, coop)
    asked = await anna.ask(RightKind.ACCESS, coop.webid, "Che cosa sapete di me?")
    assert asked.due_at == after_months(asked.received_at, 1)
    (received,) = await officer.received()
    assert received["text"] == "Che cosa sapete di me?"
    await officer.step(asked.id, RequestEvent.ACKNOWLEDGE)
    await officer.step(asked.id, RequestEvent.ANSWER, "Ecco.", ["https://coop.example/a/1.pdf"])
    told = await anna.one(asked.id)
    assert told.state is RequestState.ANSWERED
    assert [step.step for step in told.steps] == ["ask", "acknowledge", "answer"]
    assert told.steps[-1].attachments == ("https://coop.example/a/1.pdf",)
    assert (await anna.close(asked.id)).state is RequestState.CLOSED


async def test_a_controller_knows_the_person_by_its_own_pseudonym(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    await of_person(host, "anna").ask(RightKind.ACCESS, coop.webid, "?")
    (received,) = await of_organisation(host, coop).received()
    (grant,) = await coop.service.grants(purpose.iri)
    assert received["person"] == grant.pairwise
    assert "anna" not in orjson.dumps(received).decode()


async def test_nobody_else_sees_a_request_or_takes_its_steps(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    other = await host.organisation("other")
    asked = await of_person(host, "anna").ask(RightKind.ACCESS, coop.webid, "segreto")
    stranger, rival = of_person(host, "bob"), of_organisation(host, other)
    assert await stranger.own() == []
    assert await rival.received() == []
    for client in (stranger, rival):
        with pytest.raises(SolidError) as unseen:
            await client.one(asked.id)
        assert unseen.value.status == 404
    with pytest.raises(SolidError) as refused:
        await rival.step(asked.id, RequestEvent.ANSWER, "mine")
    assert refused.value.status == 404


async def test_an_app_that_is_no_wallet_neither_reads_nor_asks(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    app = of_person(host, "anna", client="https://app.example/id")
    for act in (app.own(), app.access(), app.ask(RightKind.ERASURE, coop.webid, "")):
        with pytest.raises(SolidError) as refused:
            await act
        assert refused.value.status == 403


async def test_each_side_takes_its_own_steps_only(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna, officer = of_person(host, "anna"), of_organisation(host, coop)
    asked = await anna.ask(RightKind.ACCESS, coop.webid, "?")
    with pytest.raises(SolidError) as hers:
        await officer.step(asked.id, RequestEvent.CLOSE)
    with pytest.raises(SolidError) as theirs:
        await anna.step(asked.id, RequestEvent.ANSWER, "I answer myself")
    assert (hers.value.status, theirs.value.status) == (403, 403)


async def test_overdue_is_told_by_the_clock_alone_to_the_second(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.ACCESS, coop.webid, "?")
    host.clock.now = asked.due_at - 1
    assert not (await anna.one(asked.id)).overdue
    host.clock.now = asked.due_at
    assert (await anna.one(asked.id)).overdue


async def test_an_extension_is_told_within_the_first_month_with_a_reason_and_once(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna, officer = of_person(host, "anna"), of_organisation(host, coop)
    first = await anna.ask(RightKind.ACCESS, coop.webid, "?")
    late = await anna.ask(RightKind.PORTABILITY, coop.webid, "?")
    with pytest.raises(SolidError) as silent:
        await officer.step(first.id, RequestEvent.EXTEND)
    assert silent.value.status == 422
    host.clock.now = first.due_at - 1
    await officer.step(first.id, RequestEvent.EXTEND, "molte richieste")
    assert (await anna.one(first.id)).due_at == after_months(first.received_at, 3)
    with pytest.raises(SolidError) as twice:
        await officer.step(first.id, RequestEvent.EXTEND, "di nuovo")
    host.clock.now = late.due_at
    with pytest.raises(SolidError) as too_late:
        await officer.step(late.id, RequestEvent.EXTEND, "troppo tardi")
    assert (twice.value.status, too_late.value.status) == (409, 409)


async def test_a_refusal_says_why_and_where_to_complain(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna, officer = of_person(host, "anna"), of_organisation(host, coop)
    asked = await anna.ask(RightKind.ERASURE, coop.webid, "?")
    with pytest.raises(SolidError) as silent:
        await officer.step(asked.id, RequestEvent.REFUSE, "  ")
    assert silent.value.status == 422
    await officer.step(asked.id, RequestEvent.REFUSE, "obbligo fiscale")
    answer = await host.person("anna").get(f"/.consent/rights/{asked.id}", accept="application/json")
    assert "Garante" in answer.json()["remedy"]["authority"]


async def test_the_same_is_not_asked_twice_while_an_answer_is_owed(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.ACCESS, coop.webid, "?")
    with pytest.raises(SolidError) as twice:
        await anna.ask(RightKind.ACCESS, coop.webid, "!")
    assert twice.value.status == 409
    await anna.close(asked.id)
    await anna.ask(RightKind.ACCESS, coop.webid, "!")


async def test_a_restriction_suspends_the_grants_until_it_is_lifted(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    _, kept = await reader(host, "other")
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.RESTRICTION, coop.webid, "i dati sono sbagliati")
    states = {grant.purpose.iri: grant.state for grant in await host.owner("anna").grants()}
    assert states == {purpose.iri: GrantState.SUSPENDED, kept.iri: GrantState.GIVEN}
    assert await coop.service.grants(purpose.iri) == []
    await anna.close(asked.id)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200


async def test_a_grant_rests_until_the_last_restriction_is_lifted(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    anna, number = of_person(host, "anna"), await grant_of(host, purpose)
    whole = await anna.ask(RightKind.RESTRICTION, coop.webid, "")
    single = await anna.ask(RightKind.RESTRICTION, coop.webid, "", grants=[number])
    for request, left in ((whole, GrantState.SUSPENDED), (single, GrantState.GIVEN)):
        await anna.close(request.id)
        assert [grant.state for grant in await host.owner("anna").grants()] == [left]


async def test_what_rests_on_consent_is_withdrawn_and_not_objected_to(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    with pytest.raises(SolidError) as refused:
        await of_person(host, "anna").ask(RightKind.OBJECTION, coop.webid, "")
    assert refused.value.status == 422
    assert [grant.state for grant in await host.owner("anna").grants()] == [GrantState.GIVEN]


async def test_grants_and_places_of_others_are_nothing_to_ask_about(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    _, elsewhere = await reader(host, "other")
    anna, foreign = of_person(host, "anna"), await grant_of(host, elsewhere)
    for grants, resource in (([foreign], ""), (["0" * 32], ""), ([], "/bob/purchases/")):
        with pytest.raises(SolidError) as refused:
            await anna.ask(RightKind.ERASURE, coop.webid, "", grants=grants, resource=resource)
        assert refused.value.status == 422


async def test_access_names_who_was_actually_served_for_what(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    await reader(host, "silent", reads=False)
    plain = orjson.loads(await of_person(host, "anna").access())
    assert [(use["recipient"]["name"], use["purpose"], use["times"]) for use in plain["uses"]] == [
        ("Coop", purpose.iri, 1)
    ]
    foreseen = {grant["controller"]["name"]: grant["recipients_foreseen"] for grant in plain["grants"]}
    assert foreseen == {"Coop": ["Comune"], "Silent": ["Comune"]}
    assert {grant["retention_days"] for grant in plain["grants"]} == {30}
    quads = rdf.parse(rdf.JSON_LD, orjson.dumps(plain), f"{ORIGIN}/.consent/rights/access")
    recipients = [
        quad.object for quad in quads if quad.predicate.value == "https://w3id.org/dpv#hasRecipient"
    ]
    assert recipients == [rdf.node(coop.webid)]


async def test_access_as_a_table_has_a_row_for_each_decision_and_disclosure(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    text = (await of_person(host, "anna").access(table=True)).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["kind"], row["webid"]) for row in rows] == [
        ("consent", coop.webid),
        ("disclosure", coop.webid),
    ]


async def test_the_host_itself_can_be_asked(host: Town) -> None:
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.AUTOMATED_DECISION, HOST, "Decidete qualcosa su di me?")
    assert asked.controller == HOST
    with pytest.raises(SolidError) as nobody:
        await anna.ask(RightKind.ACCESS, "https://nobody.example/#me", "?")
    assert nobody.value.status == 404


async def test_the_organisation_finds_a_notice_in_its_inbox_that_names_nobody(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    asked = await of_person(host, "anna").ask(RightKind.ACCESS, coop.webid, "?")
    with host.core.store.reading() as tx:
        notice = tx.get(Path(f"/coop/inbox/rights-{asked.id}.jsonld"))
    assert notice is not None
    assert b"anna" not in notice.content


async def test_what_a_person_asked_goes_with_their_pod(host: Town) -> None:
    coop, _ = await reader(host, "coop")
    officer = of_organisation(host, coop)
    await of_person(host, "anna").ask(RightKind.ERASURE, coop.webid, "?")
    assert len(await officer.duties()) == 1
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        for layer in host.added.leaving:
            layer.leaving(tx, pod)
    assert await officer.received() == []
    assert await officer.duties() == []


@pytest.mark.parametrize("basis", ["gdpr:A6-1-e", "gdpr:A6-1-f"])
async def test_an_objection_ends_what_rests_on_a_public_task_or_a_legitimate_interest(
    host: Town, basis: str
) -> None:
    coop, consented = await reader(host, "coop")
    task = await coop.service.publish(declaration([ROWS], identifier="task", legal_basis=basis))
    await host.give("anna", task)
    await of_person(host, "anna").ask(RightKind.OBJECTION, coop.webid, "la mia situazione")
    states = {grant.purpose.iri: grant.state for grant in await host.owner("anna").grants()}
    assert states == {consented.iri: GrantState.GIVEN, task.iri: GrantState.WITHDRAWN}
