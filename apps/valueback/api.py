"""The API of value-back: receipts from tills, programmes and runs of cooperatives, votes of members.

Annotations are evaluated here, since FastAPI reads dependencies that are bound to an instance out of them.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from apps.credentials import bearer_token, calling_organisation, unauthenticated
from apps.database import Database
from apps.handover.links import LIFE_SECONDS
from apps.handover.routes import JOSE, Handover
from apps.organisations import Organisation, Organisations
from apps.valueback import tills_sql
from apps.valueback.figures import RunFigures
from apps.valueback.model import Programme
from apps.valueback.runner import Clients
from apps.valueback.service import ValueBack
from apps.valueback.till import SaleLine, Till, fresh_number
from pods.model import Clock


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LineIn(Strict):
    """A line of a sale. The amount is in cents, for the whole line."""

    category: str = Field(examples=["bakery"])
    quantity: int = Field(1, ge=1)
    amount: int = Field(gt=0, examples=[350])
    name: str | None = Field(None, max_length=200, examples=["Pane di Altamura"])


class DeliverIn(Strict):
    """A grant of the buyer that lets the shop append receipts, instead of a link."""

    grant: str
    purpose: str


class SaleIn(Strict):
    """A sale. `number` makes it safe to send it twice: the second time is refused."""

    number: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    lines: list[LineIn] = Field(min_length=1, max_length=200)
    deliver: DeliverIn | None = None


class SaleOut(Strict):
    """Where the buyer's wallet fetches the receipt, once; nothing of it if it was delivered."""

    number: str
    link: str | None = None
    wallet: str | None = None
    expires_at: float | None = None


class VoteIn(Strict):
    """A vote with the credential of a statement."""

    ballot: str = Field(max_length=4000)
    project: str = Field(max_length=60)


class VoteOut(Strict):
    run: str


class PeriodIn(Strict):
    """Whole months of a run."""

    first: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2017-10"])
    last: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2017-12"])


class RunOut(Strict):
    """A run in public: what is None is withheld, because few members are in it."""

    id: str
    programme: str
    first: str
    last: str
    phase: str
    vote_until: float | None
    members: int | None
    receipts: int | None
    amount: int | None
    given: int | None
    share: int | None
    pool: int | None
    payout: dict[str, int] | None
    votes: dict[str, int] | None


class ProgrammeOut(Strict):
    """A published programme: `document` is what the fingerprint covers."""

    iri: str
    digest: str
    purpose: str | None
    document: dict[str, Any]
    runs: list[RunOut]


NameIn = Annotated[str, Path(max_length=40)]


class Api:
    """Routes below `/valueback/api`. Programs authenticate with their organisation's client id and secret."""

    def __init__(
        self,
        service: ValueBack,
        till: Till,
        handover: Handover,
        organisations: Organisations,
        clients: Clients,
        database: Database,
        *,
        clock: Clock,
    ) -> None:
        self._service = service
        self._till = till
        self._handover = handover
        self._organisations = organisations
        self._clients = clients
        self._database = database
        self._clock = clock

    def router(self, prefix: str) -> APIRouter:
        router = APIRouter(prefix=f"{prefix}/api", tags=["value-back"])
        shop, caller = Depends(self._shop), Depends(self._caller)

        @router.post("/receipts", status_code=201)
        async def receipt(sale: SaleIn, shop: Annotated[Organisation, shop]) -> SaleOut:
            """Sign the receipt of a sale and offer it under a one-time link, or deliver it under a grant."""
            return await self._receipt(shop, sale)

        @router.post("/votes", status_code=201)
        def vote(vote: VoteIn) -> VoteOut:
            """Cast the one vote of a statement. Who voted and what was voted are never stored together."""
            return VoteOut(run=self._service.vote(vote.ballot, vote.project))

        @router.get("/programmes")
        def programmes() -> list[ProgrammeOut]:
            """All published programmes, the newest first."""
            found = self._service.programmes()
            return [self._shown(one.name, one.version) for one in found]

        @router.post("/programmes", status_code=201)
        async def publish(
            document: dict[str, Any], caller: Annotated[Organisation, caller], response: Response
        ) -> ProgrammeOut:
            """Publish a programme; the same content again gives the version that there is."""
            published = await self._service.publishing.publish(caller, document)
            response.headers["location"] = published.iri
            return await run_in_threadpool(self._shown, published.name, published.version)

        @router.get("/programmes/{name}/{version}")
        def programme(name: NameIn, version: int) -> ProgrammeOut:
            return self._shown(name, version)

        @router.post("/programmes/{name}/{version}/invitations", status_code=202)
        async def invite(name: NameIn, version: int, caller: Annotated[Organisation, caller]) -> None:
            """Have the pod host ask everybody who may be asked."""
            published = await run_in_threadpool(self._programme, name, version)
            await self._service.publishing.invite(caller, published)

        @router.post("/programmes/{name}/{version}/runs", status_code=201)
        def start(
            name: NameIn, version: int, period: PeriodIn, caller: Annotated[Organisation, caller]
        ) -> RunOut:
            """Begin a run; the same months again give the run that there is."""
            published = self._programme(name, version)
            run = self._service.start(caller, published, period.first, period.last)
            return self._run(run.id)

        @router.post("/runs/{run_id}/advance")
        async def advance(run_id: str, caller: Annotated[Organisation, caller]) -> RunOut:
            """Take a run as far as it goes without its members, and answer when it is there."""
            await self._service.advance(caller, run_id)
            return await run_in_threadpool(self._run, run_id)

        @router.post("/runs/{run_id}/close")
        async def close(run_id: str, caller: Annotated[Organisation, caller]) -> RunOut:
            """Count the votes after the closing date and pay the pool out."""
            await self._service.close(caller, run_id)
            return await run_in_threadpool(self._run, run_id)

        @router.get("/runs/{run_id}")
        def run(run_id: str) -> RunOut:
            return self._run(run_id)

        return router

    async def _receipt(self, shop: Organisation, sale: SaleIn) -> SaleOut:
        number = sale.number or fresh_number()
        lines = [SaleLine(one.category, one.quantity, one.amount, one.name) for one in sale.lines]
        signed = await run_in_threadpool(self._till.receipt, shop, number, lines)
        if sale.deliver is not None:
            client = self._clients(shop.name)
            await client.append(sale.deliver.grant, signed, JOSE, sale.deliver.purpose)
            return SaleOut(number=number)
        token = await run_in_threadpool(self._till.offer, signed)
        return SaleOut(
            number=number,
            link=self._handover.link(token),
            wallet=self._handover.open_in_wallet(token),
            expires_at=self._clock() + LIFE_SECONDS,
        )

    def _caller(self, request: Request) -> Organisation:
        return calling_organisation(request, self._organisations)

    def _shop(self, request: Request) -> Organisation:
        """Return the shop of a till's token, or the organisation of client credentials."""
        token = bearer_token(request)
        if token is None:
            return calling_organisation(request, self._organisations)
        with self._database.reading() as tx:
            name = tills_sql.shop_of(tx, token)
        found = self._organisations.named(name) if name else None
        if found is None:
            raise unauthenticated()
        return found

    def _programme(self, name: str, version: int) -> Programme:
        return self._service.programme(name, version)[0]

    def _shown(self, name: str, version: int) -> ProgrammeOut:
        found, runs = self._service.programme(name, version)
        return ProgrammeOut(
            iri=found.iri,
            digest=found.digest,
            purpose=found.purpose,
            document=dict(found.document),
            runs=[_run_out(one) for one in runs],
        )

    def _run(self, run_id: str) -> RunOut:
        return _run_out(self._service.run(run_id)[1])


def _run_out(figures: RunFigures) -> RunOut:
    run = figures.run
    return RunOut(
        id=run.id,
        programme=run.programme,
        first=run.first,
        last=run.last,
        phase=run.phase.value,
        vote_until=run.vote_until,
        members=figures.members,
        receipts=figures.receipts,
        amount=figures.amount,
        given=figures.given,
        share=figures.share,
        pool=figures.pool,
        payout=figures.payout,
        votes=figures.votes,
    )
