"""The staff of an administration handle a breach in a real browser."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from apps.breaches.main import application
from consent.rights.deadlines import ROME
from pods import activity
from pods.model import Agent, WebId
from pods.model import Path as PodPath
from tests.browser.test_insight import check, log_in
from tests.insight_town import InsightTown, insight_town

READ = 3  # people whose purchases the administration read


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsightTown]:
    with insight_town(tmp_path_factory.mktemp("breaches"), application) as found:
        pods = found.settle(READ + 1)
        with found.core.store.writing() as tx:
            for key in pods[:READ]:
                pod = tx.pod_by_key(key)
                assert pod is not None
                activity.append(
                    *(tx, key),
                    agent=Agent(WebId(str(found.organisation.webid))),
                    path=PodPath(f"{pod.root}purchases/2017-03/b1.ttl"),
                    action="read",
                    decision=activity.PERMIT,
                    at=time.time() - 60,
                )
        yield found


@pytest.fixture(scope="module")
def shots() -> Path | None:
    """A folder for pictures of the pages, for people to look at, if PORTICO_SHOTS names one."""
    folder = os.environ.get("PORTICO_SHOTS")
    return Path(folder) if folder else None


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def test_a_breach_is_reported_counted_told_and_closed(
    served: InsightTown, context: BrowserContext, shots: Path | None
) -> None:
    page = context.new_page()
    log_in(page, f"{served.apps}/breaches/staff")
    page.get_by_role("link", name="Segnala una violazione").click()
    now = datetime.now(ROME)
    page.get_by_role("button", name="Apri la voce e conta").click()
    expect(page.get_by_text("Scrivi che cosa è successo.")).to_be_visible()
    check(page, "breach-refused", shots)
    page.get_by_label("Che cosa è successo").fill("Un portatile con le chiavi di accesso è stato rubato.")
    page.get_by_label("Inizio").fill(written(now - timedelta(hours=2)))
    page.get_by_label("Fine").fill(written(now))
    page.get_by_label("Acquisti").check()
    check(page, "breach-new", shots)
    page.get_by_role("button", name="Apri la voce e conta").click()
    expect(page.get_by_text("La voce è aperta.")).to_be_visible()
    expect(page.get_by_text("0 di 3")).to_be_visible()
    expect(page.get_by_text(re.compile("restano 7[12] ore"))).to_be_visible()
    page.get_by_label("Probabili conseguenze").fill("Qualcuno può sapere che cosa hai comprato a marzo.")
    page.get_by_label("Misure").fill("Le chiavi sono state revocate. Non devi fare nulla.")
    page.get_by_label("Contatto").fill("dpo@comune.example")
    page.get_by_role("button", name="Salva la descrizione").click()
    check(page, "breach", shots)
    with page.expect_download() as download:
        page.get_by_role("link", name="Scarica la notifica").click()
    assert "Interessati, secondo il registro degli accessi: 3" in download.value.path().read_text("utf-8")
    page.get_by_role("button", name="Invia l'avviso a 3 persone").click()
    expect(page.get_by_text("3 di 3")).to_be_visible()
    page.get_by_role("button", name="L'autorità è stata avvisata").click()
    expect(page.get_by_text("avvisata il")).to_be_visible()
    page.get_by_label("Motivo").fill("Nessuna copia trovata.")
    page.get_by_role("button", name="Chiudi", exact=True).click()
    expect(page.get_by_text("chiusa: Nessuna copia trovata.")).to_be_visible()
    check(page, "breach-closed", shots)
    page.goto(f"{served.apps}/breaches/staff")
    expect(page.get_by_text("avvisi consegnati: 3")).to_be_visible()
    check(page, "breaches", shots)
