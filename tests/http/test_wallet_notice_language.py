"""The notice in the reader's language, through the pages: which words are shown, how they are marked, and what the record says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef

from consent.declarations import notice_digests
from consent.model import PurposeDeclaration
from pods.protocol.target import canonical
from tests.conftest import SettableClock
from tests.consent_host import ROWS, declaration
from tests.wallet_town import Browser, WalletTown, wallet_town
from vocab.terms import DCT, DPV, NS

TITLE = {"it": "Spesa di quartiere", "en": "Neighbourhood shopping", "de": "Einkaufen im Viertel"}
TEXT = {
    "it": "Vogliamo capire dove si compra.",
    "en": "We want to see where people shop.",
    "de": "Wir möchten verstehen, wo eingekauft wird.",
}
REFUSAL = {"it": "Nessuna.", "en": "None.", "de": "Keine."}
DIGEST = URIRef(NS + "noticeDigest")
DE, EN, FR = "de-DE,de;q=0.9,en;q=0.5", "en-GB,en;q=0.9", "fr"


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[WalletTown]:
    async with wallet_town(tmp_path, clock, "anna", "bob") as made:
        yield made


async def asked(town: WalletTown) -> PurposeDeclaration:
    return await town.asked(declaration([ROWS], title=TITLE, text=TEXT, consequence_of_refusal=REFUSAL))


def reader(town: WalletTown, accepts: str) -> Browser:
    """Return anna's browser, set to these languages."""
    anna = town.browser("anna")
    anna.http.headers["Accept-Language"] = accepts
    return anna


async def record(town: WalletTown) -> Graph:
    """Return the record of anna's one consent as it stands in her pod."""
    (grant,) = await town.owner("anna").grants()
    with town.core.store.reading() as tx:
        stored = tx.get(canonical(grant.record.removeprefix(town.origin).encode()))
    assert stored is not None
    return Graph().parse(data=stored.content, format="turtle", publicID=grant.record)


async def read_notice(town: WalletTown) -> tuple[str, str]:
    """Return language and digest of the notice that was read, as the record in anna's pod says."""
    graph = await record(town)
    statuses = graph.objects(None, DPV.hasConsentStatus)
    (notice,) = [notice for status in statuses for notice in graph.objects(status, DPV.hasNotice)]
    return str(graph.value(notice, DCT.language)), str(graph.value(notice, DIGEST))


@pytest.mark.parametrize(
    ("accepts", "page_in", "notice_in"), [(DE, "en", "de"), (EN, "en", "en"), (FR, "it", "it")]
)
async def test_the_notice_is_shown_and_recorded_in_the_language_of_the_reader(
    town: WalletTown, accepts: str, page_in: str, notice_in: str
) -> None:
    purpose = await asked(town)
    anna = reader(town, accepts)
    page = await anna.see(f"/requests/one?purpose={purpose.iri}")
    assert f'<html lang="{page_in}">' in page
    mark = f' lang="{notice_in}"' if notice_in != page_in else ""
    assert f"<h1{mark}>{TITLE[notice_in]}</h1>" in page
    assert f"{mark}>{TEXT[notice_in]}</p>" in page
    assert f"<p{mark}>{REFUSAL[notice_in]}</p>" in page
    assert all(text not in page for code, text in TEXT.items() if code != notice_in)
    await anna.send("/requests/answer", answer="all", period="180")
    assert await read_notice(town) == (notice_in, notice_digests(purpose.document)[notice_in])


async def test_a_language_that_was_chosen_on_the_page_counts_before_that_of_the_browser(
    town: WalletTown,
) -> None:
    purpose = await asked(town)
    anna = reader(town, DE)
    page = await anna.see(f"/requests/one?purpose={purpose.iri}&lang=it")
    assert f">{TEXT['it']}</p>" in page
    await anna.see(f"/requests/one?purpose={purpose.iri}")
    await anna.send("/requests/answer", answer="all", period="180")
    assert (await read_notice(town))[0] == "it"


async def test_several_requests_together_are_shown_and_recorded_in_it_too(town: WalletTown) -> None:
    purpose = await asked(town)
    anna = reader(town, DE)
    page = await anna.see(f"/requests/together?purpose={purpose.iri}")
    assert f'<h2 id="purpose-0" lang="de">{TITLE["de"]}</h2>' in page
    assert f'<p class="p-text" lang="de">{TEXT["de"]}</p>' in page
    await anna.send("/requests/together", **{"answer-0": "give"})
    assert await read_notice(town) == ("de", notice_digests(purpose.document)["de"])


async def test_a_prepared_answer_is_confirmed_with_the_notice_in_the_persons_language(
    town: WalletTown,
) -> None:
    purpose = await asked(town)
    town.admit("bob")
    anna, bob = reader(town, DE), town.browser("bob")
    await anna.see("/people")
    shown = await anna.send("/people/code", minutes="15")
    code = shown.partition("Your code: ")[2][:7]
    await bob.see("/people")
    await bob.send("/people/session", person="anna", code=code)
    await bob.see(f"/requests/one?purpose={purpose.iri}")
    await bob.send("/requests/answer", answer="all", period="180")
    page = await anna.see("/prepared")
    assert f'<p class="p-text" lang="de">{TEXT["de"]}</p>' in page
    await anna.send("/prepared/confirm")
    assert await read_notice(town) == ("de", notice_digests(purpose.document)["de"])


async def test_the_record_names_the_notice_in_all_languages_beside_the_one_that_was_read(
    town: WalletTown,
) -> None:
    purpose = await asked(town)
    anna = reader(town, EN)
    await anna.see(f"/requests/one?purpose={purpose.iri}")
    await anna.send("/requests/answer", answer="all", period="180")
    graph = await record(town)
    digests = set(graph.objects(None, DIGEST))
    assert digests == {Literal(purpose.notice_digest), Literal(notice_digests(purpose.document)["en"])}


@pytest.mark.parametrize(("accepts", "name"), [(DE, "German"), (EN, "English"), ("it", "italiano")])
async def test_the_consents_own_page_says_in_which_language_the_notice_was_read_and_shows_it_so(
    town: WalletTown, accepts: str, name: str
) -> None:
    purpose = await asked(town)
    anna = reader(town, accepts)
    await anna.see(f"/requests/one?purpose={purpose.iri}")
    await anna.send("/requests/answer", answer="all", period="180")
    (grant,) = await town.owner("anna").grants()
    code = (await read_notice(town))[0]
    assert grant.language == code
    anna.http.headers["Accept-Language"] = "it" if accepts == "it" else "en"
    page = await anna.see(f"/grants/{grant.id}")
    heading = "Informativa letta in" if accepts == "it" else "Notice read in"
    assert f"<dt>{heading}</dt><dd>{name} ·" in page
    assert notice_digests(purpose.document)[code] in page
    assert f">{TEXT[code]}</p>" in page
    assert all(text not in page for other, text in TEXT.items() if other != code)


async def test_a_consent_of_which_nobody_said_it_shows_the_notice_in_the_readers_language(
    town: WalletTown,
) -> None:
    purpose = await asked(town)
    end = float(int(town.clock() + 90 * 86_400))
    given = await town.owner("anna").give(purpose.iri, purpose.items, end)
    assert given.language == ""
    page = await reader(town, DE).see(f"/grants/{given.id}")
    assert f'<p class="p-text" lang="de">{TEXT["de"]}</p>' in page
    assert "Notice read in" not in page
