"""Attacks 14 and 15 at once: two pods that differ in what is not granted alone cannot be told apart.

One host holds two pods. Both have the same granted statements of the same instances; everything else differs: other
statements in the same documents, other documents, containers, access control lists and grants to others. A service
that holds the same grant in both sends both the same requests, while the hidden parts go on changing. Every answer
must be the same, byte for byte, in status, header fields and body, but for these:

- the name of the pod, and the ticket of a UMA challenge, which is sealed anew each time;
- entity tags, which are compared by whether they are equal to earlier ones.

What a grant does cover, and so may show: that a document is an instance of a granted shape, and its name.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.client import AccessRefused
from consent.http.callers import own_pod
from consent.model import DataItem, Grant, OutputMode, PurposeDeclaration
from pods.model import Agent, Path
from pods.protocol.target import canonical
from tests.conftest import SettableClock
from tests.consent_host import WALLET, Organisation, Town, declaration, item, town
from tests.pod_host import ORIGIN

EXAMPLES = int(os.environ.get("PORTICO_TEST_TWINS", "40"))
"""How many pairs are tried; more by the variable."""
TICKET = re.compile(r'ticket="[^"]*"')


PREFIXES = """@prefix schema: <http://schema.org/> . @prefix po: <https://w3id.org/portico/ns#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix acl: <http://www.w3.org/ns/auth/acl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
# A date, a total and two categories are the same in both pods wherever they are granted.
SHARED = {
    "orderedAt": 'schema:orderDate "2017-10-03T09:15:00Z"^^xsd:dateTime',
    "total": "schema:price 12.40",
    "seller": "schema:seller <https://w3id.org/portico/codes/shop#forno>",
}
CATEGORIES = ("bakery", "deli")
GRANTED = [
    ("orderedAt", "total", "category"),
    ("total",),
    ("category",),
    ("orderedAt", "seller"),
]
MONTH = "purchases/2017-10/"
BASKET, BARE = MONTH + "b77.ttl", MONTH + "bare.ttl"
EXTRA: Mapping[str, tuple[str, bytes]] = {
    MONTH + "note.ttl": ("text/turtle", b"<#it> <http://schema.org/name> 'secret' ."),
    MONTH + "b77.jws": ("application/jose", b"signed.bytes.here"),
    MONTH + "a-picture.png": ("image/png", b"\x89PNG" + bytes(70_000)),
    MONTH + "broken.ttl": ("text/turtle", b"<#it> a <http://schema.org/Order>"),
    MONTH + "graph.jsonld": (
        "application/ld+json",
        b'{"@id":"urn:g","@graph":[{"@id":"#it","@type":"http://schema.org/Order","http://schema.org/price":1}]}',
    ),
    MONTH + "quoted.ttl": (
        "text/turtle",
        b'@prefix schema: <http://schema.org/> .\n<#it> schema:name """\n<#it> a schema:Order .""" .',
    ),
    "purchases/2018-01/note.ttl": ("text/turtle", b"<#it> <http://schema.org/name> 'hidden month' ."),
    "purchases/secret/x.ttl": ("text/turtle", b"<#it> <http://schema.org/price> 99 ."),
    "diary/x.ttl": ("text/turtle", b"<#it> a <http://schema.org/Order> ; <http://schema.org/price> 3 ."),
    "inbox/n.ttl": ("text/turtle", b"<#it> <http://schema.org/name> 'a notice' ."),
    "profile/private.ttl": ("text/turtle", b"<#other> <https://w3id.org/portico/ns#birthYear> 1999 ."),
    BASKET + ".acl": (
        "text/turtle",
        b"@prefix acl: <http://www.w3.org/ns/auth/acl#> . <#o> a acl:Authorization ; acl:mode acl:Read ;"
        b" acl:agent <http://localhost:8080/bob/profile/card#me> ; acl:accessTo <b77.ttl> .",
    ),
    BASKET + ".meta": ("text/turtle", b"<#it> <http://schema.org/name> 'about it' ."),
}
PATHS = (
    *("", "purchases/", MONTH, BASKET, BARE, "purchases/2018-01/", "purchases/secret/", "profile/", "diary/"),
    *(
        ".acl",
        ".meta",
        "purchases/.acl",
        "purchases/.meta",
        BARE + ".acl",
        BARE + ".meta",
        "inbox/",
        "consents/",
    ),
    *("settings/", "activity/", "participation/", MONTH + "none.ttl", "none/", ".well-known/solid"),
    *(MONTH[:-1] + "%2Fb77.ttl", MONTH[:-1], MONTH + "%2e%2e/b77.ttl", BASKET + "/", BASKET + "/x.ttl"),
    *EXTRA,
)
READABLE = ("purchases/", MONTH, BASKET, BARE)
FIELDS: Sequence[tuple[str, tuple[str, ...]]] = (
    (
        "accept",
        (
            "text/turtle",
            "application/ld+json",
            "application/n-triples",
            "text/html",
            "image/png",
            "*/*;q=0.1",
        ),
    ),
    ("range", ("bytes=0-9", "bytes=5-", "bytes=-7", "bytes=100000-", "bytes=0-0,3-4")),
    ("if-range", ("KNOWN", '"no"', "Sun, 01 Mar 2026 12:00:00 GMT")),
    ("if-none-match", ("*", "KNOWN", '"no"')),
    ("if-match", ("*", "KNOWN", '"no"')),
    ("if-modified-since", ("Sun, 01 Mar 2026 11:59:59 GMT", "Sun, 01 Mar 2026 12:00:30 GMT")),
    ("if-unmodified-since", ("Sun, 01 Mar 2026 11:59:59 GMT", "Sun, 01 Mar 2026 12:00:30 GMT")),
    (
        "prefer",
        (
            'return=representation; include="http://www.w3.org/ns/ldp#PreferMinimalContainer"',
            'return=representation; max-member-count="1"',
            'return=representation; omit="http://www.w3.org/ns/ldp#PreferContainment"',
        ),
    ),
    ("slug", ("note.ttl", "b77.ttl", "other")),
    ("link", ('<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"',)),
    ("origin", ("http://app.example",)),
)
QUERIES = ("as=ttl", "as=nt", "as=jsonld", "page=MT4", "page=MTw", "page=MT5iNzcudHRs", "page=x", "q=1")
WHERE = """@prefix solid: <http://www.w3.org/ns/solid/terms#> . @prefix schema: <http://schema.org/> .
_:p a solid:InsertDeletePatch ; solid:where { ?it schema:name "Pane" } ; solid:inserts { ?it schema:about "x" } ."""
SPARQL = """PREFIX schema: <http://schema.org/>
INSERT { ?it schema:about "x" } WHERE { ?it schema:name "Pane" }"""
BODIES = (
    ("text/n3", WHERE),
    ("application/sparql-update", SPARQL),
    ("text/turtle", "<#it> <#p> 1 ."),
    ("text/turtle", "<#it> <#p"),
    ("image/png", "\x89"),
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What one pod holds beside the granted statements."""

    text: str
    total: int
    """Of the statements that are granted in some examples only, the values where they are not."""
    lines: int
    comes_first: bool
    second: bool
    extra: frozenset[str]

    def basket(self, granted: Sequence[str]) -> str:
        """Return a purchase: in the order of statements, hidden ones stand before, between and after."""
        said = [f'schema:orderNumber "{self.text}"'] if self.comes_first else []
        for name, shared in SHARED.items():
            if name in granted:
                said.append(shared)
            elif self.text:
                said.append(f"{shared.split()[0]} {self.total}")
        parts = [f'schema:name "{self.text}" ; schema:price {number}.10' for number in range(self.lines)]
        if "category" in granted:
            hidden = f' ; schema:price {self.total}.50 ; schema:name "{self.text}"' if self.lines else ""
            parts[1:1] = [
                f"po:category <https://w3id.org/portico/codes/category#{name}>{hidden}" for name in CATEGORIES
            ]
        said += [f"schema:orderedItem [ {part} ]" for part in parts]
        about = f'<#note> schema:name "{self.text}" .\n'
        whole = "<#it> a schema:Order" + "".join(f" ;\n  {one}" for one in said) + " .\n"
        if self.second:
            whole += f'<#two> a schema:Order ; schema:orderNumber "{self.text}" .\n'
        return PREFIXES + (about + whole if self.comes_first else whole + about)

    def bare(self) -> tuple[str, bytes]:
        """Return a purchase of which nothing but its class was granted, in one syntax or another."""
        if self.comes_first:
            return "application/ld+json", b'{"@id":"#it","@type":"http://schema.org/Order"}'
        said = "".join(f' ; schema:orderNumber "{self.text}-{number}"' for number in range(self.lines))
        return "text/turtle", f"{PREFIXES}<#it> a schema:Order{said} .".encode()


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, but for the pod."""

    who: str
    method: str
    path: str
    query: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    body: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is hidden changes, in each pod in its own way or not at all."""

    first: Hidden | None
    second: Hidden | None
    seconds: int


hidden = st.builds(
    Hidden,
    st.sampled_from(("", "x", "Pane", "Pane di segale, tutto intero")),
    st.integers(1, 3),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    st.frozensets(st.sampled_from(sorted(EXTRA)), max_size=6),
)
changes = st.builds(Change, st.none() | hidden, st.none() | hidden, st.integers(0, 40))


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    who = draw(st.sampled_from(("grant", "grant", "grant", "organisation", "nobody", "exchange", "channel")))
    method = draw(st.sampled_from(("GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")))
    path = draw(st.sampled_from(READABLE) | st.sampled_from(PATHS))
    query = draw(st.just("") | st.sampled_from(QUERIES))
    fields = draw(
        st.lists(st.sampled_from(FIELDS), max_size=3, unique_by=lambda one: one[0]).flatmap(
            lambda some: st.fixed_dictionaries({name: st.sampled_from(values) for name, values in some})
        )
    )
    body = draw(st.sampled_from(BODIES)) if method in ("PUT", "POST", "PATCH") else None
    return Ask(who, method, path, query, fields, body)


steps = st.lists(st.one_of(asks(), asks(), asks(), changes), min_size=4, max_size=14)


LAST: Sequence[Ask] = (
    Ask("grant", "GET", BASKET),
    Ask("grant", "GET", BASKET, fields={"if-none-match": "KNOWN"}),
    Ask("grant", "GET", BASKET, fields={"if-match": '"no"'}),
    Ask("grant", "GET", MONTH + "note.ttl"),
    Ask("grant", "DELETE", MONTH + "note.ttl"),
    Ask("grant", "GET", MONTH),
    Ask("nobody", "HEAD", MONTH + "note.ttl"),
    Ask("exchange", "GET", MONTH),
)
"""What every example ends with: answers of each kind."""


class Visited:
    """One pod, and what a service has seen of it."""

    def __init__(self, host: Town, by: Organisation, name: str, grant: Grant) -> None:
        self.name = name
        self._host = host
        self._by = by
        self._grant = grant
        self._tags: dict[str, int] = {}
        self._known: dict[str, str] = {}
        self._there: set[str] = set()

    def hide(self, granted: Sequence[str], what: Hidden) -> None:
        """Let the pod hold this, and nothing else that is hidden."""
        with self._host.core.store.writing() as tx:
            at = self._host.clock()
            contents = {
                BASKET: ("text/turtle", what.basket(granted).encode()),
                BARE: what.bare(),
                **{path: EXTRA[path] for path in sorted(what.extra)},
            }
            for gone in sorted(self._there - contents.keys()):
                tx.delete(self._path(gone), at)
            for path, (media_type, content) in contents.items():
                tx.write(self._path(path), media_type, content, at)
            self._there = set(contents)

    async def answer(self, ask: Ask) -> object:
        """Return everything that the service learns from one request."""
        url = f"{ORIGIN}/{self.name}/{ask.path}"
        if ask.who == "exchange":
            service = self._by.service
            try:
                return self._seen(await service.read(url, self._grant.purpose), ask.path)
            except AccessRefused as refused:
                return refused.error, str(refused).replace(self.name, "POD")
        fields = {name: self._value(ask.path, value) for name, value in ask.fields.items()}
        method, content, query = ask.method, None, "?" + ask.query if ask.query else ""
        if ask.who == "channel":
            method, query, target = "POST", "", url
            url = f"{ORIGIN}/.notifications/WebSocketChannel2023/"
            fields = {"content-type": "application/ld+json"}
            content = (
                '{"@context":["https://www.w3.org/ns/solid/notifications-context/v1"],'
                f'"type":"WebSocketChannel2023","topic":"{target}"}}'
            ).encode()
            fields |= self._token(method, url, target)
        elif ask.body is not None:
            fields["content-type"], content = ask.body[0], ask.body[1].encode()
        if ask.who == "grant":
            fields |= self._token(method, url, url)
        if ask.who == "organisation":
            fields |= await self._as_organisation(method, url)
        return self._seen(
            await self._host.http.request(method, url + query, headers=fields, content=content), ask.path
        )

    def _seen(self, answer: httpx.Response, path: str) -> object:
        tag = answer.headers.get("etag")
        if tag is not None:
            self._known[path] = tag
        fields = [
            (name, self._masked(self._number(tag) if value == tag else value))
            for name, value in sorted(answer.headers.multi_items())
        ]
        return answer.status_code, fields, self._masked(answer.text)

    def _path(self, relative: str) -> Path:
        return canonical(f"/{self.name}/{relative}".encode())

    def _masked(self, text: str) -> str:
        return TICKET.sub('ticket=""', text.replace(self.name, "POD"))

    def _number(self, tag: str) -> str:
        return f"tag {self._tags.setdefault(tag, len(self._tags))}"

    def _value(self, path: str, value: str) -> str:
        return self._known.get(path, '"none"') if value == "KNOWN" else value

    def _token(self, method: str, url: str, resource: str) -> dict[str, str]:
        """Return a token of the grant, whose permission names whatever is asked for: the host signs more than it should."""
        now = int(self._host.clock())
        claims = {
            "iss": ORIGIN + "/",
            "sub": self._by.webid,
            "webid": self._by.webid,
            "client_id": "service",
            "aud": ["solid", ORIGIN],
            "cnf": {"jkt": self._by.credentials.key.thumbprint()},
            "grant": self._grant.iri,
            "purpose": self._grant.purpose,
            "output_mode": "rows",
            "epoch": self._grant.epoch,
            "permissions": [{"resource_id": resource, "resource_scopes": ["read"]}],
            "iat": now,
            "exp": now + 60,
            "jti": "j",
        }
        token = self._host.core.keys.sign(claims, "at+jwt")
        return self._with_proof(method, url, token)

    async def _as_organisation(self, method: str, url: str) -> dict[str, str]:
        return self._with_proof(method, url, await self._by.credentials.access_token())

    def _with_proof(self, method: str, url: str, token: str) -> dict[str, str]:
        proof = self._by.credentials.key.proof(method, url, at=self._host.clock(), access_token=token)
        return {"authorization": f"DPoP {token}", "dpop": proof}


class Twins:
    """A host, an organisation on it, and two new pods for each example."""

    def __init__(self, host: Town, by: Organisation, purpose: PurposeDeclaration) -> None:
        self.host = host
        self._by = by
        self._purpose = purpose
        self._made = 0

    async def visit(self, granted: Sequence[str]) -> tuple[Visited, Visited]:
        """Return two pods whose owners gave the same grant."""
        self._made += 1
        return await self._one("a", granted), await self._one("b", granted)

    async def _one(self, letter: str, granted: Sequence[str]) -> Visited:
        name, host = f"twin-{self._made:05}{letter}", self.host
        person = Agent(host.person(name).webid, WALLET)
        chosen = (DataItem("Purchase", tuple(granted), OutputMode.ROWS),)
        assert person.webid is not None
        webid, end = person.webid, float(int(host.clock()) + 86_400)
        grant, _ = await host.core.commits.submit(
            lambda tx: host.added.consents.give(
                tx, own_pod(tx, webid), person, self._purpose.iri, chosen, end, host.clock()
            )
        )
        return Visited(host, self._by, name, grant)


def test_attacks_14_and_15_what_is_not_granted_changes_no_answer(tmp_path: FilePath) -> None:
    with asyncio.Runner() as runner:
        opened = town(tmp_path, SettableClock(1772366400.0))
        host = runner.run(opened.__aenter__())
        try:
            _differ_in_nothing(runner, runner.run(_twins(host)))
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _twins(host: Town) -> Twins:
    by = await host.organisation("coop")
    everything = sorted({name for names in GRANTED for name in names})
    return Twins(host, by, await by.service.publish(declaration([item("Purchase", everything, "rows")])))


def _differ_in_nothing(runner: asyncio.Runner, twins: Twins) -> None:
    statuses: Counter[int] = Counter()

    @settings(max_examples=EXAMPLES)
    @given(st.sampled_from(GRANTED), hidden, hidden, steps)
    def same(granted: Sequence[str], one: Hidden, other: Hidden, doing: Sequence[Ask | Change]) -> None:
        pods = runner.run(twins.visit(granted))
        for pod, what in zip(pods, (one, other), strict=True):
            pod.hide(granted, what)
        for step in (*doing, *LAST):
            if isinstance(step, Change):
                twins.host.clock.advance(step.seconds)
                for pod, new in zip(pods, (step.first, step.second), strict=True):
                    if new is not None:
                        pod.hide(granted, new)
                continue
            first, second = (runner.run(pod.answer(step)) for pod in pods)
            assert first == second, f"{step}\n{first}\n{second}"
            if isinstance(first, tuple) and isinstance(first[0], int):
                statuses[first[0]] += 1

    same()
    # Requests do reach what is granted, in its forms, and are refused in others.
    assert {200, 304, 401, 403, 412} <= statuses.keys()
