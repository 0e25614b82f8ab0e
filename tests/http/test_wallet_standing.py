"""Standing preferences, renewals and steps in the wallet: rules in words, what they do, and how few clicks a no takes."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from consent import notice_sql
from consent.model import GrantState, PurposeDeclaration
from tests.conftest import SettableClock
from tests.consent_host import PROGRAMME, ROWS, declaration, item
from tests.wallet_town import Browser, WalletTown, wallet_town

DAY = 86_400.0
SUMS = item("Purchase", ("orderedAt", "seller"), "aggregateOnly")
PREVIEW = "/preferences/standing/preview?"
LINK = re.compile(r'href="([^"#]+)')


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[WalletTown]:
    async with wallet_town(tmp_path, clock, "anna", "bob") as made:
        yield made


@pytest.fixture
def anna(town: WalletTown) -> Browser:
    return town.browser("anna")


def preview(choice: str, **classes: str) -> str:
    """Return the address of the preview of a rule."""
    return PREVIEW + urlencode({"choice": choice, **classes})


async def test_a_rule_is_told_as_a_sentence_with_what_it_would_change_and_saved_after_that(
    town: WalletTown, anna: Browser
) -> None:
    await town.asked(declaration([ROWS]))
    page = await anna.see(preview("never", controller_kind="cooperative", shape="Purchase"))
    assert "Si dice di no per te quando chiede una cooperativa, sui tuoi dati «Acquisti»." in html.unescape(
        page
    )
    assert "Spesa di quartiere" in page
    assert "Oggi: ti viene chiesto" in page
    assert "rifiutata per te" in page
    assert "Nessuna regola: ti viene chiesto ogni volta." in await anna.see("/preferences/standing")
    await anna.see(preview("never", controller_kind="cooperative", shape="Purchase"))
    saved = await anna.send("/preferences/standing")
    assert "Salvata." in saved
    assert "Si dice di no per te quando chiede una cooperativa" in saved


async def test_a_preview_names_the_rules_that_go_before(town: WalletTown, anna: Browser) -> None:
    await anna.see(preview("never", shape="Purchase", mode="rows"))
    await anna.send("/preferences/standing")
    page = await anna.see(preview("ask", shape="Purchase"))
    assert "Queste tue regole vengono prima" in page
    assert "Queste tue regole vengono prima" not in await anna.see(preview("ask", shape="Participation"))
    assert "Prende il posto di questa regola" in await anna.see(preview("ask", shape="Purchase", mode="rows"))


@pytest.mark.parametrize(
    "classes", [{"mode": "rows"}, {"mode": "append"}, {"basis": "gdpr:A9-2-a"}, {"basis": "gdpr:A6-1-e"}]
)
async def test_there_is_no_way_to_allow_what_needs_the_persons_own_word(
    town: WalletTown, anna: Browser, classes: dict[str, str]
) -> None:
    page = await anna.see(preview("allow", **classes))
    assert anna.status == 422
    assert "Questo non si può consentire in anticipo." in page
    assert "/preferences/standing" not in anna.forms()
    await anna.see(preview("never", **classes))
    await anna.send("/preferences/standing", choice="allow")
    assert "Nessuna regola" in await anna.see("/preferences/standing")


async def test_what_a_rule_refused_is_shown_and_the_person_decides_otherwise(
    town: WalletTown, anna: Browser
) -> None:
    await anna.see(preview("never", shape="Purchase"))
    await anna.send("/preferences/standing")
    purpose = await town.asked(declaration([ROWS]))
    assert "Nessuna richiesta" in await anna.see("/requests")
    page = await anna.see("/preferences/standing")
    assert "Leggila e decidi tu" in page
    assert "Una tua preferenza permanente" in await anna.see("/log")
    await anna.see(f"/requests/one?purpose={purpose.iri}")
    await anna.send("/requests/answer", answer="all", period="180")
    assert await town.state("anna", purpose) is GrantState.GIVEN
    assert "deciso diversamente, o finita" in await anna.see("/preferences/standing")


async def test_a_rule_taken_away_asks_again_and_a_made_up_one_is_ignored(
    town: WalletTown, anna: Browser
) -> None:
    await anna.see(preview("never"))
    await anna.send("/preferences/standing")
    assert "Tolta." in await anna.send("/preferences/standing/remove")
    purpose = await town.asked(declaration([ROWS]))
    assert [one.purpose.iri for one in await town.owner("anna").requests()] == [purpose.iri]
    await anna.see(preview("maybe", shape="Purchase"))
    assert "Una nuova regola" in anna.page


async def test_what_a_rule_prepared_is_confirmed_with_the_declaration_before_ones_eyes(
    town: WalletTown, anna: Browser
) -> None:
    await anna.see(preview("allow", mode="aggregateOnly"))
    await anna.send("/preferences/standing")
    purpose = await town.asked(declaration([SUMS], programme=PROGRAMME))
    assert await town.state("anna", purpose) is None
    page = await anna.see("/prepared")
    assert "Preparata da una tua preferenza permanente" in page
    assert "Vogliamo capire dove si compra." in page
    await anna.send("/prepared/confirm")
    assert await town.state("anna", purpose) is GrantState.GIVEN


async def given(town: WalletTown, days: float = 180) -> PurposeDeclaration:
    """Return a purpose that anna has consented to."""
    purpose = await town.asked(declaration([ROWS]))
    end = float(int(town.clock() + days * DAY))
    await town.owner("anna").give(purpose.iri, purpose.items, end)
    return purpose


async def test_a_consent_that_ends_soon_is_renewed_in_one_step_from_the_first_page(
    town: WalletTown, clock: SettableClock
) -> None:
    purpose = await given(town)
    assert "Rinnova" not in await town.browser("anna").see("/")
    clock.advance(170 * DAY)
    anna = town.browser("anna")
    page = await anna.see("/")
    assert "Se non fai nulla, si chiude da sé." in page
    assert "Rinnovato, senza nulla in più." in await anna.send(anna.action(r"/grants/\w+/renew"))
    (grant,) = await town.owner("anna").grants()
    assert (grant.items, grant.expires_at) == (purpose.items, float(int(clock() + 180 * DAY)))
    assert "Rinnova" not in await anna.see("/")


@pytest.mark.parametrize(
    ("told", "page", "kept"), [("en", "/", "en"), ("", "/", ""), ("en", "grant", "en"), ("", "grant", "it")]
)
async def test_a_renewal_keeps_the_language_in_which_the_notice_was_read(
    town: WalletTown, clock: SettableClock, told: str, page: str, kept: str
) -> None:
    purpose = await town.asked(declaration([ROWS]))
    end = float(int(clock() + 180 * DAY))
    first = await town.owner("anna").answer(purpose.iri, purpose.items, end, language=told)
    assert first is not None
    clock.advance(170 * DAY)
    anna = town.browser("anna")
    # The page of a consent shows its notice, the first page does not.
    await anna.see(f"/grants/{first.id}" if page == "grant" else page)
    await anna.send(f"/grants/{first.id}/renew")
    assert "Rinnovato" in anna.page
    with town.core.store.reading() as tx:
        last = tx.execute("SELECT max(number) FROM consent_event WHERE grant_id = ?", (first.id,))[0][0]
        assert notice_sql.languages(tx, first.id, after=last - 1) == ({last: kept} if kept else {})


async def test_a_consent_that_nobody_renews_ends_by_itself_and_asks_nothing(
    town: WalletTown, clock: SettableClock
) -> None:
    purpose = await given(town)
    clock.advance(181 * DAY)
    anna = town.browser("anna")
    assert "Rinnova" not in await anna.see("/")
    assert await town.state("anna", purpose) is GrantState.EXPIRED
    assert await town.owner("anna").requests() == []


async def test_a_renewal_after_a_new_version_is_a_new_question(
    town: WalletTown, clock: SettableClock
) -> None:
    service = await town.organisation()
    purpose = await service.publish(declaration([ROWS]))
    await town.owner("anna").give(purpose.iri, purpose.items, float(int(clock() + 180 * DAY)))
    clock.advance(170 * DAY)
    anna = town.browser("anna")
    await anna.see("/grants")
    renew = anna.action(r"/grants/\w+/renew")
    old = anna.page
    await service.publish(declaration([ROWS], version=2, retention_days=300))
    anna.page = old
    await anna.send(renew)
    assert [grant.purpose.version for grant in await town.owner("anna").grants()] == [1]
    assert "Rinnovato" not in anna.page


async def test_a_delegate_who_may_not_give_does_not_renew(town: WalletTown, clock: SettableClock) -> None:
    await given(town)
    clock.advance(170 * DAY)
    anna, bob = town.browser("anna"), town.browser("bob")
    await anna.see("/people")
    await anna.send("/people/name", delegate="bob", power=["see", "withdraw"])
    await bob.see("/people")
    await bob.send(bob.action(r"/people/\w+/accept"))
    await bob.send(bob.action(r"/people/\w+/act"))
    await bob.see("/grants")
    assert [one for one in bob.forms() if one.endswith("/renew")] == []
    assert "Hai revocato il tuo consenso." in await bob.send(bob.action(r"/grants/\w+/withdraw"))


async def steps(anna: Browser, wanted: str) -> int:
    """Return how few clicks lead from the first page to a posted form that fits, links and forms counted alike."""
    level, seen, count = ["/"], {"/"}, 0
    while level:
        count += 1
        found: list[str] = []
        for path in level:
            page = await anna.see(path)
            if any(re.fullmatch(wanted, action) for action in anna.forms()):
                return count
            found += [html.unescape(link) for link in LINK.findall(page) if link.startswith("/")]
        level = [path for path in dict.fromkeys(found) if path not in seen and not path.startswith("/static")]
        seen |= set(level)
    raise AssertionError(f"no page leads to {wanted}")


@pytest.mark.parametrize("soon", [False, True])
async def test_withdrawing_never_takes_more_steps_than_giving_or_renewing(
    town: WalletTown, clock: SettableClock, soon: bool
) -> None:
    await given(town)
    if soon:
        clock.advance(170 * DAY)
    await town.asked(declaration([ROWS], identifier="open"), "other")
    anna = town.browser("anna")
    withdraw = await steps(anna, r"/grants/\w+/withdraw")
    assert withdraw <= await steps(anna, "/requests/answer")
    assert withdraw <= 2
    if soon:
        assert withdraw <= await steps(anna, r"/grants/\w+/renew") == 1
