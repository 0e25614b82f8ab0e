"""Standing preferences: rules in words, what a rule would do before it is saved, and what the rules decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client.preferences import (
    ANY,
    CLASSES,
    Choice,
    Effect,
    PreferencesClient,
    Rule,
    RuleDecision,
    can_be_meant,
)
from vocab.pages import Notice, Translator, msg
from wallet import standing_words, words
from wallet.standing_words import VERDICTS, sentence, value_words
from wallet.visit import Desk, Visit

PLACE = "/preferences/standing"
FORM_ORDER = tuple(standing_words.CLASSES)
DONE: Mapping[str, Notice] = {
    "saved": Notice("success", msg("Saved. It counts for what is asked from now on; open requests stay.")),
    "removed": Notice("success", msg("Taken away. From now on these questions reach you again.")),
}


class Standing:
    """`/preferences/standing`, its preview, and what is posted below it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PLACE, self._show, methods=["GET"]),
            Route(PLACE, self._save, methods=["POST"]),
            Route(f"{PLACE}/preview", self._preview, methods=["GET"]),
            Route(f"{PLACE}/remove", self._remove, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        client = _client(visit)
        done = request.query_params.get("done", "")
        return self._desk.pages.render(
            request,
            "wallet/standing.html",
            active="preferences",
            consent=visit.place.consent,
            rules=[
                (sentence(rule, _), _fields(rule))
                for rule in (await client.rules() if visit.place.consent else ())
            ],
            decisions=[_decided(one, _) for one in (await client.decisions() if visit.place.consent else ())],
            choices=_choices(_),
            classes=_classes(_),
            asked=Rule(Choice.NEVER),
            notices=[DONE[done]] if done in DONE else [],
        )

    async def _preview(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        rule = _rule(request.query_params)
        if rule is None or not visit.place.consent:
            return RedirectResponse(PLACE, 303)
        _ = self._desk.pages.translator(request)
        client, said = _client(visit), can_be_meant(rule)
        rules = await client.rules()
        effects = await client.preview(_with(rules, rule)) if said else []
        return self._desk.pages.render(
            request,
            "wallet/standing-preview.html",
            status=200 if said else 422,
            active="preferences",
            said=said,
            sentence=sentence(rule, _),
            explained=_(standing_words.CHOICES[rule.choice][1]),
            replaces=next((sentence(one, _) for one in rules if _class(one) == _class(rule)), ""),
            stronger=[sentence(one, _) for one in rules if _weakens(one, rule)],
            changed=[_effect(one, _) for one in effects if one.before is not one.after],
            same=sum(1 for one in effects if one.before is one.after),
            fields=_fields(rule),
            choices=_choices(_),
            classes=_classes(_),
            asked=rule,
        )

    async def _save(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        rule = _rule(form)
        if rule is None or not can_be_meant(rule):
            return RedirectResponse(PLACE, 303)
        client = _client(visit)
        await client.replace(_with(await client.rules(), rule))
        return RedirectResponse(f"{PLACE}?done=saved", 303)

    async def _remove(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        rule, client = _rule(form), _client(visit)
        if rule is not None:
            await client.replace([one for one in await client.rules() if _class(one) != _class(rule)])
        return RedirectResponse(f"{PLACE}?done=removed", 303)


def _client(visit: Visit) -> PreferencesClient:
    return PreferencesClient(visit.solid, visit.place.host)


def _rule(form: FormData | QueryParams) -> Rule | None:
    """Return the rule that a form says; None for anything that the page does not offer."""
    choice = str(form.get("choice", ""))
    named = {name: str(form.get(name, ANY)) for name in CLASSES}
    if choice not in list(Choice) or any(named[name] not in CLASSES[name] for name in named):
        return None
    return Rule(Choice(choice), **named)


def _class(rule: Rule) -> tuple[str, ...]:
    return tuple(getattr(rule, name) for name in CLASSES)


def _with(rules: Sequence[Rule], added: Rule) -> list[Rule]:
    """Return rules with one more, in the place of what was said about the same class."""
    return [*(one for one in rules if _class(one) != _class(added)), added]


def _weakens(one: Rule, added: Rule) -> bool:
    """Say whether an older rule goes before a new one on some questions: it names more, or as much and is stricter."""
    if _class(one) == _class(added) or one.choice is added.choice:
        return False
    together = all(ANY in (a, b) or a == b for a, b in zip(_class(one), _class(added), strict=True))
    order = tuple(Choice)
    stricter = order.index(one.choice) < order.index(added.choice)
    return together and (
        one.specificity() > added.specificity() or (one.specificity() == added.specificity() and stricter)
    )


def _fields(rule: Rule) -> dict[str, str]:
    return {"choice": rule.choice.value, **{name: getattr(rule, name) for name in CLASSES}}


def _choices(_: Translator) -> list[tuple[str, str, str]]:
    return [(key.value, _(title), _(text)) for key, (title, text) in standing_words.CHOICES.items()]


def _classes(_: Translator) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Return the lists of the form, as (name, label, words for all of them, options)."""
    return [
        (
            name,
            _(standing_words.CLASSES[name]),
            value_words(name, ANY, _),
            [(value, value_words(name, value, _)) for value in CLASSES[name] if value != ANY],
        )
        for name in FORM_ORDER
    ]


def _effect(one: Effect, _: Translator) -> dict[str, object]:
    before, after = VERDICTS[one.before], VERDICTS[one.after]
    return {
        "title": words.in_language(one.title, _),
        "who": one.controller_name,
        "before": _(before[0]),
        "after": _(after[0]),
        "badge": after[1],
    }


def _decided(one: RuleDecision, _: Translator) -> dict[str, object]:
    text, badge = VERDICTS[one.choice] if one.open else (msg("decided otherwise, or over"), "off")
    return {
        "decision": one,
        "title": words.in_language(one.title, _),
        "state": _(text),
        "badge": badge,
        "refused": one.choice is Choice.NEVER,
    }
