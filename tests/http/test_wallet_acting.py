"""Acting for somebody in the wallet: the banner, the powers, both logs, the way back, and the end of the time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from starlette.routing import Route

from consent.delegation import delegations_sql
from consent.delegation.appointments import Appointments
from consent.delegation.death import Deaths
from consent.delegation.model import Kind, Power
from consent.model import GrantState
from tests.conftest import SettableClock
from tests.consent_host import ROWS, declaration
from tests.wallet_town import Browser, WalletTown, wallet_town
from wallet.acting import OPEN

BORN = date(2020, 5, 3)
ACTED = "acted for another person"


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[WalletTown]:
    async with wallet_town(tmp_path, clock, "anna", "bob") as made:
        yield made


async def acting(town: WalletTown, name: str = "bob") -> Browser:
    """Return a browser in which somebody has begun to act for anna."""
    browser = town.browser(name)
    await browser.see("/people")
    await browser.send(browser.action(r"/people/\w+/act"))
    return browser


def deeds(town: WalletTown, name: str) -> list[str]:
    """Return what the log of somebody says that was done for another person."""
    return [reason for _agent, action, reason in town.logged(name) if action == ACTED]


async def test_a_banner_says_for_whom_as_what_and_until_when_on_every_page(town: WalletTown) -> None:
    town.appoint("bob", Kind.GUARDIAN, born=BORN)
    bob = await acting(town)
    for path in ("/", "/requests", "/grants", "/log", "/rights", "/about/privacy"):
        page = await bob.see(path)
        assert bob.status == 200, path
        assert "Stai agendo per</p>" not in page
        assert re.search(r"Stai agendo per <strong>Anna</strong>", page), path
        assert "come genitore o tutore · fino al giorno 2 maggio 2034" in page, path
        assert "<title>Per Anna: " in page, path
        assert "/acting/end" in bob.forms(), path


async def test_a_guardian_answers_a_request_and_both_logs_say_so(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    town.appoint("bob", Kind.GUARDIAN, born=BORN)
    bob = await acting(town)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    page = await bob.send("/requests/answer", answer="all", period="180")
    assert "Hai dato il tuo consenso." in page
    assert await town.state("anna", purpose) is GrantState.GIVEN
    assert await town.state("bob", purpose) is None
    gave = f"give, as guardian of {town.webid('anna')}"
    assert gave in deeds(town, "anna")
    assert gave in deeds(town, "bob")


async def test_a_guardian_files_a_request_under_article_15_on_the_page_of_rights(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    await town.owner("anna").refuse(purpose.iri)
    town.appoint("bob", Kind.GUARDIAN, born=BORN)
    bob = await acting(town)
    await bob.see("/rights/new")
    page = await bob.send("/rights", kind="access", controller=town.webid("coop"), text="Che cosa sapete?")
    assert "La richiesta è inviata." in page
    anna = town.browser("anna")
    assert "Sapere che cosa" in await anna.see("/rights")
    assert f"rights, as guardian of {town.webid('anna')}" in deeds(town, "anna")


async def test_only_what_was_delegated_is_offered(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    town.appoint("bob", powers=frozenset({Power.SEE}))
    bob = await acting(town)
    page = await bob.see(f"/requests/one?purpose={purpose.iri}")
    assert "Decidere non è tra i tuoi poteri." in page
    assert "/requests/answer" not in bob.forms()
    assert 'href="/rights"' not in page
    await bob.see("/rights")
    assert bob.status == 403


async def test_who_may_refuse_but_not_give_sees_one_button(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    town.appoint("bob", powers=frozenset({Power.SEE, Power.REFUSE}))
    bob = await acting(town)
    page = await bob.see(f"/requests/one?purpose={purpose.iri}")
    assert 'value="all"' not in page
    await bob.send("/requests/answer", answer="refuse")
    assert await town.state("anna", purpose) is GrantState.REFUSED


async def test_a_form_that_a_power_does_not_reach_is_refused_even_if_somebody_makes_it_up(
    town: WalletTown,
) -> None:
    purpose = await town.asked(declaration([ROWS]))
    town.appoint("bob", powers=frozenset({Power.SEE, Power.REFUSE}))
    bob = await acting(town)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    await bob.send("/requests/answer", answer="all", period="180")
    assert bob.status == 403
    assert await town.state("anna", purpose) is None


async def test_what_the_person_refused_is_not_given_and_the_page_says_why(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    await town.owner("anna").refuse(purpose.iri)
    town.appoint("bob")
    bob = await acting(town)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    page = await bob.send("/requests/answer", answer="all", period="180")
    assert bob.status == 409
    assert "un no vale più di un sì" in page
    assert await town.state("anna", purpose) is GrantState.REFUSED


async def test_who_stands_on_the_side_of_the_organisation_is_told_so(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    town.appoint("bob")
    with town.core.store.writing() as tx:
        delegations_sql.declare_interest(tx, town.webid("bob"), town.webid("coop"), town.clock())
    bob = await acting(town)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    page = await bob.send("/requests/answer", answer="all", period="180")
    assert bob.status == 403
    assert "stai dalla parte dell" in page
    assert await town.state("anna", purpose) is None


async def test_the_way_back_is_one_click_and_then_everything_is_ones_own(town: WalletTown) -> None:
    town.appoint("bob")
    bob = await acting(town)
    page = await bob.send("/acting/end")
    assert "Ora agisci di nuovo per te." in page
    assert "Stai agendo per" not in await bob.see("/")
    assert "Buongiorno, Bob" in bob.page


async def test_a_page_from_before_the_switch_decides_nothing(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    town.appoint("bob")
    bob = town.browser("bob")
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    old = bob.page
    await bob.see("/people")
    await bob.send(bob.action(r"/people/\w+/act"))
    bob.page = old
    page = await bob.send("/requests/answer", answer="all", period="180")
    assert bob.status == 403
    assert "Il modulo non è stato accettato" in page
    assert await town.state("anna", purpose) is None
    assert await town.state("bob", purpose) is None


async def test_when_the_person_ends_it_the_next_click_does_nothing_and_leads_back(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    anna, bob = town.browser("anna"), town.browser("bob")
    await anna.see("/people")
    await anna.send("/people/name", delegate="bob", power=["see", "give"])
    await bob.see("/people")
    await bob.send(bob.action(r"/people/\w+/accept"))
    await bob.send(bob.action(r"/people/\w+/act"))
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    await anna.see("/people")
    await anna.send(anna.action(r"/people/\w+/end"))
    page = await bob.send("/requests/answer", answer="all", period="180")
    assert "non è stata eseguita" in page
    assert "Stai agendo per" not in page
    assert await town.state("anna", purpose) is None


async def session(town: WalletTown) -> Browser:
    """Return the browser of bob, a custodian, who has begun a session with the code that anna read out."""
    town.admit("bob")
    anna, bob = town.browser("anna"), town.browser("bob")
    await anna.see("/people")
    shown = await anna.send("/people/code", minutes="15")
    code = re.search(r"Il tuo codice: (\d{3} \d{3})", shown)
    assert code is not None
    await bob.see("/people")
    await bob.send("/people/session", person="anna", code=code[1])
    return bob


async def test_a_custodian_prepares_in_a_session_and_the_person_confirms_it_herself(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    bob = await session(town)
    assert "come custode di comunità · fino alle" in bob.page
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    assert "Preparo tutto ciò che è chiesto" in bob.page
    assert "Consento" not in bob.page
    page = await bob.send("/requests/answer", answer="all", period="180")
    assert "Non è un consenso" in page
    assert await town.state("anna", purpose) is None
    anna = town.browser("anna")
    assert "1 risposta aspetta la tua parola" in await anna.see("/")
    page = await anna.see("/prepared")
    assert "Preparata da Bob" in page
    assert "Vogliamo capire dove si compra." in page
    await anna.send("/prepared/confirm")
    assert await town.state("anna", purpose) is GrantState.GIVEN


async def test_a_prepared_answer_is_thrown_away_and_the_request_still_waits(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    bob = await session(town)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    await bob.send("/requests/answer", answer="all", period="180")
    anna = town.browser("anna")
    await anna.see("/prepared")
    page = await anna.send("/prepared/discard")
    assert "Non ci sono risposte preparate." in page
    assert "1 richiesta aspetta la tua risposta" in await anna.see("/requests")
    assert await town.state("anna", purpose) is None


async def test_what_is_confirmed_is_what_the_page_showed(town: WalletTown, clock: SettableClock) -> None:
    purpose = await town.asked(declaration([ROWS]))
    bob = await session(town)
    for period in ("30", "180"):
        clock.advance(1)
        await bob.see(f"/requests/one?purpose={purpose.iri}")
        await bob.send("/requests/answer", answer="all", period=period)
        if period == "30":
            anna = town.browser("anna")
            await anna.see("/prepared")
    await anna.send("/prepared/confirm")
    assert await town.state("anna", purpose) is None
    await anna.send("/prepared/confirm")
    assert await town.state("anna", purpose) is GrantState.GIVEN


async def test_an_assisted_session_ends_at_its_time_in_the_wallet_too(
    town: WalletTown, clock: SettableClock
) -> None:
    purpose = await town.asked(declaration([ROWS]))
    bob = await session(town)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    clock.advance(15 * 60 - 1)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    assert bob.status == 200
    clock.advance(1)
    page = await bob.send("/requests/answer", answer="all", period="180")
    assert "non è stata eseguita" in page
    assert (await town.browser("anna").see("/prepared")).count("Preparata da") == 0


async def test_a_wrong_code_begins_nothing_and_says_what_to_do(town: WalletTown) -> None:
    town.admit("bob")
    bob = town.browser("bob")
    await bob.see("/people")
    page = await bob.send("/people/session", person="anna", code="000 000")
    assert bob.status == 422
    assert "Questo codice non apre nulla" in page
    assert 'value="anna"' in page


async def test_an_heir_finds_the_rights_and_nothing_else(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    await town.owner("anna").refuse(purpose.iri)
    town.appoint("bob", Kind.HEIR)
    bob = town.browser("bob")
    page = await bob.see("/people")
    assert "accettato, non ancora attivo" in page
    assert [form for form in bob.forms() if form.endswith("/act")] == []
    with town.core.store.writing() as tx:
        deaths = Deaths(town.origin, town.added.consents, Appointments(town.origin))
        deaths.record(tx, town.pod("anna"), date(2026, 2, 27), "file 9", town.clock())
    await bob.see("/people")
    await bob.send(bob.action(r"/people/\w+/act"))
    assert "come erede" in bob.page
    assert 'href="/requests"' not in bob.page
    assert "Coop" in await bob.see("/rights/new")
    await bob.see("/grants")
    assert bob.status == 403


def addresses(town: WalletTown) -> list[str]:
    """Return an address for every page of the wallet that needs somebody logged in."""
    paths = [
        re.sub(r"\{\w+(:\w+)?\}", "1", route.path)
        for route in town.pages.routes
        if isinstance(route, Route) and "GET" in (route.methods or ())
    ]
    public = ("/about", "/login", "/callback", "/client.jsonld", "/static")
    return [path for path in paths if not path.startswith(public)]


async def test_every_page_that_the_table_does_not_open_is_closed_meanwhile(town: WalletTown) -> None:
    town.appoint("bob")
    bob = await acting(town)
    opened = [path for path in addresses(town) if any(where.fullmatch(path) for _m, where, _p in OPEN)]
    assert {"/", "/requests", "/grants", "/log", "/rights"} <= set(opened)
    for path in addresses(town):
        answer = await bob.http.get(path)
        if path in opened:
            assert answer.status_code in (200, 303, 404), path
        else:
            assert answer.status_code == 403, path
            assert "non è aperta mentre agisci" in answer.text, path


async def test_the_log_says_in_words_who_did_what_for_whom(town: WalletTown) -> None:
    purpose = await town.asked(declaration([ROWS]))
    town.appoint("bob")
    bob = await acting(town)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    await bob.send("/requests/answer", answer="all", period="180")
    hers = await town.browser("anna").see("/log")
    assert "Bob, per te, come rappresentante legale:" in hers
    assert "consenso dato o preparato" in hers
    assert "consenso dato a nome di te" in hers
    assert "incarico iniziato: Bob, per te, come rappresentante legale" in hers
    await bob.send("/acting/end")
    his = await bob.see("/log")
    assert "Tu, per Anna, come rappresentante legale:" in his
