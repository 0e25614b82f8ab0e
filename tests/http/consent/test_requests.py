"""Asking without pressing: by link, put off once, taken back by silence, and never too often."""

from urllib.parse import quote

import pytest

from consent.model import DAY, DEFERRAL_DAYS, REQUEST_DAYS, REQUESTS_PER_PERSON, ROUNDS_PER_DAY, GrantState
from pods.client import SolidError
from tests.consent_host import ROWS, Organisation, Town, declaration
from tests.pod_host import ORIGIN
from vocab.pages.qr import qr_svg

FAR = "2030-01-01"


async def asking(host: Town) -> tuple[Organisation, str]:
    """Return an organisation that has asked everybody, and the purpose."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS], valid_until=FAR))
    await coop.service.invite(purpose.iri)
    return coop, purpose.iri


async def waiting(host: Town) -> list[str]:
    return [request.purpose.iri for request in await host.owner("anna").requests()]


async def test_a_link_leads_to_the_newest_version_in_the_wallet(host: Town) -> None:
    coop = await host.organisation("coop")
    await coop.service.publish(declaration([ROWS]))
    newer = await coop.service.publish(declaration([ROWS], version=2))
    answer = await host.http.get(f"{ORIGIN}/.consent/ask/mobility")
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        f"http://localhost:8081/requests/one?purpose={quote(newer.iri, safe='')}"
    )
    assert (await host.http.get(f"{ORIGIN}/.consent/ask/nothing")).status_code == 404


async def test_the_page_of_a_purpose_carries_the_code_that_asks_for_it(host: Town) -> None:
    coop = await host.organisation("coop")
    first = await coop.service.publish(declaration([ROWS]))
    newer = await coop.service.publish(declaration([ROWS], version=2))
    told = await coop.service.publish(declaration([ROWS], identifier="told", legal_basis="gdpr:A6-1-b"))
    link, label = f"{ORIGIN}/.consent/ask/mobility", "Codice QR che chiede questo consenso"

    async def page(iri: str) -> str:
        return (await host.http.get(iri, headers={"accept": "text/html", "accept-language": "it"})).text

    shown = await page(newer.iri)
    assert link in shown
    assert qr_svg(link, label) in shown
    assert 'class="p-qr"' not in await page(first.iri), "a former version asks nobody"
    assert 'class="p-qr"' not in await page(told.iri), "what rests on a contract is not asked"
    host.clock.now = newer.valid_until
    assert 'class="p-qr"' not in await page(newer.iri)


async def test_who_came_by_link_may_answer_without_having_been_asked(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    offered = await host.owner("anna").offer(purpose.iri)
    assert (offered.purpose.iri, offered.controller.iri, offered.deferrable) == (
        purpose.iri,
        coop.webid,
        False,
    )
    with pytest.raises(SolidError) as none:
        await host.owner("anna").offer(f"{ORIGIN}/.consent/purposes/other/1")
    assert none.value.status == 404


async def test_later_hides_the_question_and_brings_it_back_once(host: Town) -> None:
    _, iri = await asking(host)
    anna = host.owner("anna")
    await anna.defer(iri)
    assert await waiting(host) == []
    host.clock.advance(DEFERRAL_DAYS * DAY)
    (again,) = await anna.requests()
    assert (again.purpose.iri, again.deferrable) == (iri, False)
    with pytest.raises(SolidError) as refused:
        await anna.defer(iri)
    assert refused.value.status == 409
    await anna.refuse(iri)
    assert [grant.state for grant in await anna.grants()] == [GrantState.REFUSED]


async def test_who_said_later_is_not_asked_by_a_newer_version_either(host: Town) -> None:
    coop, iri = await asking(host)
    await host.owner("anna").defer(iri)
    newer = await coop.service.publish(declaration([ROWS], version=2, valid_until=FAR))
    await coop.service.invite(newer.iri)
    assert await waiting(host) == []


async def test_later_is_said_once_for_all_versions(host: Town) -> None:
    coop, iri = await asking(host)
    anna = host.owner("anna")
    await anna.defer(iri)
    host.clock.advance(DEFERRAL_DAYS * DAY)
    newer = await coop.service.publish(declaration([ROWS], version=2, valid_until=FAR))
    await coop.service.invite(newer.iri)
    assert [one.purpose.iri for one in await anna.requests()] == [newer.iri]
    with pytest.raises(SolidError) as refused:
        await anna.defer(newer.iri)
    assert refused.value.status == 409


async def test_a_question_that_nobody_answers_goes_away_and_rests_like_a_no(host: Town) -> None:
    coop, iri = await asking(host)
    host.clock.advance(REQUEST_DAYS * DAY)
    assert await waiting(host) == []
    await coop.service.invite(iri)
    assert await waiting(host) == []
    host.clock.advance(180 * DAY)
    await coop.service.invite(iri)
    assert await waiting(host) == [iri]


async def test_attack_32_one_organisation_asks_a_person_a_few_times_a_month_at_most(host: Town) -> None:
    """Attack 32: many small purposes are no way to wear somebody down; another organisation is not held up."""
    coop, rival = await host.organisation("coop"), await host.organisation("rival")
    for number in range(REQUESTS_PER_PERSON + 2):
        purpose = await coop.service.publish(declaration([ROWS], identifier=f"coop-{number}"))
        await coop.service.invite(purpose.iri)
    assert len(await waiting(host)) == REQUESTS_PER_PERSON
    other = await rival.service.publish(declaration([ROWS], identifier="rival"))
    await rival.service.invite(other.iri)
    assert other.iri in await waiting(host)


async def test_attack_32_rounds_to_everybody_are_limited_and_the_refusal_says_when(host: Town) -> None:
    """Attack 32: the limit is the controller's, and a token more does not buy another round."""
    coop, iri = await asking(host)
    for _ in range(ROUNDS_PER_DAY - 1):
        await coop.service.invite(iri)
    with pytest.raises(SolidError) as refused:
        await coop.service.invite(iri)
    assert (refused.value.status, str(ROUNDS_PER_DAY) in refused.value.detail) == (429, True)
    host.clock.advance(DAY)
    await coop.service.invite(iri)
