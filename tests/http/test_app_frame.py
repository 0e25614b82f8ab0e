"""What the four apps have in common is the same in all four, row by row."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from apps.breaches.main import application as breaches
from apps.checkin.main import application as checkin
from apps.insight.main import application as insight
from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from apps.valueback.main import application as valueback
from consent.client import PurposeKey
from pods.client import SolidError
from tests.staff_session import HTML, Staff, log_in

APPS = "http://localhost:8082"
SAFE = "https://apps.example"
WEBID = "http://localhost:8080/coop/profile/card#me"
FACTORIES: dict[str, Callable[..., ASGIApp]] = {
    "insight": insight,
    "valueback": valueback,
    "checkin": checkin,
    "breaches": breaches,
}
STAFF = {name: f"/{name}/staff" for name in FACTORIES}
REACHING_THE_HOST = {  # a page of each app that asks the pod host
    "insight": "/insight/staff",
    "breaches": "/breaches/staff",
}
FIELDS = {
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=()",
    "cross-origin-opener-policy": "same-origin",
}
PROGRAM = {"accept": "application/json"}
OWN = Organisation(
    *("coop", "Cooperativa", WEBID),
    issuer="http://localhost:8080/",
    client_id="coop",
    client_secret="a secret of the cooperative",
    purpose_jwk=PurposeKey.generate().private_jwk(),
)


@dataclass(frozen=True)
class Case:
    """One app, its browser, and a pod host that answers as the test wants."""

    name: str
    http: httpx.AsyncClient
    folder: Path

    def staff(self) -> Staff:
        return log_in(self.http, self.folder, self.name, WEBID, time.time)


Opened = Callable[..., Case]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Return what opens an app over a pod host that is a function from a request to an answer."""
    Organisations(tmp_path).write(OWN)

    def opener(
        name: str, host: Callable[[httpx.Request], httpx.Response] | None = None, origin: str = APPS
    ) -> Case:
        more: dict[str, Any] = {"transport": httpx.MockTransport(host)} if host else {}
        app = FACTORIES[name](AppSettings(data=tmp_path, apps_url=origin), time.time, **more)
        shown = httpx.ASGITransport(app, raise_app_exceptions=False)
        return Case(name, httpx.AsyncClient(transport=shown, base_url=origin), tmp_path)

    return opener


every_app = pytest.mark.parametrize("name", FACTORIES)


@every_app
async def test_every_answer_carries_the_security_fields(opened: Opened, name: str) -> None:
    case = opened(name)
    answers = {
        "a page": await case.http.get(f"/{name}/about/privacy", headers=HTML),
        "the way to log in": await case.http.get(STAFF[name], headers=HTML),
        "nothing there": await case.http.get(f"/{name}/nowhere", headers=HTML),
        "nothing there for a program": await case.http.get(f"/{name}/nowhere", headers=PROGRAM),
        "a method that is none": await case.http.delete(f"/{name}/", headers=PROGRAM),
        "a style sheet": await case.http.get(f"/{name}/static/desk/desk.css"),
        "the client's document": await case.http.get(f"/{name}/client.jsonld"),
        "readiness": await case.http.get(f"/{name}/ready"),
    }
    for what, answer in answers.items():
        for field, part in FIELDS.items():
            assert part in answer.headers.get(field, ""), f"{what}: {field}"
        assert "cache-control" in answer.headers, what


@every_app
async def test_an_app_says_that_it_is_up_wherever_it_runs_alone(opened: Opened, name: str) -> None:
    answer = await opened(name).http.get(f"/{name}/ready")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ready\n", "no-store")


@every_app
async def test_the_address_without_its_slash_leads_home(opened: Opened, name: str) -> None:
    answer = await opened(name).http.get(f"/{name}", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (308, f"/{name}/")


@every_app
async def test_a_language_that_was_chosen_stays_chosen(opened: Opened, name: str) -> None:
    case, place = opened(name), f"/{name}/about/privacy"
    assert '<html lang="it"' in (await case.http.get(place, headers={"accept": "text/html"})).text
    chosen = await case.http.get(f"{place}?lang=en", headers={"accept": "text/html"})
    assert "SameSite=lax" in chosen.headers["set-cookie"]
    case.http.cookies.update(chosen.cookies)
    assert '<html lang="en"' in (await case.http.get(place, headers={"accept": "text/html"})).text


@every_app
async def test_cookies_are_out_of_reach_of_scripts_and_of_plain_connections(
    opened: Opened, name: str
) -> None:
    case = opened(name, origin=SAFE)
    form = (await case.http.get(f"/{name}/login", headers=HTML)).headers["set-cookie"]
    assert f"portico_{name}_form=" in form
    assert {"HttpOnly", "SameSite=lax", "Secure"} <= {part.strip() for part in form.split(";")}


@every_app
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_nothing_there_is_said_as_the_reader_reads(opened: Opened, name: str, accept: str) -> None:
    answer = await opened(name).http.get(f"/{name}/nowhere", headers={"accept": accept})
    assert answer.status_code == 404
    if accept == "text/html":
        assert "Pagina non trovata" in answer.text
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Pagina non trovata"


@every_app
async def test_a_body_without_end_is_refused_before_it_is_read(opened: Opened, name: str) -> None:
    case, field, read = opened(name), b"text=" + b"x" * 500_000 + b"&", 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(200):
            read += 1
            yield field

    form = {"content-type": "application/x-www-form-urlencoded", **PROGRAM}
    answer = await case.http.post(f"/{name}/login", content=endless(), headers=form)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert read < 100
    stated = await case.http.post(f"/{name}/login", content=field * 20, headers=form)
    assert stated.status_code == 413


@every_app
async def test_a_failure_of_ours_tells_nothing_about_itself(opened: Opened, name: str) -> None:
    case = opened(name)
    staff = case.staff()
    (case.folder / "organisations" / "coop.json").write_text("{ broken")
    answer = await staff.http.get(STAFF[name], headers=HTML)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert not any(word in answer.text for word in ("coop.json", "Traceback", "JSONDecodeError"))


@every_app
async def test_an_account_of_no_organisation_is_told_so(opened: Opened, name: str) -> None:
    case = opened(name)
    staff = log_in(case.http, case.folder, name, "https://someone.example/#me", time.time)
    answer = await staff.http.get(STAFF[name], headers=HTML)
    assert answer.status_code == 403
    assert "This page is for organisations" in answer.text


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


def refusing(status: int, code: str = "") -> Callable[[httpx.Request], httpx.Response]:
    kind = f"https://w3id.org/portico/problems#{code}" if code else "about:blank"
    words = {"type": kind, "title": "No", "status": status, "detail": "What the host says."}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/openid-configuration":
            own = "http://localhost:8080/"
            return httpx.Response(200, json={"issuer": own, "token_endpoint": f"{own}.oidc/token"})
        if request.url.path == "/.oidc/token":
            return httpx.Response(200, json={"access_token": "a", "token_type": "DPoP", "expires_in": 60})
        return httpx.Response(status, json=words)

    return answer


WORDS_OF_THE_HOST = {
    # what the host answers, what the reader of the app gets, and the code that programs compare
    "away": (unreachable, 502, "pod-host"),
    "no, and why": (refusing(409, "budget-spent"), 409, "budget-spent"),
    "gone": (refusing(404), 404, "pod-host"),
    "it does not know us any more": (refusing(401), 502, "pod-host"),
    "busy": (refusing(503, "store-unavailable"), 503, "store-unavailable"),
    "broken": (refusing(500), 502, "pod-host"),
}


@pytest.mark.parametrize("name", REACHING_THE_HOST)
@pytest.mark.parametrize("host", WORDS_OF_THE_HOST)
async def test_what_the_pod_host_says_reaches_whoever_asked(opened: Opened, name: str, host: str) -> None:
    answers, status, code = WORDS_OF_THE_HOST[host]
    staff = opened(name, answers).staff()
    answer = await staff.http.get(REACHING_THE_HOST[name], headers=PROGRAM)
    assert (answer.status_code, answer.json()["type"].partition("#")[2]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_credentials_that_were_replaced_count_at_the_next_request(opened: Opened) -> None:
    """They are read at need: an operator who replaces a secret that leaked restarts nothing."""
    sent: list[str] = []

    def host(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.oidc/token":
            sent.append(request.headers["authorization"])
        return refusing(404)(request)

    case = opened("breaches", host)
    staff = case.staff()
    for secret in ("the first", "the second"):
        Organisations(case.folder).write(replace(OWN, client_secret=secret))
        with pytest.raises(SolidError):
            await staff.page("/breaches/staff")
    assert len(set(sent)) == 2
