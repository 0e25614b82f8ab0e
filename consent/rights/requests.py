"""Requests at work: what a person asks takes effect at once where the host can see to it, and every step is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from consent import grants_sql, registry_sql
from consent.decisions import Consents
from consent.grants_sql import Grants
from consent.model import Grant, GrantState, Suspension
from consent.registry_sql import Purposes
from consent.rights import rights_sql
from consent.rights.deadlines import ANSWER_MONTHS, EXTENDED_MONTHS, after_months
from consent.rights.disclosures import Looked, Scope
from consent.rights.duties import Duties
from consent.rights.model import (
    NEEDS_TEXT,
    STEPS,
    TAKEN_BY,
    WAITING,
    Party,
    RequestEvent,
    RequestState,
    RightKind,
    RightsId,
    RightsRequest,
    Step,
)
from consent.rights.notices import Notices
from pods.errors import Conflict, NotFound, TooManyRequests, Unprocessable
from pods.model import Agent
from pods.storage.base import Pod, Transaction

MOST_WAITING = 100  # requests of one person that wait at a time; more is no use of a right
OBJECTIONABLE = ("gdpr:A6-1-e", "gdpr:A6-1-f")
"""Art. 21(1): processing for a task in the public interest, or for a legitimate interest."""
STEP_SUMMARIES: Mapping[RequestEvent, Mapping[str, str]] = {
    RequestEvent.ACKNOWLEDGE: {
        "it": "La tua richiesta è stata presa in carico.",
        "en": "Your request was taken in.",
    },
    # Art. 12(3): the person is informed "of any such extension ... together with the reasons for the delay".
    RequestEvent.EXTEND: {
        "it": "Per rispondere servono fino a due mesi in più: il motivo è nel portafoglio.",
        "en": "The answer takes up to two months more: the reason is in your wallet.",
    },
    RequestEvent.ANSWER: {
        "it": "C'è la risposta alla tua richiesta: la trovi nel portafoglio.",
        "en": "Your request was answered: you find it in your wallet.",
    },
    RequestEvent.REFUSE: {
        "it": "La tua richiesta non è stata accolta: motivo e rimedi sono nel portafoglio.",
        "en": "Your request was refused: why, and what you can do, is in your wallet.",
    },
}
ANSWERED_AT_ONCE: Mapping[RightKind, tuple[str, str]] = {
    RightKind.ACCESS: (
        "/.consent/rights/access",
        "Chi può usare i tuoi dati, chi li ha ricevuti e quando, e che cosa è uscito. / Who may use your data, who was "
        "served and when, and what left.",
    ),
    RightKind.PORTABILITY: (
        "/.consent/export",
        "Tutto il tuo pod in un archivio leggibile da programmi (RDF, JSON e i documenti firmati). / Your whole pod as an "
        "archive that programs read (RDF, JSON and the signed documents).",
    ),
}
"""What the host itself is asked and can hand over in the moment it is asked: where, and what it says."""
ASK_SUMMARY = {
    "it": "Una persona esercita un diritto verso di te (GDPR, articoli 15-22): rispondi entro un mese.",
    "en": "A person exercises a right towards you (GDPR, articles 15-22): answer within one month.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks, as it came in and after its form was checked."""

    kind: RightKind
    controller: str
    text: str
    grants: tuple[str, ...] = ()
    resource: str = ""


class Rights:
    """Requests of people on the host at `origin`; the host itself can be asked under the name of its origin."""

    def __init__(
        self,
        origin: str,
        consents: Consents,
        *,
        new_id: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.host = origin + "/"
        self._origin = origin
        self._consents = consents
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)
        self._duties = Duties(origin)
        self._notices = Notices(origin)
        self._new_id = new_id

    def ask(
        self,
        tx: Transaction,
        pod: Pod,
        agent: Agent,
        asked: Asked,
        at: float,
        *,
        looked: Looked | None = None,
    ) -> RightsRequest:
        """Take a request in, and do at once what needs nobody's answer; raise NotFound, Conflict, Unprocessable or LongLog."""
        if asked.controller != self.host and registry_sql.controller(tx, asked.controller) is None:
            raise NotFound(
                f"{asked.controller} is no organisation of this host; GET /.consent/controllers lists them, "
                f"and {self.host} is the host itself."
            )
        if asked.resource and not asked.resource.startswith(pod.root):
            raise Unprocessable("rights-request at /resource: this is no place in your pod.")
        self._require_new(tx, pod, asked)
        grants = self._meant(tx, pod, asked)
        request = RightsRequest(
            id=RightsId(self._new_id()),
            pod=pod.key,
            controller=asked.controller,
            kind=asked.kind,
            grants=asked.grants,
            resource=asked.resource,
            text=asked.text,
            state=RequestState.RECEIVED,
            received_at=at,
            due_at=after_months(at, ANSWER_MONTHS),
        )
        if asked.kind is RightKind.RESTRICTION:
            for grant in grants:
                if grant.state_at(at) in (GrantState.GIVEN, GrantState.SUSPENDED):
                    self._consents.suspend(tx, pod, grant.id, Suspension.RESTRICTION, at, agent=agent)
        if asked.kind is RightKind.OBJECTION:
            self._object(tx, pod, agent, grants, at)
        rights_sql.save(tx, request)
        rights_sql.add_step(tx, request.id, Step(RequestEvent.ASK, RequestState.RECEIVED, at, asked.text, ()))
        self._duties.raised(
            tx, pod, request, RequestEvent.ASK, self._scope(tx, pod, request), at, looked=looked
        )
        subject = f"{self._origin}/.consent/rights/{request.id}"
        self._notices.to_owner(
            *(tx, asked.controller, f"rights-{request.id}", subject, ASK_SUMMARY, at),
            due_at=request.due_at,
            concerns=pod.key,
        )
        if asked.controller == self.host and asked.kind in ANSWERED_AT_ONCE:
            place, words = ANSWERED_AT_ONCE[asked.kind]
            return self.step(
                *(tx, request, RequestEvent.ANSWER, at),
                text=words,
                attachments=(self._origin + place,),
                agent=agent,
            )
        return request

    def step(
        self,
        tx: Transaction,
        request: RightsRequest,
        event: RequestEvent,
        at: float,
        *,
        text: str = "",
        attachments: Sequence[str] = (),
        agent: Agent,
        looked: Looked | None = None,
    ) -> RightsRequest:
        """Take one step of the table; the caller has checked whose step it is. Raises LongLog as well."""
        state = STEPS.get((request.state, event))
        if state is None:
            raise Conflict(f"A request that is {request.state.value} cannot take the step {event.value!r}.")
        if event in NEEDS_TEXT and not text.strip():
            raise Unprocessable(f"rights-step at /text: to {event.value}, say in words what or why.")
        if (request.kind, event) == (RightKind.PORTABILITY, RequestEvent.ANSWER) and not attachments:
            # Art. 20(1): "in a structured, commonly used and machine-readable format".
            raise Unprocessable(
                "rights-step at /attachments: data that a person takes along is handed over as a file; name its address."
            )
        if event is RequestEvent.EXTEND and at >= request.due_at:
            # Art. 12(3): "shall inform the data subject of any such extension within one month of receipt".
            raise Conflict("The first month is over: an extension had to be told within it. Answer now.")
        extended = event is RequestEvent.EXTEND
        due_at = after_months(request.received_at, EXTENDED_MONTHS) if extended else request.due_at
        after = replace(request, state=state, due_at=due_at)
        rights_sql.save(tx, after)
        rights_sql.add_step(tx, request.id, Step(event, state, at, text, tuple(attachments)))
        pod = tx.pod_by_key(request.pod)
        if pod is None:
            raise NotFound("The person's pod is gone, and the request with it.")
        self._duties.raised(tx, pod, after, event, self._scope(tx, pod, after), at, looked=looked)
        if event is RequestEvent.CLOSE and request.kind is RightKind.RESTRICTION:
            self._lift(tx, pod, agent, after, at)
        if TAKEN_BY[event] is Party.CONTROLLER:
            subject = f"{self._origin}/.consent/rights/{request.id}"
            self._notices.to_pod(
                tx, pod, f"rights-{request.id}-{event.value}", subject, STEP_SUMMARIES[event], at
            )
        return after

    def of_person(self, tx: Transaction, pod: Pod, request_id: str) -> RightsRequest:
        """Return a person's own request; to anybody else it does not exist."""
        found = rights_sql.request(tx, request_id)
        if found is None or found.pod != pod.key:
            raise NotFound("You have no request of this name; GET /.consent/rights lists yours.")
        return found

    def of_controller(self, tx: Transaction, controller: str, request_id: str) -> RightsRequest:
        """Return a request that was sent to this controller; to anybody else it does not exist."""
        found = rights_sql.request(tx, request_id)
        if found is None or found.controller != controller:
            raise NotFound("No request of this name was sent to you; GET /.consent/rights lists yours.")
        return found

    def pseudonym(self, tx: Transaction, pod: int, reader: str) -> str:
        """Return how the reader knows the person: an organisation by a pseudonym, anybody else by the WebID it used."""
        owner = found.owner if (found := tx.pod_by_key(pod)) is not None else ""
        if reader == self.host or registry_sql.controller(tx, reader) is None:
            return owner
        return self._consents.pairwise(reader, owner)

    def _require_new(self, tx: Transaction, pod: Pod, asked: Asked) -> None:
        waiting = [one for one in rights_sql.of_pod(tx, pod.key) if one.state in WAITING]
        if len(waiting) >= MOST_WAITING:
            raise TooManyRequests(f"{MOST_WAITING} requests of yours wait for an answer; close one first.")
        same = (asked.kind, asked.controller, asked.grants, asked.resource)
        if any((one.kind, one.controller, one.grants, one.resource) == same for one in waiting):
            raise Conflict("You asked for the same already and an answer is still owed; follow that request.")

    def _meant(self, tx: Transaction, pod: Pod, asked: Asked) -> list[Grant]:
        """Return the grants that a request is about."""
        own = {grant.id: grant for grant in self._grants.of_pod(tx, pod.key)}
        for number, name in enumerate(asked.grants):
            grant = own.get(name)  # type: ignore[call-overload]  # an unverified name is looked up as one
            if grant is None or asked.controller not in (grant.controller, self.host):
                raise Unprocessable(
                    f"rights-request at /grants/{number}: there is no such consent of yours to this organisation."
                )
        if asked.grants:
            return [grant for grant in own.values() if grant.id in asked.grants]
        return [grant for grant in own.values() if asked.controller in (grant.controller, self.host)]

    def _object(self, tx: Transaction, pod: Pod, agent: Agent, grants: Sequence[Grant], at: float) -> None:
        """End what rests on a public task or a legitimate interest; consent is withdrawn, not objected to."""
        open_to_it = [grant for grant in grants if self._basis(tx, grant).startswith(OBJECTIONABLE)]
        if not open_to_it:
            raise Unprocessable(
                "rights-request at /kind: none of this rests on a public task or a legitimate interest "
                "(GDPR art. 21(1)). What rests on your consent ends when you withdraw it, in one step."
            )
        for grant in open_to_it:
            if grant.state_at(at) in (GrantState.GIVEN, GrantState.SUSPENDED):
                self._consents.withdraw(tx, pod, agent, grant.id, at)

    def _basis(self, tx: Transaction, grant: Grant) -> str:
        purpose = self._purposes.by_iri(tx, grant.purpose)
        return purpose.legal_basis if purpose is not None else ""

    def _lift(self, tx: Transaction, pod: Pod, agent: Agent, request: RightsRequest, at: float) -> None:
        """Put into force again what only this restriction suspended."""
        asked = Asked(request.kind, request.controller, request.text, request.grants, request.resource)
        others = [
            one
            for one in rights_sql.of_pod(tx, pod.key)
            if one.kind is RightKind.RESTRICTION and one.state is not RequestState.CLOSED
        ]
        still = {
            grant.id
            for one in others
            for grant in self._meant(tx, pod, Asked(one.kind, one.controller, "", one.grants))
        }
        for grant in self._meant(tx, pod, asked):
            rests = grant.state_at(at) is GrantState.SUSPENDED
            if (
                rests
                and grant.id not in still
                and Suspension.RESTRICTION in grants_sql.suspensions(tx, grant.id)
            ):
                self._consents.resume(tx, pod, grant.id, Suspension.RESTRICTION, at, agent=agent)

    def _scope(self, tx: Transaction, pod: Pod, request: RightsRequest) -> Scope:
        """Return which uses of the pod made somebody a recipient of what the request is about."""
        if request.grants:
            return Scope(frozenset(self._grants.iri(name) for name in request.grants), None, request.resource)
        # A receipt that its issuer corrects was read by whoever read it, under whatever grant.
        if request.controller == self.host or request.kind is RightKind.RECTIFICATION:
            return Scope(resource=request.resource)
        given = [
            grant for grant in self._grants.of_pod(tx, pod.key) if grant.controller == request.controller
        ]
        return Scope(frozenset(grant.iri for grant in given), request.controller, request.resource)
