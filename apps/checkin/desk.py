"""The desk: from an activity to signed certificates, one for each person, that name nobody."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apps.checkin import schema_sql
from apps.database import Database
from apps.handover.links import Links
from apps.organisations import Organisation
from apps.refusal import Refusal
from consent.receipts.model import Instant, Notation, ParticipationReceipt, instant
from consent.receipts.nonce import fresh_nonce
from consent.receipts.signing import sign
from pods.model import Clock
from vocab.codes import CodeList
from vocab.pages import msg
from vocab.places import VENUE, district_of
from vocab.trade import KIND, ROLE, THEME

ROME = ZoneInfo("Europe/Rome")
MAX_PEOPLE = 40  # codes on one page; a bigger event makes several pages
MAX_MINUTES = 24 * 60
_NUMBER = re.compile(r"[a-z0-9][a-z0-9-]{0,57}")


class CheckInError(Refusal):
    """Base of what the desk refuses."""

    status = 422
    code = "bad-activity"


class BadActivity(CheckInError):
    """What was entered cannot be certified; the message names the field."""


class AlreadyIssued(CheckInError):
    """The number was given out: the page was sent twice."""

    status = 409
    code = "already-issued"


class NoKey(CheckInError):
    """The organisation has no key for signing."""

    status = 403
    code = "forbidden"


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened, the same for everybody who took part in this role."""

    kind: str
    theme: str
    started_at: Instant
    minutes: int
    venue: str | None = None
    role: str | None = None
    title: str | None = None


class Desk:
    """Signs certificates of participation for any organisation whose key this installation holds."""

    def __init__(self, database: Database, links: Links, *, clock: Clock) -> None:
        self._database = database
        self._links = links
        self._clock = clock

    def certificates(
        self, organisation: Organisation, activity: Activity, number: str, people: int = 1
    ) -> list[bytes]:
        """Return one signed certificate a person; raise BadActivity, AlreadyIssued or NoKey."""
        key = organisation.receipt_key()
        if key is None:
            raise NoKey(msg("{name} has no key for signing certificates"), name=organisation.title)
        if not _NUMBER.fullmatch(number):
            raise BadActivity(msg("up to 58 of a-z, 0-9 and hyphens"), field="number")
        if not 1 <= people <= MAX_PEOPLE:
            raise BadActivity(msg("from 1 to {most}"), field="people", most=MAX_PEOPLE)
        _check(activity)
        signed = [
            sign(_receipt(activity, key.issuer, f"{number}-{one}", instant(self._clock())), key)
            for one in range(1, people + 1)
        ]
        with self._database.writing() as tx:
            if not schema_sql.number_is_new(tx, organisation.name, number):
                raise AlreadyIssued(msg("it was given out already; start a new one"), field=number)
        return signed

    def offer(self, signed: Sequence[bytes]) -> list[str]:
        """Return the tokens of one-time links, one for each certificate."""
        with self._database.writing() as tx:
            return [self._links.offer(tx, one, at=self._clock()) for one in signed]


def fresh_number() -> str:
    return f"c-{secrets.token_hex(8)}"


def moment(text: str) -> Instant:
    """Return the instant of a local time such as `2026-03-01T18:30`; raise BadActivity."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadActivity(msg("a day and a time such as 2026-03-01T18:30"), field="started_at") from error
    local = found if found.tzinfo else found.replace(tzinfo=ROME)
    return instant(local.astimezone(UTC).timestamp())


def _receipt(activity: Activity, issuer: str, number: str, now: Instant) -> ParticipationReceipt:
    code = VENUE.by_notation[activity.venue] if activity.venue else None
    return ParticipationReceipt(
        id=number,
        issuer=issuer,
        nonce=fresh_nonce(),
        issued_at=now,
        kind=Notation(activity.kind),
        theme=Notation(activity.theme),
        started_at=activity.started_at,
        minutes=activity.minutes,
        venue=Notation(code.notation) if code else None,
        district=Notation(district_of(code.broader)) if code and code.broader else None,
        role=Notation(activity.role) if activity.role else None,
        title=activity.title,
    )


def _check(activity: Activity) -> None:
    required = (("kind", activity.kind, KIND), ("theme", activity.theme, THEME))
    optional = (("venue", activity.venue, VENUE), ("role", activity.role, ROLE))
    for name, value, codes in (*required, *(one for one in optional if one[1])):
        _known(name, value, codes)
    if not 0 < activity.minutes <= MAX_MINUTES:
        raise BadActivity(msg("from 1 to {most}"), field="minutes", most=MAX_MINUTES)
    if activity.title is not None and not 0 < len(activity.title) <= 200:
        raise BadActivity(msg("up to {most} characters"), field="title", most=200)


def _known(name: str, value: str | None, codes: CodeList) -> None:
    if value not in codes.by_notation:
        raise BadActivity(msg("choose one of {known}"), field=name, known=", ".join(codes.by_notation))
