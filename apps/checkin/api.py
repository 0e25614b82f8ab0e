"""The API of check-in: certificates of participation for programs of associations.

Annotations are evaluated here, since FastAPI reads dependencies that are bound to an instance out of them.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from apps.checkin.desk import MAX_PEOPLE, Activity, Desk, fresh_number, moment
from apps.credentials import calling_organisation
from apps.handover.links import LIFE_SECONDS
from apps.handover.routes import Handover
from apps.organisations import Organisation, Organisations
from pods.model import Clock


class ActivityIn(BaseModel):
    """What happened. `number` makes it safe to send it twice: the second time is refused."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(examples=["volunteering"])
    theme: str = Field(examples=["green"])
    started_at: str = Field(examples=["2026-03-01T18:30+01:00"])
    minutes: int = Field(gt=0, le=1440)
    venue: str | None = Field(None, examples=["orologio"])
    role: str | None = Field(None, examples=["volunteer"])
    title: str | None = Field(None, min_length=1, max_length=200)
    people: int = Field(1, ge=1, le=MAX_PEOPLE)
    number: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]{0,57}$")


class CodeOut(BaseModel):
    """Where one person's wallet fetches the certificate, once."""

    link: str
    wallet: str


class CodesOut(BaseModel):
    number: str
    expires_at: float
    codes: list[CodeOut]


class Api:
    """Routes below `/checkin/api`. Programs authenticate with their organisation's client id and secret."""

    def __init__(self, desk: Desk, handover: Handover, organisations: Organisations, *, clock: Clock) -> None:
        self._desk = desk
        self._handover = handover
        self._organisations = organisations
        self._clock = clock

    def router(self, prefix: str) -> APIRouter:
        router = APIRouter(prefix=f"{prefix}/api", tags=["check-in"])
        caller = Depends(self._caller)

        @router.post("/receipts", status_code=201)
        def certify(activity: ActivityIn, caller: Annotated[Organisation, caller]) -> CodesOut:
            """Sign one certificate a person and offer each under a one-time link."""
            number = activity.number or fresh_number()
            done = Activity(
                activity.kind,
                activity.theme,
                moment(activity.started_at),
                activity.minutes,
                activity.venue,
                activity.role,
                activity.title,
            )
            tokens = self._desk.offer(self._desk.certificates(caller, done, number, activity.people))
            return CodesOut(
                number=number,
                expires_at=self._clock() + LIFE_SECONDS,
                codes=[
                    CodeOut(link=self._handover.link(one), wallet=self._handover.open_in_wallet(one))
                    for one in tokens
                ],
            )

        return router

    def _caller(self, request: Request) -> Organisation:
        return calling_organisation(request, self._organisations)
