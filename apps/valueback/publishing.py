"""Publishing a programme: the document, the declaration on the pod host, the accounts, the invitation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from apps.database import Database
from apps.organisations import Organisation, Organisations
from apps.valueback import books, programmes_sql
from apps.valueback.addresses import Addresses
from apps.valueback.model import BadProgramme, NotPermitted, Programme
from apps.valueback.programme import SIGNED, declaration, programme, with_purpose
from apps.valueback.runner import Clients
from consent.receipts.keys import jwks
from pods.model import Clock
from vocab.pages import msg


class Publishing:
    """Publishes programmes of cooperatives; a published version never changes."""

    def __init__(
        self,
        database: Database,
        organisations: Organisations,
        clients: Clients,
        addresses: Addresses,
        *,
        clock: Clock,
    ) -> None:
        self._database = database
        self._organisations = organisations
        self._clients = clients
        self._addresses = addresses
        self._clock = clock

    async def publish(self, cooperative: Organisation, wanted: Mapping[str, Any]) -> Programme:
        """Publish what a form or a program sent; raise BadProgramme naming the field.

        `wanted` names members by `issuers`, a list of IRIs; their keys are added from what they publish
        here. The same content again gives the version that there is; a changed one gives the next version.
        """
        draft, previous = await run_in_threadpool(self._draft, cooperative, wanted)
        if previous is not None and previous.digest == draft.digest:
            return previous
        revised = previous.purpose if previous else None
        declared = await self._clients(cooperative.name).publish(
            declaration(draft, cooperative.title, revised)
        )
        published = with_purpose(draft, declared.iri, self._clock())
        await run_in_threadpool(self._add, published)
        return published

    async def invite(self, cooperative: Organisation, published: Programme) -> None:
        """Have the pod host ask everybody who may be asked; nobody learns who that is."""
        require_owner(cooperative, published)
        await self._clients(cooperative.name).invite(str(published.purpose))

    def _draft(
        self, cooperative: Organisation, wanted: Mapping[str, Any]
    ) -> tuple[Programme, Programme | None]:
        name = str(wanted.get("name", ""))
        with self._database.reading() as tx:
            previous = programmes_sql.latest(tx, name)
        if previous is not None:
            require_owner(cooperative, previous)
            again = self._document(cooperative, wanted, previous.version)
            if programme(again).digest == previous.digest:
                return previous, previous
        version = previous.version + 1 if previous else 1
        return programme(self._document(cooperative, wanted, version)), previous

    def _document(self, cooperative: Organisation, wanted: Mapping[str, Any], version: int) -> dict[str, Any]:
        name = str(wanted.get("name", ""))
        return {
            **wanted,
            "id": self._addresses.programme(name, version),
            "series": self._addresses.series(name),
            "version": version,
            "organisation": cooperative.name,
            "minimum_trust": SIGNED,
            "issuers": self._issuers(wanted.get("issuers")),
        }

    def _issuers(self, wanted: Any) -> list[dict[str, Any]]:
        known = {one.receipt_issuer: one for one in self._organisations.issuers("")}
        found = []
        for iri in sorted(set(wanted if isinstance(wanted, list) else [])):
            member = known.get(iri)
            key = member.receipt_key() if member else None
            if member is None or key is None:
                raise BadProgramme(msg("{iri} issues no receipts here"), field="issuers", iri=iri)
            found.append({"iri": iri, "name": member.title, "jwks": jwks([key.public()])})
        return found

    def _add(self, published: Programme) -> None:
        with self._database.writing() as tx:
            programmes_sql.add(tx, published)
            books.open_accounts(tx, published, at=self._clock())


def require_owner(organisation: Organisation, published: Programme) -> None:
    """Raise NotPermitted unless the programme is the organisation's own."""
    if published.organisation != organisation.name:
        raise NotPermitted(msg("this programme belongs to another organisation"))
