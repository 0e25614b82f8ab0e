"""The wallet's page on who acts for whom, against a pod host that answers: naming, ending, accepting, codes."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from consent.delegation import delegations_sql
from consent.delegation.appointments import Appointments
from consent.delegation.model import DelegationState, Kind
from consent.main import extension, schemas
from pods.main import Core, application, open_core
from pods.protocol.dpop import DpopKey
from pods.provision import create_pod, webid_for
from pods.relying_party import Session, SessionStore
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.serving import bound_socket, serving
from vocab.shapes import SHAPES
from wallet.discovery import Place
from wallet.main import application as wallet
from wallet.settings import WalletSettings

WALLET_ORIGIN = "http://localhost:8081"
CLIENT = f"{WALLET_ORIGIN}/client.jsonld"


@pytest.fixture
def core(tmp_path: Path, clock: SettableClock) -> Iterator[Core]:
    listener = bound_socket()
    origin = f"http://localhost:{listener.getsockname()[1]}"
    core = open_core(PodSettings(data=tmp_path / "pods", pod_url=origin), clock, schemas=schemas())
    added = extension(core)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    with core.store.writing() as tx:
        for name in ("anna", "bob"):
            webid = webid_for(origin, name)
            create_pod(
                tx, name, webid, base=origin, issuer=origin + "/", display_name=name.title(), at=clock()
            )
    with serving(app, listener=listener):
        yield core


def browser(core: Core, folder: Path, clock: SettableClock) -> httpx.AsyncClient:
    """Return a browser in which anna is logged in."""
    origin = core.settings.pod_url
    storage, webid, key = f"{origin}/anna/", webid_for(origin, "anna"), DpopKey.generate()
    now = int(clock())
    claims = {
        "iss": f"{origin}/",
        "sub": webid,
        "webid": webid,
        "aud": ["solid"],
        "client_id": CLIENT,
        "cnf": {"jkt": key.thumbprint()},
        "iat": now,
        "exp": now + 3600,
        "jti": "one",
    }
    session = Session(
        webid=webid,
        issuer=f"{origin}/",
        token_endpoint=f"{origin}/.oidc/token",
        dpop_jwk=key.private_jwk(),
        access_token=core.keys.sign(claims, "at+jwt"),
        expires_at=clock() + 3600,
    )
    containers = {shape.name: storage + shape.container for shape in SHAPES.values()}
    place = Place(webid, "Anna Bianchi", storage, containers, consent=True)
    store = SessionStore(folder / "wallet.sqlite", folder / "wallet.key", clock=clock)
    name = store.start({"session": asdict(session), "known": place.plain()})
    store.close()
    app = wallet(WalletSettings(data=folder, wallet_url=WALLET_ORIGIN, pod_url=origin), clock)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=WALLET_ORIGIN,
        headers={"Accept": "text/html", "Origin": WALLET_ORIGIN},
    )
    client.cookies.set("portico_wallet", name)
    return client


async def post(page: httpx.AsyncClient, place: str, **fields: str | list[str]) -> httpx.Response:
    """Send a form as the page shows it, with its hidden fields, and follow to the page that answers."""
    text = (await page.get("/people")).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))
    return await page.post(place, data={**hidden, **fields}, follow_redirects=True)


def delegations(core: Core) -> list[tuple[Kind, DelegationState]]:
    """Return what there is, whoever it is for."""
    with core.store.reading() as tx:
        pods = [pod for name in ("anna", "bob") if (pod := tx.pod(name)) is not None]
        return [(one.kind, one.state) for pod in pods for one in delegations_sql.of_pod(tx, pod.key)]


async def test_a_caregiver_is_named_and_ended_in_one_step_each(
    core: Core, tmp_path: Path, clock: SettableClock
) -> None:
    bob = webid_for(core.settings.pod_url, "bob")
    async with browser(core, tmp_path, clock) as anna:
        named = await post(anna, "/people/name", delegate=bob, power=["see", "refuse"])
        assert "quando avrà accettato" in named.text
        assert bob in named.text
        assert delegations(core) == [(Kind.CAREGIVER, DelegationState.PROPOSED)]
        found = re.search(r'action="(/people/\w+/end)"', named.text)
        assert found is not None
        ended = await post(anna, found[1])
        assert "non si può più fare nulla" in ended.text
        assert delegations(core) == [(Kind.CAREGIVER, DelegationState.ENDED)]


async def test_naming_somebody_for_nothing_is_explained(
    core: Core, tmp_path: Path, clock: SettableClock
) -> None:
    async with browser(core, tmp_path, clock) as anna:
        page = await post(anna, "/people/name", delegate="https://bob.example/me")
        assert "Spunta almeno una cosa" in page.text
        assert delegations(core) == []


async def test_who_is_appointed_accepts_on_the_page(core: Core, tmp_path: Path, clock: SettableClock) -> None:
    origin = core.settings.pod_url
    with core.store.writing() as tx:
        pod = tx.pod("bob")
        assert pod is not None
        anna_webid = webid_for(origin, "anna")
        made = Appointments(origin).appoint(tx, pod, Kind.REPRESENTATIVE, anna_webid, "file 7", clock())
    async with browser(core, tmp_path, clock) as anna:
        assert pod.owner in (await anna.get("/people")).text
        await post(anna, f"/people/{made.id}/accept")
    assert delegations(core) == [(Kind.REPRESENTATIVE, DelegationState.ACTIVE)]


async def test_a_code_for_help_is_shown(core: Core, tmp_path: Path, clock: SettableClock) -> None:
    async with browser(core, tmp_path, clock) as anna:
        page = await post(anna, "/people/code")
        assert re.search(r"Il tuo codice: \d{3} \d{3}", page.text)
