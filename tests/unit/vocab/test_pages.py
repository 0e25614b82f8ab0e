"""The shared layout: languages, forms that cannot be forged, security headers, problem pages."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vocab.pages import ForgedForm, Navigation, Pages, about_routes, static_routes

ORIGIN = "https://town.example"


@pytest.fixture
def site(tmp_path: Path) -> Starlette:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "form.html").write_text(
        '{% extends "pages/base.html" %}{% block title %}Form{% endblock %}{% block content %}'
        "<h1>{{ 14320 | money }}</h1>{% block part %}<p>{{ asked }}</p>{% endblock %}"
        '<form method="post">{{ csrf_field() }}</form>{% endblock %}'
    )
    pages = Pages(
        [tmp_path],
        name="test",
        origin=ORIGIN,
        navigation=[Navigation("Privacy notice", "/about/privacy", "p")],
    )

    async def show(request: Request) -> Response:
        block = "part" if "part" in request.query_params else None
        return pages.render(request, "form.html", block=block, asked="<script>")

    async def send(request: Request) -> Response:
        try:
            await pages.guard.form(request)
        except ForgedForm as error:
            return pages.problem(request, 403, "Not sent", str(error))
        return PlainTextResponse("taken")

    return Starlette(
        routes=[Route("/", show), Route("/", send, methods=["POST"]), *about_routes(pages), *static_routes()]
    )


@pytest.fixture
def browser_like(site: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(site), base_url=ORIGIN, headers={"Accept": "text/html,*/*;q=0.1"}
    )


def token_in(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


async def test_the_first_language_is_italian_and_a_followed_link_is_remembered(
    browser_like: httpx.AsyncClient,
) -> None:
    assert '<html lang="it">' in (await browser_like.get("/")).text
    assert '<html lang="en">' in (await browser_like.get("/?lang=en")).text
    remembered = await browser_like.get("/")
    assert '<html lang="en">' in remembered.text
    assert "Skip to the content" in remembered.text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("en-GB,en;q=0.9", "en"), ("de,it;q=0.4,en;q=0.5", "en"), ("de", "it"), ("en;q=x", "it")],
)
async def test_the_browsers_preference_decides_before_the_reader_does(
    browser_like: httpx.AsyncClient, accepted: str, language: str
) -> None:
    answer = await browser_like.get("/", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}">' in answer.text


async def test_values_are_escaped_and_money_is_written_the_italian_way(
    browser_like: httpx.AsyncClient,
) -> None:
    page = (await browser_like.get("/")).text
    assert "&lt;script&gt;" in page
    assert "143,20\u00a0€" in page


async def test_a_block_alone_can_be_rendered(browser_like: httpx.AsyncClient) -> None:
    assert (await browser_like.get("/?part=1")).text == "<p>&lt;script&gt;</p>"


async def test_pages_allow_nothing_inline_nothing_foreign_and_no_frame(
    browser_like: httpx.AsyncClient,
) -> None:
    answer = await browser_like.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


async def test_our_own_form_is_taken(browser_like: httpx.AsyncClient) -> None:
    token = token_in((await browser_like.get("/")).text)
    answer = await browser_like.post("/", data={"csrf": token}, headers={"Origin": ORIGIN})
    assert answer.text == "taken"


async def test_a_form_without_our_token_is_refused(browser_like: httpx.AsyncClient) -> None:
    await browser_like.get("/")
    assert (await browser_like.post("/", data={"csrf": "guess"})).status_code == 403
    assert (await browser_like.post("/", data={})).status_code == 403


async def test_a_token_of_another_session_is_refused(browser_like: httpx.AsyncClient) -> None:
    token = token_in((await browser_like.get("/")).text)
    browser_like.cookies.clear()
    await browser_like.get("/")
    assert (await browser_like.post("/", data={"csrf": token})).status_code == 403


async def test_a_form_from_another_site_is_refused_even_with_our_token(
    browser_like: httpx.AsyncClient,
) -> None:
    token = token_in((await browser_like.get("/")).text)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await browser_like.post("/", data={"csrf": token}, headers=headers)).status_code == 403


async def test_programs_get_a_problem_document_and_people_a_page(browser_like: httpx.AsyncClient) -> None:
    page = await browser_like.post("/", data={})
    assert "<h1>Not sent</h1>" in page.text
    document = await browser_like.post("/", data={}, headers={"Accept": "application/json"})
    assert document.headers["content-type"] == "application/problem+json"
    assert document.json()["status"] == 403


@pytest.mark.parametrize("page", ["accessibility", "privacy", "source"])
async def test_the_footers_pages_exist(browser_like: httpx.AsyncClient, page: str) -> None:
    assert f"/about/{page}" in (await browser_like.get("/")).text
    assert (await browser_like.get(f"/about/{page}")).status_code == 200


async def test_an_unknown_page_is_said_to_be_missing(browser_like: httpx.AsyncClient) -> None:
    answer = await browser_like.get("/about/nothing")
    assert answer.status_code == 404
    assert "Pagina non trovata" in answer.text


async def test_every_file_that_the_layout_names_is_served(browser_like: httpx.AsyncClient) -> None:
    page = (await browser_like.get("/")).text
    names = {part.split('"')[0].split("#")[0] for part in page.replace('href="', 'src="').split('src="')[1:]}
    static = {name for name in names if name.startswith("/static/")}
    assert len(static) >= 6
    for name in static:
        assert (await browser_like.get(name)).status_code == 200, name
