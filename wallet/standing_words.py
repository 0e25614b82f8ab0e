"""Standing preferences in plain words: what each choice does, the classes, and a rule as a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from consent.client.preferences import ANY, Choice, Rule
from consent.model import OutputMode
from vocab.pages import Translator, msg
from vocab.shapes import SHAPES
from wallet import words

CHOICES: Mapping[Choice, tuple[str, str]] = {
    Choice.NEVER: (
        msg("Never: say no for me"),
        msg("The question is refused in your name and you are not disturbed. It stands in your log."),
    ),
    Choice.ASK: (
        msg("Ask me each time"),
        msg("As it is without a rule. Useful as an exception to a wider rule."),
    ),
    Choice.ALLOW: (
        msg("Allow: prepare a yes for me"),
        msg(
            "The answer is ready, and becomes a consent only when you have read it and confirm. Only for totals and "
            "results, and only where plain consent is asked: the law wants the rest in your own words, each time."
        ),
    ),
}
VERDICTS: Mapping[Choice, tuple[str, str]] = {
    Choice.NEVER: (msg("refused for you"), "off"),
    Choice.ASK: (msg("you are asked"), "plain"),
    Choice.ALLOW: (msg("you are asked, with a yes prepared"), "good"),
}
CLASSES: Mapping[str, str] = {
    "controller_kind": msg("Who asks"),
    "shape": msg("Which data"),
    "mode": msg("What happens with them"),
    "basis": msg("On what legal ground"),
}
EVERY: Mapping[str, str] = {
    "controller_kind": msg("anybody"),
    "shape": msg("any data"),
    "mode": msg("whatever happens with them"),
    "basis": msg("any legal ground"),
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "controller_kind": {
        "administration": msg("a public administration"),
        "cooperative": msg("a cooperative"),
        "shop": msg("a shop"),
        "association": msg("an association"),
        "other": msg("another organisation"),
    },
    "mode": {
        OutputMode.AGGREGATE_ONLY: msg("they are only counted in totals"),
        OutputMode.CLAIM: msg("only a result comes out"),
        OutputMode.ROWS: msg("they are read one by one"),
        OutputMode.APPEND: msg("documents are added to the pod"),
    },
    "basis": {
        "gdpr:A6-1-a": msg("consent"),
        "gdpr:A9-2-a": msg("explicit consent to special categories of data"),
        "gdpr:A6-1-b": msg("a contract"),
        "gdpr:A6-1-c": msg("a legal obligation"),
        "gdpr:A6-1-e": msg("a public task"),
        "gdpr:A6-1-f": msg("a legitimate interest"),
    },
}
HEADS: Mapping[Choice, str] = {
    Choice.NEVER: msg("No is said for you"),
    Choice.ASK: msg("You are asked"),
    Choice.ALLOW: msg("A yes is prepared for you"),
}
WHEN: Mapping[str, str] = {
    "controller_kind": msg("when {value} asks"),
    "shape": msg("about your data “{value}”"),
    "mode": msg("if {value}"),
    "basis": msg("on the ground of {value}"),
}


def value_words(name: str, value: str, _: Translator) -> str:
    """Return the value of a class in words."""
    if value == ANY:
        return _(EVERY[name])
    if name == "shape":
        return words.label(SHAPES[value].label, _)
    return _(VALUES[name][value])


def sentence(rule: Rule, _: Translator) -> str:
    """Return a rule as one sentence."""
    named = [(name, getattr(rule, name)) for name in CLASSES]
    parts = [_(WHEN[name], value=value_words(name, value, _)) for name, value in named if value != ANY]
    said = ", ".join(parts) or _("to every question")
    return f"{_(HEADS[rule.choice])} {said}."
