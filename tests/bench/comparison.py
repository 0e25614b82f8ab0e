"""One server after the other through every kind of work, in one run on one machine."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict
from pathlib import Path

import httpx
import pyoxigraph

from tests.bench.load import Caller, Job, Measurement
from tests.bench.servers import Access
from tests.bench.works import (
    JSON_LD,
    LISTED,
    MEMBERS,
    READ,
    TRIPLES,
    TURTLE,
    WORKS,
    Request,
    Work,
    patch,
    patch_target,
    seeds,
)

CONNECTIONS = 16
LOAD_SECONDS = 120.0  # far above any run; a hung server must not hang the bench
STILL = 0.97  # of the cores' time is idle when nobody works any more
STILL_SECONDS = 1.0  # so long
SETTLED_SECONDS = 15.0  # at most that one waits for it; where it never comes, the run says so
CONTAINS = pyoxigraph.NamedNode("http://www.w3.org/ns/ldp#contains")

Login = Callable[[], Access]


def job(access: Access, work: str, run: str, seconds: float) -> Job:
    """Return the job for the load generator's process."""
    key_pem = access.key.pem() if access.key is not None else ""
    return Job(work, access.storage, access.token, key_pem, run, CONNECTIONS, seconds)


def seed(access: Access) -> None:
    """Put what every server holds, and check that it serves it: privately, and all of it, in both syntaxes."""
    caller = Caller(job(access, "", "seed", 0))
    with httpx.Client(timeout=60.0) as client:
        for request in seeds():
            send(client, access, caller, request).raise_for_status()
        for media_type, syntax in (
            (TURTLE, pyoxigraph.RdfFormat.TURTLE),
            (JSON_LD, pyoxigraph.RdfFormat.JSON_LD),
        ):
            url = access.storage + READ[media_type]
            request = Request("GET", READ[media_type], accept=media_type)
            answer = send(client, access, caller, request).raise_for_status()
            quads = list(pyoxigraph.parse(answer.content, format=syntax, base_iri=url))
            if len(quads) != TRIPLES:
                raise RuntimeError(f"{url}: {len(quads)} triples as {media_type}, not {TRIPLES}")
        require_that_all_members_are_listed(client, access, caller)
        require_that_patches_count(client, access, caller)
        stranger = client.get(access.storage + READ[TURTLE])
        if stranger.status_code not in {401, 403}:
            raise RuntimeError(f"{access.storage}: a stranger got {stranger.status_code}, not a refusal")


def require_that_all_members_are_listed(client: httpx.Client, access: Access, caller: Caller) -> None:
    """Raise unless the container's listing names each member."""
    answer = send(client, access, caller, Request("GET", LISTED, accept=TURTLE)).raise_for_status()
    url = access.storage + LISTED
    quads = pyoxigraph.parse(answer.content, format=pyoxigraph.RdfFormat.TURTLE, base_iri=url)
    members = sum(quad.predicate == CONTAINS for quad in quads)
    if members != MEMBERS:
        raise RuntimeError(f"{url}: {members} members listed, not {MEMBERS}")


def require_that_patches_count(client: httpx.Client, access: Access, caller: Caller) -> None:
    """Raise unless two patches in a row raise a counter by two: a server that only says 204 does no work."""
    for request in (patch_target("seed", 0), patch("seed", 0, 0), patch("seed", 0, 1)):
        send(client, access, caller, request).raise_for_status()
    request = Request("GET", patch_target("seed", 0).path, accept=TURTLE)
    answer = send(client, access, caller, request).raise_for_status()
    url = access.storage + request.path
    quads = pyoxigraph.parse(answer.content, format=pyoxigraph.RdfFormat.TURTLE, base_iri=url)
    values = [str(quad.object) for quad in quads]
    if values != ['"2"']:
        raise RuntimeError(f"{url}: two patches of 0 make {values}, not 2")


def send(client: httpx.Client, access: Access, caller: Caller, request: Request) -> httpx.Response:
    """Send one request with the same head as the load generator writes."""
    head, _, body = caller.wire(request).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    headers = dict(line.split(": ", 1) for line in lines)
    return client.request(request.method, access.storage + request.path, headers=headers, content=body)


def measure(access: Access, work: Work, seconds: float, run: str = "") -> Measurement:
    """Measure a kind of work once; each run has a name of its own, if none is given."""
    return run_job(job(access, work.name, run or f"{time.time_ns():x}", seconds))


def run_job(wanted: Job) -> Measurement:
    """Run the load generator once in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(asdict(wanted)),
        capture_output=True,
        text=True,
        timeout=LOAD_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{wanted.work} at {wanted.storage} failed:\n{done.stderr[-2000:]}")
    return Measurement(**json.loads(done.stdout))


def compare(
    servers: dict[str, Login],
    *,
    bare: Collection[str] = (),
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> dict[str, dict[str, Measurement]]:
    """Return for each kind of work each server's best round; the servers take turns, so that none has the
    machine's better minutes. What is `bare` holds no documents: it is not asked whether it keeps them."""
    for name, login in servers.items():
        if name in bare:
            continue
        say(f"seeding {name}")
        seed(login())
    best: dict[str, dict[str, Measurement]] = {}
    for work in WORKS:
        for _ in range(rounds):
            for name, login in servers.items():
                access = login()
                if not settled():
                    say("the machine does not come to rest: something else works beside the servers")
                measured = measure(access, work, seconds)
                say(f"{work.name}: {name}: {measured.rate:,.0f}/s, p50 {measured.p50:.1f} ms")
                known = best.setdefault(work.name, {}).get(name)
                if known is None or measured.rate > known.rate:
                    best[work.name][name] = measured
    return best


def settled() -> bool:
    """Wait until what the server before left for later is done (checkpoints, collected garbage); say whether it is.

    Else it would be done while the next one is measured, and cost that one a part of its cores.
    """
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline:
        before = _cores()
        time.sleep(STILL_SECONDS)
        idle, total = (now - then for now, then in zip(_cores(), before, strict=True))
        if idle >= STILL * total:
            return True
    return False


def _cores() -> tuple[int, int]:
    """Return the ticks that all cores were idle, and all their ticks (proc(5), /proc/stat)."""
    ticks = [int(value) for value in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]]
    return ticks[3] + ticks[4], sum(ticks[:8])


def ratios(
    best: dict[str, dict[str, Measurement]], ours: str, peers: Iterable[str]
) -> dict[str, dict[str, float]]:
    """Return how many times a peer's rate ours is, for each kind of work."""
    return {
        work: {peer: rates[ours].rate / rates[peer].rate for peer in peers if peer in rates}
        for work, rates in best.items()
        if ours in rates
    }
