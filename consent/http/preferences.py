"""Routes of standing preferences: the person reads their rules, and replaces them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent.http.callers import json_answer, json_body, own_pod
from consent.http.ground import Ground, Routes, routes_of
from consent.preferences import preferences_sql
from consent.preferences.classes import CLASSES, can_be_meant
from consent.preferences.effects import Effects
from consent.preferences.model import ANY, Choice, Rule
from consent.preferences.standing import PREFERENCES_PATH
from pods import activity
from pods.errors import BadContent
from pods.http.openapi import LIST, described
from pods.storage.base import Transaction

MOST_RULES = 100  # more than a person can keep in mind
_RULES = {
    "type": "array",
    "maxItems": MOST_RULES,
    "items": {
        "type": "object",
        "required": ["choice"],
        "additionalProperties": False,
        "properties": {
            "choice": {"enum": [choice.value for choice in Choice]},
            **{name: {"enum": list(values)} for name, values in CLASSES.items()},
        },
    },
}


class PreferenceRoutes(Routes):
    """`/.consent/preferences`: the owner's alone; no delegate has a power over it."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self._effects = Effects(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return routes_of(
            "",
            "preferences",
            ("GET", PREFERENCES_PATH, self.show, described(LIST, token=True)),
            ("PUT", PREFERENCES_PATH, self.put, described(LIST, body=_RULES, token=True)),
            ("POST", PREFERENCES_PATH + "/preview", self.preview, described(LIST, body=_RULES, token=True)),
            ("GET", PREFERENCES_PATH + "/decisions", self.decisions, described(LIST, token=True)),
        )

    async def show(self, request: Request) -> Response:
        """The caller's rules."""
        agent, webid = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        rules = await self._store.read(lambda tx: preferences_sql.of_pod(tx, own_pod(tx, webid).key))
        return json_answer([_json(rule) for rule in rules])

    async def put(self, request: Request) -> Response:
        """Replace the caller's rules; they count for what is asked from now on."""
        agent, webid = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        rules = _rules(await json_body(request))

        def job(tx: Transaction) -> list[Rule]:
            pod, at = own_pod(tx, webid), self._clock()
            preferences_sql.replace(tx, pod.key, rules, at)
            activity.append(
                tx,
                pod.key,
                agent=agent,
                path=PREFERENCES_PATH,
                action="preferences changed",
                decision=activity.PERMIT,
                at=at,
            )
            return preferences_sql.of_pod(tx, pod.key)

        return json_answer([_json(rule) for rule in await self._commits.submit(job)])

    async def preview(self, request: Request) -> Response:
        """What rules would make of everything that is published, beside what the caller's rules make of it now."""
        agent, webid = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        rules = _rules(await json_body(request))

        def job(tx: Transaction) -> list[dict[str, Any]]:
            now = preferences_sql.of_pod(tx, own_pod(tx, webid).key)
            return [effect.plain() for effect in self._effects.of(tx, now, rules, self._clock())]

        return json_answer(await self._store.read(job))

    async def decisions(self, request: Request) -> Response:
        """What the caller's rules refused or prepared for them, the newest first; the caller may decide otherwise."""
        agent, webid = await self._callers.known(request)
        self._callers.require_consent_client(agent)

        def job(tx: Transaction) -> list[dict[str, Any]]:
            return [one.plain() for one in self._effects.decided(tx, own_pod(tx, webid).key, self._clock())]

        return json_answer(await self._store.read(job))


def _rules(body: Any) -> list[Rule]:
    if not isinstance(body, list) or len(body) > MOST_RULES:
        raise BadContent(f"The body must be a list of at most {MOST_RULES} rules.")
    found: dict[tuple[str, ...], Rule] = {}
    for number, plain in enumerate(body):
        if not isinstance(plain, dict) or not {"choice"} <= set(plain) <= {"choice", *CLASSES}:
            raise BadContent(f"/{number}: a rule has a choice, and some of {', '.join(CLASSES)}.")
        if plain["choice"] not in list(Choice):
            raise BadContent(f"/{number}/choice: one of {', '.join(Choice)}.")
        named = {name: plain.get(name, ANY) for name in CLASSES}
        for name, value in named.items():
            if value not in CLASSES[name]:
                raise BadContent(f"/{number}/{name}: one of {', '.join(CLASSES[name][1:])}.")
        key, rule = tuple(named.values()), Rule(Choice(plain["choice"]), **named)
        if key in found:
            raise BadContent(f"/{number}: there is a rule for this class already.")
        if not can_be_meant(rule):
            raise BadContent(
                f"/{number}/choice: 'allow' prepares answers for aggregateOnly and claim under plain consent only; "
                "for this class write 'ask' or 'never'."
            )
        found[key] = rule
    return list(found.values())


def _json(rule: Rule) -> dict[str, str]:
    return {
        "choice": rule.choice.value,
        "basis": rule.basis,
        "mode": rule.mode,
        "controller_kind": rule.controller_kind,
        "shape": rule.shape,
    }
