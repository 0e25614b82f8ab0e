"""Composition root of the pod host with consent: what `portico serve pods` runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from consent import claims, elsewhere_sql, issuers
from consent.aggregation.assembly import assemble
from consent.aggregation.engine import Engine, exact_cells
from consent.aggregation.routes import AggregationRoutes
from consent.aggregation.schema_sql import SCHEMAS as AGGREGATION_SCHEMAS
from consent.credentials.archived import Archived
from consent.credentials.issuing import Issuing
from consent.credentials.keys import AssertionKeys
from consent.credentials.status_sql import SCHEMA as CREDENTIALS_1
from consent.decisions import Consents
from consent.delegation.acting import Acting
from consent.delegation.appointments import Appointments
from consent.delegation.assistance import Assistance
from consent.delegation.schema_sql import SCHEMAS as PEOPLE_SCHEMAS
from consent.ending import Ending
from consent.enforcement import GrantAuthorizer
from consent.export import further
from consent.http.asking import AskingRoutes
from consent.http.breaches import BreachRoutes
from consent.http.callers import Callers
from consent.http.credentials import CredentialRoutes
from consent.http.decisions import DecisionRoutes
from consent.http.delegations import DelegationRoutes
from consent.http.duties import DutyRoutes
from consent.http.elsewhere import ElsewhereRoutes
from consent.http.ground import Ground, Routes
from consent.http.log import LogRoutes
from consent.http.own import OwnRoutes
from consent.http.pages import RegisterPages
from consent.http.preferences import PreferenceRoutes
from consent.http.processing import ProcessingRoutes
from consent.http.register import RegisterRoutes
from consent.http.renouncing import RenouncingRoutes
from consent.http.results import ResultRoutes
from consent.http.rights import RightsRoutes
from consent.http.uma import UmaRoutes
from consent.http.uses import UseRoutes
from consent.identity import IdTokens
from consent.invitations import Invitations
from consent.issuers import IssuerDirectory
from consent.leaving import ConsentLeaving
from consent.overview import Overview
from consent.processor import Operator
from consent.purposes import Publisher
from consent.rights.escalation import Escalation, Reminding
from consent.rights.leaving import RightsLeaving
from consent.rights.outgoing import Carrier
from consent.rights.requests import Rights
from consent.rights.schema_sql import SCHEMAS as RIGHTS_SCHEMAS
from consent.schema_sql import SCHEMAS
from consent.secret import derived, open_secret
from consent.shaping import Shaping
from consent.tickets import Tickets
from consent.uma import AuthorizationServer
from consent.versions import Versions
from pods.activity.checkpoints import Checkpoints
from pods.archive.routes import sender_of
from pods.archive.writing import Further
from pods.authn.issuers import Issuers
from pods.authz.base import Authorizer
from pods.authz.remote_groups import RemoteGroups
from pods.authz.wac import Wac
from pods.http.routing import Alongside
from pods.identity.same_keys import KeyFile, of_secret
from pods.main import Core, application, open_core
from pods.model import Clock
from pods.notify.sender import Sender
from pods.quota import Quota
from pods.removal import Leaving
from pods.settings import PodSettings, read_settings
from pods.storage.base import Observer
from pods.storage.migrations import Schema
from pods.transparency.notes import Signer

SECRET = "consent.key"  # the name of a file
LOG_KEY = "log.key"
ASSERTION_KEYS = "assertion-keys.json"
LEAVING: Sequence[Leaving] = (ConsentLeaving(), RightsLeaving())
"""Who removes what consent keeps of a pod, whoever removes the pod."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What consent adds to a plain Solid server."""

    authorizer: Authorizer
    observers: Sequence[Observer]
    routes: Sequence[BaseRoute]
    alongside: Sequence[Alongside]
    leaving: Sequence[Leaving]
    consents: Consents
    """For programs inside the trust zone, such as the demo's set-up."""


def schemas() -> tuple[Schema, ...]:
    """Return the tables that consent needs in the pod host's database."""
    return (
        *SCHEMAS,
        *PEOPLE_SCHEMAS,
        CREDENTIALS_1,
        issuers.SCHEMA,
        *AGGREGATION_SCHEMAS,
        *claims.SCHEMAS,
        *RIGHTS_SCHEMAS,
        elsewhere_sql.SCHEMA,
    )


def extension(
    core: Core, *, stopwatch: Callable[[], float] = time.monotonic, engine: Engine = exact_cells
) -> Extension:
    """Return what consent adds to the host `core`; `stopwatch` times claims, `engine` computes aggregates."""
    origin, clock = core.settings.pod_url, core.clock
    secret = open_secret(core.settings.data / SECRET)
    tickets = Tickets(derived(secret, "tickets"))
    consents = Consents(origin, derived(secret, "pairwise"))
    callers = Callers(origin, core.verifier, core.settings.consent_clients)
    overview = Overview(origin)
    invitations = Invitations(origin, consents)
    identities = IdTokens(core.keys, core.settings.issuer, Issuers(core.http, clock=clock))
    server = AuthorizationServer(
        *(origin, core.keys, identities, tickets, invitations), issuer=core.settings.issuer
    )
    commits, store = core.commits, core.store
    directory = IssuerDirectory(store)
    assertion, issuing = attesting(core)
    checkpoints = checkpoints_of(core)
    questions = assemble(core, origin=origin, data=core.settings.data, keys=directory, engine=engine)
    answers = AggregationRoutes(core, questions)
    rights = Rights(origin, consents)
    versions, pages = Versions(origin, consents), RegisterPages(origin)
    evaluator = claims.Evaluator(store, stopwatch=stopwatch)
    # One thread of its own: somebody who looks again and again at what would leave holds up no claim.
    previews = claims.Evaluator(store, stopwatch=stopwatch, threads=1)
    publisher = Publisher(origin, published=(questions.programmes.published, versions.published))
    appointments, acting = Appointments(origin), Acting(origin, consents)
    ground = Ground(callers, origin, store, commits, clock)
    seal, export = claims.ResultSeal(core.keys, origin), sender_of(core, archived(core))
    parts: Sequence[Routes] = (
        PreferenceRoutes(ground),
        DelegationRoutes(ground, appointments, Assistance(appointments)),
        RegisterRoutes(ground, publisher, versions, invitations, pages),
        DecisionRoutes(ground, acting, invitations, overview),
        ElsewhereRoutes(ground, consents),
        RenouncingRoutes(ground, Ending(origin, consents)),
        ProcessingRoutes(ground, pages, operator=_operator(core.settings)),
        AskingRoutes(ground, acting, overview, consent_clients=core.settings.consent_clients),
        UmaRoutes(ground, server, core.replay, issuer=core.settings.issuer),
        UseRoutes(ground, tickets, evaluator, seal, directory, quota=Quota(core.settings.quota)),
        CredentialRoutes(ground, issuing, assertion),
        OwnRoutes(ground, acting, export),
        LogRoutes(ground, checkpoints),
        ResultRoutes(ground, previews),
        BreachRoutes(ground, pages),
        DutyRoutes(ground, rights),
        RightsRoutes(ground, rights, acting, overview),
    )
    reminding = Reminding(Escalation(origin), commits, clock)
    sender = Sender(core.keys, core.settings.trusted_hosts, base=origin, clock=clock)
    carrier = Carrier(store, commits, core.http, sender, clock=clock)
    authorizer = GrantAuthorizer(
        Wac(origin, RemoteGroups(core.http, clock=clock)), tickets, origin=origin, clock=clock
    )
    return Extension(
        authorizer,
        (Shaping(origin),),
        [*(route for part in parts for route in part.routes()), *answers.routes()],
        (answers.alongside, reminding.alongside, carrier.alongside, checkpoints.alongside),
        LEAVING,
        consents,
    )


def _operator(settings: PodSettings) -> Operator:
    return Operator(
        settings.pod_url + "/",
        settings.operator_name,
        settings.operator_contact,
        settings.operator_dpo,
        settings.operator_transfers,
    )


def attesting(core: Core) -> tuple[AssertionKeys, Issuing]:
    """Return the keys with which this host attests, and what makes its credentials."""
    data, origin = core.settings.data, core.settings.pod_url
    keys = AssertionKeys.open(data / ASSERTION_KEYS, origin, clock=core.clock)
    return keys, Issuing(origin, keys, derived(open_secret(data / SECRET), "status lists"))


def archived(core: Core) -> Further:
    """Return what consent adds to archives of this host's pods."""
    keys, issuing = attesting(core)
    return further(core.settings.pod_url, Archived(keys, issuing).of_pod)


def checkpoints_of(core: Core) -> Checkpoints:
    """Return what signs the access logs of this host, with a key of its own that never changes."""
    key = Ed25519PrivateKey.from_private_bytes(open_secret(core.settings.data / LOG_KEY))
    signer = Signer(core.settings.pod_url.partition("://")[2] + "/.consent/log", key)
    return Checkpoints(core.store, core.commits, signer, kept_days=core.settings.log_days, clock=core.clock)


def pod_host(settings: PodSettings, clock: Clock) -> ASGIApp:
    """Return the pod host with consent as an ASGI application."""
    core = open_core(settings, clock, schemas=schemas())
    added = extension(core)
    return application(
        core,
        authorizer=added.authorizer,
        observers=added.observers,
        routes=added.routes,
        alongside=added.alongside,
        leaving=added.leaving,
        further=archived(core),
        key_files=lambda: key_files(core),
    )


def key_files(core: Core) -> list[KeyFile]:
    """Return the keys that consent keeps in the data folder, by their marks."""
    data, origin = core.settings.data, core.settings.pod_url
    public = [
        one.public for one in AssertionKeys.open(data / ASSERTION_KEYS, origin, clock=core.clock).kept()
    ]
    return [
        of_secret(SECRET, open_secret(data / SECRET)),
        of_secret(LOG_KEY, open_secret(data / LOG_KEY)),
        KeyFile(ASSERTION_KEYS, frozenset(public[:1]), frozenset(public)),
    ]


def create_app() -> ASGIApp:
    """Return the pod host set up by PORTICO_* variables; what `uvicorn --factory` calls."""
    return pod_host(read_settings(PodSettings, os.environ), time.time)
