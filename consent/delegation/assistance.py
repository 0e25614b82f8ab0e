"""Assisted sessions: the person opens a code, a community custodian enters it, and the clock ends it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace

from consent import people_sql
from consent.delegation import assistance_sql, delegations_sql
from consent.delegation.appointments import Appointments
from consent.delegation.assistance_sql import Opened
from consent.delegation.model import Delegation
from pods.errors import Forbidden, Unprocessable
from pods.model import Agent
from pods.storage.base import Transaction

LONGEST_MINUTES = 60  # one visit at the desk; a longer one is opened again
CODE_SECONDS = 600  # a code is read out at once or not at all
GUESSES = 5  # of a million codes: nobody finds one by trying
MINUTE = 60.0


class Assistance:
    """Opens and begins assisted sessions."""

    def __init__(
        self,
        appointments: Appointments,
        *,
        new_code: Callable[[], str] = lambda: f"{secrets.randbelow(1_000_000):06d}",
    ) -> None:
        self._appointments = appointments
        self._new_code = new_code

    def open(self, tx: Transaction, agent: Agent, minutes: int, at: float) -> str:
        """Return a code that the person reads out; it begins a session of so many minutes, once."""
        pod = people_sql.own_pod(tx, agent.webid or "")
        if pod is None or delegations_sql.is_dead(tx, pod.key):
            raise Forbidden("This WebID owns no pod on this host.")
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise Unprocessable(f"An assisted session lasts from 1 to {LONGEST_MINUTES} minutes.")
        code = self._new_code()
        assistance_sql.open_code(tx, pod.key, Opened(_digest(pod.key, code), minutes, at + CODE_SECONDS, 0))
        return code

    def begin(
        self, tx: Transaction, custodian: Agent, person: str, code: str, at: float
    ) -> Delegation | None:
        """Return the session that a code begins; None for a wrong one, which is counted when the caller commits."""
        if not assistance_sql.is_custodian(tx, custodian.webid or ""):
            raise Forbidden("Only a community custodian whom the operator admitted can assist people.")
        pod = people_sql.own_pod(tx, person)
        found = assistance_sql.opened(tx, pod.key) if pod is not None else None
        if pod is None or found is None or pod.owner == custodian.webid or at >= found.until:
            return None
        if hmac.compare_digest(found.digest, _digest(pod.key, code)):
            assistance_sql.close_code(tx, pod.key)
            return self._appointments.assist(tx, pod, custodian, at + found.minutes * MINUTE, at)
        if found.guesses + 1 >= GUESSES:
            assistance_sql.close_code(tx, pod.key)
        else:
            assistance_sql.open_code(tx, pod.key, replace(found, guesses=found.guesses + 1))
        return None


def _digest(pod: int, code: str) -> str:
    return hashlib.sha256(f"{pod} {code}".encode()).hexdigest()
