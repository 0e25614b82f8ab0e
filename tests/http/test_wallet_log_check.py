"""The wallet checks a person's log by itself: it says up to when it is whole, or where it is not."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import pytest

from consent.main import extension, schemas
from pods import activity
from pods.main import Core, application, open_core
from pods.model import Agent, WebId
from pods.protocol.dpop import DpopKey
from pods.provision import create_pod, webid_for
from pods.relying_party import Session, SessionStore
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.consent_host import WALLET
from tests.serving import bound_socket, serving
from vocab.shapes import SHAPES
from wallet.discovery import Place
from wallet.main import application as wallet
from wallet.settings import WalletSettings

WALLET_ORIGIN = "http://localhost:8081"


@dataclass(frozen=True, slots=True)
class Served:
    """A pod host with anna's pod, on an address of its own."""

    core: Core
    origin: str
    pod: int

    def write(self, count: int) -> None:
        """Let somebody read so many things."""
        with self.core.store.writing() as tx:
            for _ in range(count):
                bob = Agent(WebId("https://bob.example/me"))
                at = self.core.clock()
                activity.append(
                    *(tx, self.pod), agent=bob, path="/anna/x", action="read", decision="permit", at=at
                )


@pytest.fixture
def served(tmp_path: Path, clock: SettableClock) -> Iterator[Served]:
    listener = bound_socket()
    origin = f"http://localhost:{listener.getsockname()[1]}"
    settings = PodSettings(data=tmp_path / "pods", pod_url=origin)
    core = open_core(settings, clock, schemas=schemas())
    added = extension(core)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    with core.store.writing() as tx:
        pod = create_pod(
            *(tx, "anna", webid_for(origin, "anna")),
            base=origin,
            issuer=origin + "/",
            display_name="Anna",
            at=clock(),
        )
    with serving(app, listener=listener):
        yield Served(core, origin, pod.key)


def browser(served: Served, folder: Path, clock: SettableClock) -> httpx.AsyncClient:
    """Return a browser in which anna is logged in."""
    storage, key = f"{served.origin}/anna/", DpopKey.generate()
    webid = webid_for(served.origin, "anna")
    now = int(clock())
    claims = {
        "iss": f"{served.origin}/",
        "sub": webid,
        "webid": webid,
        "aud": ["solid"],
        "client_id": WALLET,
        "cnf": {"jkt": key.thumbprint()},
        "iat": now,
        "exp": now + 3600,
        "jti": "one",
    }
    session = Session(
        webid=webid,
        issuer=f"{served.origin}/",
        token_endpoint=f"{served.origin}/.oidc/token",
        dpop_jwk=key.private_jwk(),
        access_token=served.core.keys.sign(claims, "at+jwt"),
        expires_at=clock() + 3600,
    )
    containers = {shape.name: storage + shape.container for shape in SHAPES.values()}
    place = Place(webid, "Anna Bianchi", storage, containers, consent=True)
    store = SessionStore(folder / "wallet.sqlite", folder / "wallet.key", clock=clock)
    name = store.start({"session": asdict(session), "known": place.plain()})
    store.close()
    app = wallet(WalletSettings(data=folder, wallet_url=WALLET_ORIGIN, pod_url=served.origin), clock)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=WALLET_ORIGIN, headers={"Accept": "text/html"}
    )
    client.cookies.set("portico_wallet", name)
    return client


async def test_the_log_is_verified_and_what_was_seen_is_kept_in_the_browser(
    served: Served, tmp_path: Path, clock: SettableClock
) -> None:
    served.write(3)
    async with browser(served, tmp_path, clock) as anna:
        assert 'href="/log/verify"' in (await anna.get("/log")).text
        first = await anna.get("/log/verify")
        assert "Il registro è completo" in first.text
        assert "3 voci si susseguono" in first.text
        (cookie,) = (one for one in anna.cookies.jar if one.name.startswith("portico_log_"))
        assert cookie.has_nonstandard_attr("HttpOnly")
        served.write(2)
        second = await anna.get("/log/verify")
        assert "5 voci si susseguono" in second.text
        assert "questo browser ha visto" in second.text


async def test_a_log_that_was_changed_is_told_to_its_owner(
    served: Served, tmp_path: Path, clock: SettableClock
) -> None:
    served.write(3)
    async with browser(served, tmp_path, clock) as anna:
        await anna.get("/log/verify")
        with served.core.store.writing() as tx:
            tx.execute("DELETE FROM access_line WHERE seq = 2")
        page = await anna.get("/log/verify")
    assert page.status_code == 200
    assert "Il registro non è più quello di prima" in page.text
    assert "Manca la voce 2." in page.text


async def test_a_host_that_begins_anew_is_found_by_what_the_browser_kept(
    served: Served, tmp_path: Path, clock: SettableClock
) -> None:
    served.write(3)
    async with browser(served, tmp_path, clock) as anna:
        await anna.get("/log/verify")
        with served.core.store.writing() as tx:
            for table in ("log_node", "log_checkpoint", "pod_log", "access_line"):
                tx.execute(f"DELETE FROM {table}")  # names from above
        served.write(4)
        page = await anna.get("/log/verify")
    assert "un&#39;altra storia" in page.text
