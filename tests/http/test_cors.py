"""Cross-origin access as Solid Protocol section 7 wants it, on every answer."""

import pytest

from tests.pod_host import PodHost

APP = "https://app.example"
EXPOSED = ("ETag", "Link", "Location", "WAC-Allow", "WWW-Authenticate", "Accept-Patch", "Allow")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", "/anna/profile/card", 200), ("GET", "/anna/", 401), ("PUT", "/anna/x", 401)),
        *(
            ("GET", "/anna/%2f", 400),
            ("TRACE", "/anna/", 405),
            ("GET", "/.well-known/openid-configuration", 200),
        ),
        *(("GET", "/.nowhere", 404), ("OPTIONS", "/anna/x", 204), ("OPTIONS", "/.nowhere", 204)),
    ],
)
async def test_every_answer_echoes_the_origin(host: PodHost, method: str, path: str, status: int) -> None:
    answer = await host.stranger.request(method, path, headers={"origin": APP})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, APP)
    assert "Origin" in answer.headers["vary"]
    for name in EXPOSED:
        assert name in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


OF_THE_BROWSER = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-",
    "access-control-",
)
"""Begin the names of fields that tell the browser something, and scripts nothing."""


async def test_every_field_that_an_answer_holds_is_exposed(host: PodHost) -> None:
    await host.anna.put("/anna/box/photo.png", b"abc", "image/png")
    answers = [
        await host.anna.get("/anna/", origin=APP, prefer="return=representation; max-member-count=1"),
        await host.anna.get("/anna/profile/card?form=ttl", origin=APP),
        await host.anna.get("/anna/box/photo.png", origin=APP, range="bytes=0-1"),
        await host.anna.put("/anna/x.ttl", "<#a> <#b> <#c>.", origin=APP),
        await host.anna.put("/anna/x.ttl", b"..", content_encoding="gzip", origin=APP),
        await host.stranger.get("/anna/", origin=APP),
        await host.stranger.get("/.oidc/jwks", origin=APP),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 206, 201, 415, 401, 200]
    for answer in answers:
        exposed = {*answer.headers["access-control-expose-headers"].lower().split(", "), "cache-control"}
        named = {name for name in answer.headers if not name.startswith(OF_THE_BROWSER)}
        assert named - exposed == set()


@pytest.mark.parametrize("status", [403, 404, 409, 412])
async def test_refusals_echo_the_origin_too(host: PodHost, status: int) -> None:
    await host.anna.put("/anna/box/x", "<#a> <#b> <#c>.")
    answers = {
        403: await host.bob.get("/anna/", origin=APP),
        404: await host.anna.get("/anna/nothing", origin=APP),
        409: await host.anna.delete("/anna/box/", origin=APP),
        412: await host.anna.put("/anna/box/x", "", if_none_match="*", origin=APP),
    }
    assert answers[status].status_code == status
    assert answers[status].headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize("path", ["/anna/", "/anna/nothing", "/nobody/x", "/.oidc/token"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_a_preflight_is_answered_without_a_body(host: PodHost, path: str, method: str) -> None:
    answer = await host.stranger.request(
        "OPTIONS",
        path,
        headers={
            "origin": APP,
            "access-control-request-method": method,
            "access-control-request-headers": "dpop, x-a",
        },
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert method in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "dpop, x-a"
    assert "Accept" not in answer.headers["access-control-allow-headers"]
    assert "ETag" in answer.headers["access-control-expose-headers"]


async def test_options_without_an_origin_tells_what_is_possible(host: PodHost) -> None:
    answer = await host.stranger.request("OPTIONS", "/anna/")
    assert answer.status_code == 204
    assert "POST" in answer.headers["allow"]
    assert "storageDescription" in answer.headers["link"]
    assert "access-control-allow-origin" not in answer.headers


async def test_pod_content_is_no_service_worker(host: PodHost) -> None:
    await host.anna.put("/anna/sw.js", "self", "text/javascript")
    assert (await host.anna.get("/anna/sw.js", service_worker="script")).status_code == 403


async def test_pod_content_is_powerless_as_a_page(host: PodHost) -> None:
    await host.anna.put("/anna/page.html", "<script>alert(1)</script>", "text/html")
    headers = (await host.anna.get("/anna/page.html")).headers
    assert headers["content-security-policy"].startswith("sandbox;")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["referrer-policy"] == "no-referrer"
