"""The administration asks through insight's API; everybody reads the register."""

from __future__ import annotations

import csv
import hashlib
import io
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from rdflib import RDF, Graph, Namespace

from consent.declarations import canonical_json
from consent.model import PurposeDeclaration
from pods.protocol import jose
from tests.insight_town import PROGRAMME, InsightTown, document, insight_town
from tests.staff_session import log_in
from vocab.schemas import validate

QB = Namespace("http://purl.org/linked-data/cube#")
PEOPLE = 120


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsightTown]:
    with insight_town(tmp_path_factory.mktemp("insight")) as found:
        yield found


@pytest.fixture(scope="module")
def purpose(town: InsightTown) -> PurposeDeclaration:
    published = town.published()
    town.agree(town.settle(PEOPLE), published)
    return published


def query(purpose: PurposeDeclaration, **members: Any) -> dict[str, Any]:
    return {
        "programme": purpose.programme,
        "measure": {"function": "people"},
        "group_by": ["Profile.district"],
        "where": [],
        "period": PROGRAMME["period"],
        "rho": 0.05,
        **members,
    }


def post(town: InsightTown, place: str, body: Any, **options: Any) -> httpx.Response:
    auth = options.pop("auth", town.secret)
    return httpx.post(f"{town.apps}/insight/api{place}", json=body, auth=auth, timeout=60, trust_env=False)


def ask(town: InsightTown, purpose: PurposeDeclaration, **members: Any) -> httpx.Response:
    return post(town, "/questions", {"purpose": purpose.iri, "query": query(purpose, **members)})


def read(url: str, accept: str = "application/json") -> httpx.Response:
    return httpx.get(url, headers={"accept": accept}, timeout=60, trust_env=False)


def test_a_question_is_answered_with_a_release_that_fits_its_schema(
    town: InsightTown, purpose: PurposeDeclaration
) -> None:
    answer = ask(town, purpose)
    assert answer.status_code == 200, answer.text
    release = answer.json()
    validate("release", release)
    values = {cell["key"][0]: cell["value"] for cell in release["cells"]}
    # Thirty people in each of four districts, sigma 3.2; nobody in the others.
    assert all(abs(values[code] - PEOPLE / 4) < 25 for code in "abcd" if values[code] is not None)
    assert sum(values[code] is not None for code in "abcd") >= 2
    assert release["budget"]["rho_left"] < 1


def test_the_same_question_again_is_the_stored_answer(town: InsightTown, purpose: PurposeDeclaration) -> None:
    first, second = (ask(town, purpose, group_by=["Profile.ageClass"]).json() for _ in range(2))
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["cells"] == first["cells"]
    assert second["budget"]["rho_spent"] == first["budget"]["rho_spent"]


def test_a_release_is_signed_by_the_host(town: InsightTown, purpose: PurposeDeclaration) -> None:
    iri = ask(town, purpose, rho=0.01).json()["id"]
    document = read(iri).json()
    jws = jose.parse(document.pop("signature"))
    keys = {one["kid"]: jose.public_key(one) for one in read(f"{town.pods}/.oidc/jwks").json()["keys"]}
    assert keys[str(jws.header.kid)].verifies(jws.header.alg, jws.signing_input, jws.signature)
    assert jws.claims["sub"] == iri
    assert jws.claims["sha256"] == hashlib.sha256(canonical_json(document)).hexdigest()


def test_a_release_is_also_csv_and_a_data_cube(town: InsightTown, purpose: PurposeDeclaration) -> None:
    release = ask(town, purpose, group_by=["Purchase.category"]).json()
    rows = list(csv.DictReader(io.StringIO(read(release["id"], "text/csv").text)))
    assert [row["Purchase.category"] for row in rows] == [cell["key"][0] for cell in release["cells"]]
    assert [row["people"] for row in rows] == [
        "" if cell["value"] is None else str(cell["value"]) for cell in release["cells"]
    ]
    cube = Graph().parse(data=read(release["id"], "text/turtle").text, format="turtle")
    assert len(list(cube.subjects(RDF.type, QB.Observation))) == len(release["cells"])
    assert len(list(cube.subjects(RDF.type, QB.DataStructureDefinition))) == 1
    assert read(release["id"], "image/png").status_code == 406


@pytest.mark.parametrize(
    ("members", "part"),
    [
        ({"group_by": ["Profile.name"]}, "/group_by/0: 'Profile.name' is not a dimension"),
        ({"rho": 5}, "costs rho 5"),
        ({"period": {"from": "2016-01", "to": "2017-01"}}, "stay within the programme's"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(
    town: InsightTown, purpose: PurposeDeclaration, members: dict[str, Any], part: str
) -> None:
    answer = ask(town, purpose, **members)
    assert answer.status_code in (409, 422)
    assert part in answer.json()["detail"]


def test_refused_questions_stand_in_the_public_register(
    town: InsightTown, purpose: PurposeDeclaration
) -> None:
    ask(town, purpose, group_by=["Profile.income"])
    entries = read(f"{purpose.programme}/questions").json()
    refused = [one for one in entries if one["query"]["group_by"] == ["Profile.income"]]
    assert refused
    assert refused[0]["outcome"] == "refused"
    assert refused[0]["asked_by_name"] == "Comune"
    assert "Profile.income" in refused[0]["reason"]


def test_the_ledger_adds_up_to_what_is_spent(town: InsightTown, purpose: PurposeDeclaration) -> None:
    ask(town, purpose)
    programme = read(str(purpose.programme)).json()
    reserved = sum(one["rho"] for one in programme["ledger"] if one["event"] == "reserve")
    assert reserved == pytest.approx(programme["budget"]["rho_spent"], abs=1e-9)


def test_the_number_of_participants_is_noisy_and_stays_for_the_day(
    town: InsightTown, purpose: PurposeDeclaration
) -> None:
    first, second = (post(town, "/participants", {"purpose": purpose.iri}).json() for _ in range(2))
    assert first["people"] == second["people"]
    assert first["low"] <= first["people"] <= first["high"]
    assert abs(first["people"] - PEOPLE) < 7 * 15.9


def test_only_the_owner_of_a_purpose_asks_under_it(town: InsightTown, purpose: PurposeDeclaration) -> None:
    assert post(town, "/questions", {"purpose": purpose.iri, "query": {}}, auth=("x", "y")).status_code == 401
    other = post(town, "/questions", {"purpose": f"{town.pods}/.consent/purposes/no/1", "query": {}})
    assert other.status_code == 403


def test_terms_that_nobody_could_grant_are_not_published(town: InsightTown) -> None:
    terms = {"dimensions": [*PROGRAMME["dimensions"], "Profile.income"]}
    answer = post(town, "/programmes", document("narrow", **terms))
    assert answer.status_code == 422
    assert "/programme/dimensions/4" in answer.json()["detail"]


@pytest.mark.parametrize(
    "wrong", [{"id": "\x00<x>"}, {"id": "../x?y#z"}, {"k_min": "9" * 400}, {"rho_total": "1e999"}]
)
async def test_a_mistake_in_the_form_of_a_programme_is_said_on_its_page(
    town: InsightTown, wrong: dict[str, str]
) -> None:
    typed = {"id": "sbagliato", "l0": "2", "rho_total": "1", "k_min": "10", "min_participants": "10"}
    async with httpx.AsyncClient(base_url=town.apps, timeout=60, trust_env=False) as http:
        folder = town.core.settings.data.parent / "apps"
        staff = log_in(http, folder, "insight", town.organisation.webid or "", time.time)
        answer = await staff.post("/insight/staff/new", {**typed, **wrong})
    assert answer.status_code == 422
    assert 'name="k_min"' in answer.text, "what was typed is still there"


@pytest.mark.parametrize("place", ["programmes", "releases"])
def test_a_name_that_cannot_be_one_is_not_found(town: InsightTown, place: str) -> None:
    for name in ("%00", "a%3Fb%23c", "%22", "x" * 3000):
        assert read(f"{town.apps}/insight/{place}/{name}", "text/html").status_code == 404


def test_what_an_app_keeps_names_nobody(town: InsightTown, purpose: PurposeDeclaration) -> None:
    """Rule 1 of the design: insight has log-in sessions and no data of its own."""
    folder = town.core.settings.data.parent / "apps"
    assert not [one for one in folder.rglob("*") if one.suffix in (".duckdb", ".csv", ".parquet")]
    kept = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    assert b"district" not in kept
    assert b"/p0-" not in kept


@pytest.mark.parametrize("language", ["it", "en"])
def test_public_pages_are_there_in_both_languages(
    town: InsightTown, purpose: PurposeDeclaration, language: str
) -> None:
    release = ask(town, purpose).json()["id"].rpartition("/")[2]
    programme = str(purpose.programme).rpartition("/")[2]
    for place in ("", "questions", f"programmes/{programme}", f"releases/{release}"):
        page = read(f"{town.apps}/insight/{place}?lang={language}", "text/html")
        assert page.status_code == 200, page.text
        assert f'<html lang="{language}">' in page.text
    chart = read(f"{town.apps}/insight/releases/{release}/chart.svg")
    assert chart.headers["content-type"].startswith("image/svg+xml")
    for suffix in ("csv", "ttl", "json"):
        assert read(f"{town.apps}/insight/releases/{release}/table.{suffix}").status_code == 200


def test_staff_pages_ask_for_a_log_in(town: InsightTown) -> None:
    page = read(f"{town.apps}/insight/staff", "text/html")
    assert page.status_code == 303
    assert page.headers["location"].startswith("/insight/login")
