"""What the register gives beside asking: who was verified, records of processing, and drafts of assessments."""

import csv
import io
from typing import Any

import pytest
from rdflib import Graph, Literal, Namespace, URIRef

from consent import controllers, registry_sql
from consent.http import impact
from consent.http.activities import COLUMNS, MEASURES
from consent.http.on_behalf import MEASURES as OWN_MEASURES
from consent.http.on_behalf import markdown
from consent.model import OutputMode
from consent.processor import Operator
from tests.consent_host import PROGRAMME, ROWS, Town, declaration, item
from tests.pod_host import ORIGIN
from vocab import jsonld
from vocab.pages.catalogues import Catalogues

DPV = Namespace("https://w3id.org/dpv#")
RECORDS = f"{ORIGIN}/.consent/processing-records"


async def read(host: Town, url: str, media_type: str, language: str = "it") -> str:
    answer = await host.http.get(url, headers={"accept": media_type, "accept-language": language})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    return answer.text


async def test_what_the_operator_checked_is_public_and_names_the_keys(host: Town) -> None:
    coop = await host.organisation("coop", approved=False)
    with host.core.store.writing() as tx:
        controllers.verify(tx, coop.webid, "Registro imprese BZ-123456", host.clock())
    (listed,) = (await host.http.get(f"{ORIGIN}/.consent/controllers")).json()
    assert listed["state"] == "approved"
    assert listed["verification"]["evidence"] == "Registro imprese BZ-123456"
    assert listed["verification"]["keys"] == [key["kid"] for key in listed["jwks"]["keys"]]


async def test_new_keys_wait_for_the_operator_again(host: Town) -> None:
    coop = await host.organisation("coop")
    other = await host.organisation("other")
    with host.core.store.writing() as tx:
        known = registry_sql.controller(tx, other.webid)
        assert known is not None
        changed = controllers.register(
            tx,
            coop.webid,
            {
                "name": "Coop",
                "kind": "cooperative",
                "contact": "info@coop.example",
                "dpo": "dpo@coop.example",
                "jwks": dict(known.jwks),
            },
            host.clock(),
        )
    assert changed.state.value == "pending"


async def test_the_page_of_organisations_shows_contacts_and_former_versions(host: Town) -> None:
    coop = await host.organisation("coop")
    first = await coop.service.publish(declaration([ROWS]))
    second = await coop.service.publish(declaration([ROWS], version=2))
    page = await read(host, f"{ORIGIN}/.consent/controllers", "text/html")
    assert "dpo@coop.example" in page
    assert first.iri in page
    assert second.iri in page


async def test_records_of_processing_are_linked_data_with_controller_and_measures(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    document: Any = (await host.http.get(RECORDS, headers={"accept": "application/ld+json"})).json()
    graph: Graph = jsonld.graph(document, RECORDS)
    assert (URIRef(purpose.iri), DPV.hasDataController, URIRef(coop.webid)) in graph
    assert (URIRef(coop.webid), DPV.hasDataProtectionOfficer, Literal("dpo@coop.example")) in graph
    measures = {str(text) for text in graph.objects(URIRef(purpose.iri), DPV.hasTechnicalMeasure)}
    assert measures == set(MEASURES)


async def test_records_of_one_controller_as_a_table_former_versions_too(host: Town) -> None:
    coop, rival = await host.organisation("coop"), await host.organisation("rival")
    for version in (1, 2):
        await coop.service.publish(declaration([ROWS], version=version, recipients=["=HYPERLINK(1)"]))
    await rival.service.publish(declaration([ROWS], identifier="rival"))
    text = await read(host, f"{RECORDS}?controller={coop.webid.replace('#', '%23')}", "text/csv")
    header, *rows = list(csv.reader(io.StringIO(text)))
    assert tuple(header) == COLUMNS
    told = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["version"], row["current"]) for row in told] == [("2", "yes"), ("1", "no")]
    assert told[0]["recipients"] == "'=HYPERLINK(1)", "a spreadsheet must not run what somebody published"
    assert "rival" not in text


async def test_records_are_a_page_too(host: Town) -> None:
    coop = await host.organisation("coop")
    await coop.service.publish(declaration([ROWS]))
    assert "Registro dei trattamenti" in await read(host, RECORDS, "text/html")
    assert "Records of processing" in await read(host, RECORDS, "text/html", "en")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "it",
            (
                "Registro delle attività di trattamento",
                "(e) Trasferimenti verso paesi terzi",
                "Consenso (GDPR",
            ),
        ),
        ("en", ("Records of processing activities", "(e) Transfers to third countries", "Consent (GDPR")),
    ],
)
async def test_records_are_a_document_with_every_particular_of_article_30(
    host: Town, language: str, words: tuple[str, ...]
) -> None:
    coop = await host.organisation("coop")
    await coop.service.publish(declaration([ROWS]))
    text = await read(host, RECORDS, "text/markdown", language)
    for letter in "abcdefg":
        assert f"- **({letter}) " in text
    for part in (*words, "dpo@coop.example"):
        assert part in text
    assert "gdpr:" not in text, "codes are for programs"
    assert "rows" not in text


async def test_an_unchecked_name_stands_on_no_page(host: Town) -> None:
    await host.organisation("coop")
    await host.organisation("rival", approved=False)
    page = await read(host, f"{ORIGIN}/.consent/controllers", "text/html")
    assert "Coop" in page
    assert "Rival" not in page
    assert "1 organizzazione attende" in page


async def test_a_public_task_is_shown_as_something_to_object_to(host: Town) -> None:
    coop = await host.organisation("coop")
    task = await coop.service.publish(declaration([ROWS], legal_basis="gdpr:A6-1-e"))
    page = await read(host, task.iri, "text/html")
    assert "Compito di interesse pubblico" in page
    assert "puoi opporti in un solo passo" in page


async def test_a_draft_of_an_assessment_goes_through_article_35_and_marks_what_is_missing(host: Town) -> None:
    coop = await host.organisation("coop")
    counted = item("Purchase", ("orderedAt", "seller"), "aggregateOnly")
    totals = await coop.service.publish(declaration([counted], identifier="totals", programme=PROGRAMME))
    special = await coop.service.publish(declaration([ROWS], legal_basis="gdpr:A9-2-a"))
    text = await read(host, totals.iri + "/impact-assessment", "text/markdown")
    for part in (
        *("## Che cosa è previsto", "## La valutazione è obbligatoria?", "## Necessità e proporzionalità"),
        *("## Rischi", "## Diritti delle persone interessate", "## Parere e decisione"),
        *("a partire da 20 persone", "ρ = 1.0", "No: i totali non servono a decisioni su una persona."),
    ):
        assert part in text
    assert text.count("\\[da valutare\\]") >= 6
    of_special = await read(host, special.iri + "/impact-assessment", "text/markdown")
    assert "Sì: si chiede il consenso per categorie particolari di dati." in of_special
    assert "entro il 31 dicembre 2027" in of_special


async def test_a_draft_of_an_assessment_follows_the_modes_and_judges_nothing(host: Town) -> None:
    coop = await host.organisation("coop")
    rows = await coop.service.publish(declaration([ROWS]))
    counted = item("Purchase", ("orderedAt", "seller"), "aggregateOnly")
    totals = await coop.service.publish(declaration([counted], identifier="totals", programme=PROGRAMME))
    of_rows = await read(host, rows.iri + "/impact-assessment", "text/markdown", "en")
    of_totals = await read(host, totals.iri + "/impact-assessment", "text/markdown", "en")
    assert impact.RISKS[OutputMode.ROWS][0] in of_rows
    assert impact.RISKS[OutputMode.ROWS][0] not in of_totals
    assert impact.RISKS[OutputMode.AGGREGATE_ONLY][0] in of_totals
    for text in (of_rows, of_totals):
        assert "It is no legal assessment" in text
        assert "What the organisation has to decide and to write itself" in text
    assert "Non è una valutazione giuridica" in await read(host, rows.iri + "/impact-assessment", "text/html")


async def test_published_texts_are_no_markup_in_a_draft(host: Town) -> None:
    coop = await host.organisation("coop")
    texts = {"it": "<script>x</script> [qui](http://evil.example)\n# Titolo"}
    purpose = await coop.service.publish(
        declaration([ROWS], title=texts, text=texts, consequence_of_refusal=texts)
    )
    draft = await read(host, purpose.iri + "/impact-assessment", "text/markdown")
    assert "<script>" not in draft.replace("\\<", "")
    assert "](http" not in draft.replace("\\]", "")
    assert "\n# Titolo" not in draft


@pytest.mark.parametrize("mode", list(OutputMode))
def test_every_mode_has_risks_and_measures(mode: OutputMode) -> None:
    assert impact.RISKS[mode]
    assert impact.ENFORCED[mode]


PROCESSOR = f"{ORIGIN}/.consent/processor-records"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "it",
            (
                "Registro del gestore come responsabile del trattamento",
                "consegnare le proprietà concesse",
                "da scrivere a cura del gestore",
            ),
        ),
        (
            "en",
            (
                "Records of the operator as a processor",
                "handing over the granted properties",
                "to be written by the operator",
            ),
        ),
    ],
)
@pytest.mark.parametrize("media_type", ["text/markdown", "text/html", "text/csv"])
async def test_the_operator_s_records_name_every_controller_and_what_is_done_for_it(
    host: Town, language: str, words: tuple[str, ...], media_type: str
) -> None:
    coop, _ = await host.organisation("coop"), await host.organisation("idle")
    await host.organisation("unchecked", approved=False)
    await coop.service.publish(declaration([ROWS]))
    text = await read(host, PROCESSOR, media_type, language)
    for part in (*words[media_type == "text/csv" :], "dpo@coop.example", "info@idle.example"):
        assert part in text
    assert "Unchecked" not in text, "the host processes nothing for who was not approved"
    assert text.count(words[1]) == 1, "nothing is read for an organisation without a purpose"
    if media_type == "text/markdown":
        assert all(f"- **({letter}) " in text for letter in "abcd")


async def test_the_operator_s_records_are_linked_data(host: Town) -> None:
    coop = await host.organisation("coop")
    await coop.service.publish(declaration([ROWS]))
    document: Any = (await host.http.get(PROCESSOR, headers={"accept": "application/ld+json"})).json()
    graph: Graph = jsonld.graph(document, PROCESSOR)
    (process,) = graph.subjects(DPV.hasDataProcessor, URIRef(ORIGIN + "/"))
    assert (process, DPV.hasDataController, URIRef(coop.webid)) in graph
    assert len(list(graph.objects(process, DPV.hasTechnicalOrganisationalMeasure))) == len(OWN_MEASURES)


def test_what_the_settings_say_of_the_operator_stands_in_its_records() -> None:
    operator = Operator(ORIGIN + "/", "Comune", "ced@comune.example", "rpd@comune.example", "Nessuno.")
    text = markdown(operator, [], Catalogues([])["en"])
    for part in ("Comune, ced@comune.example", "rpd@comune.example", "Nessuno."):
        assert part in text
    assert "to be written" not in text
