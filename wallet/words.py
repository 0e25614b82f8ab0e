"""Plain words for what consent and data say in terms: modes, items, legal bases, actions, places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from consent.model import DataItem, GrantState, LogLine, OutputMode, PurposeDeclaration
from vocab.codes import Label
from vocab.pages import Translator, msg
from vocab.pages.formats import Formats
from vocab.shapes import SHAPES

MODES: Mapping[OutputMode, tuple[str, str]] = {
    OutputMode.AGGREGATE_ONLY: (
        msg("Only totals: nobody sees your data"),
        msg(
            "Your data is counted together with that of many others, inside the pod host. Only sums come out, "
            "with a little chance added, so that nobody can tell whether you are among them."
        ),
    ),
    OutputMode.CLAIM: (
        msg("Only a result: your single entries stay with you"),
        msg(
            "A published rule is computed beside your pod, and only its result comes out, for example "
            "“12 purchases, 143.20 €, October”. What you bought stays with you."
        ),
    ),
    OutputMode.APPEND: (
        msg("It may add to your pod: it reads nothing"),
        msg(
            "The organisation may put documents of this kind into your pod. It sees nothing of what is there."
        ),
    ),
    OutputMode.ROWS: (
        msg("It reads these data, one by one"),
        msg(
            "The organisation reads the entries that you choose here and knows that they are yours. "
            "It sees nothing else of your pod."
        ),
    ),
}

STATES: Mapping[GrantState, tuple[str, str]] = {
    GrantState.ASKED: (msg("waiting for your answer"), "wait"),
    GrantState.DEFERRED: (msg("put off: you will be asked once more"), "wait"),
    GrantState.GIVEN: (msg("in force"), "good"),
    GrantState.SUSPENDED: (msg("suspended: nobody reads under it now"), "wait"),
    GrantState.REVOKED: (msg("ended by somebody else"), "off"),
    GrantState.REFUSED: (msg("refused"), "off"),
    GrantState.EXPIRED: (msg("expired"), "off"),
    GrantState.WITHDRAWN: (msg("withdrawn"), "off"),
    GrantState.SUPERSEDED: (msg("replaced by a newer version"), "off"),
    GrantState.UNKNOWN: (msg("unknown"), "off"),
}

LEGAL_BASES: Mapping[str, str] = {
    "gdpr:A6-1-a": msg("Your consent (GDPR, article 6(1)(a)). Without it nothing happens."),
    "gdpr:A9-2-a": msg("Your explicit consent to special categories of data (GDPR, article 9(2)(a))."),
    "gdpr:A6-1-b": msg(
        "A contract with you, or what you asked for before one (GDPR, article 6(1)(b)). You are informed; there is "
        "nothing to consent to."
    ),
    "gdpr:A6-1-c": msg(
        "A legal obligation of the organisation (GDPR, article 6(1)(c)). You are informed; there is nothing to "
        "consent to."
    ),
    "gdpr:A6-1-e": msg(
        "A task in the public interest (GDPR, article 6(1)(e)). It is no consent; you can object at any moment "
        "(article 21)."
    ),
    "gdpr:A6-1-f": msg(
        "A legitimate interest of the organisation (GDPR, article 6(1)(f)). It is no consent; you can object at "
        "any moment (article 21)."
    ),
}

ACTIONS: Mapping[str, tuple[str, str]] = {
    "read": (msg("read {what}"), msg("tried to read {what}")),
    "aggregate": (msg("counted {what} in a total"), msg("tried to count {what} in a total")),
    "claim": (msg("had a result computed from {what}"), msg("tried to have a result computed from {what}")),
    "append": (msg("added to {what}"), msg("tried to add to {what}")),
    "create": (msg("added to {what}"), msg("tried to add to {what}")),
    "replace": (msg("changed {what}"), msg("tried to change {what}")),
    "patch": (msg("changed {what}"), msg("tried to change {what}")),
    "delete": (msg("deleted {what}"), msg("tried to delete {what}")),
    "ask": (msg("asked for access to {what}"), msg("tried to get access to {what}")),
    "consent given": (msg("gave consent"), msg("gave consent")),
    "consent refused": (msg("refused consent"), msg("refused consent")),
    "consent withdrawn": (msg("withdrew consent"), msg("withdrew consent")),
    "consent revoked": (msg("ended a consent of yours"), msg("ended a consent of yours")),
    "consent suspended": (msg("suspended a consent of yours"), msg("suspended a consent of yours")),
    "consent resumed": (
        msg("put a suspended consent of yours into force again"),
        msg("put a suspended consent of yours into force again"),
    ),
    "consent carried over": (
        msg("continued your consent under a version that asks for no more"),
        msg("continued your consent under a version that asks for no more"),
    ),
    "preferences changed": (
        msg("changed what is done with questions"),
        msg("changed what is done with questions"),
    ),
    "consent superseded": (
        msg("replaced what you had consented to by a newer version"),
        msg("replaced what you had consented to by a newer version"),
    ),
}
"""What was done, and what was tried and refused, by the action that the host's log names."""

OTHER_ACTION = (msg("used {what}"), msg("tried to use {what}"))

AREAS: tuple[tuple[str, str], ...] = (
    ("profile/card", msg("your public profile")),
    ("profile/", msg("your profile")),
    ("participation/", msg("your participation")),
    ("purchases/", msg("your purchases")),
    ("value/", msg("your value shares")),
    ("consents/", msg("your consent records")),
    ("activity/", msg("your access log")),
    ("inbox/", msg("your inbox")),
    ("settings/", msg("your settings")),
)
_MONTH = re.compile(r"/(\d{4}-(?:0[1-9]|1[0-2]))(?:/|$)")


@dataclass(frozen=True, slots=True)
class ItemWords:
    """A data item in words. `properties` are (name, label) pairs; `whole` items cannot be split."""

    shape: str
    mode: OutputMode
    label: str
    mode_title: str
    mode_text: str
    properties: tuple[tuple[str, str], ...]
    whole: bool


def item_words(item: DataItem, _: Translator) -> ItemWords:
    """Return a data item as the reader understands it."""
    shape = SHAPES[item.shape]
    title, text = MODES[item.mode]
    named = tuple(
        (name, label(shape.by_name[name].label, _)) for name in item.properties if name in shape.by_name
    )
    # A rule computes on all of its inputs, and a document is added whole: only what is read can be chosen singly.
    whole = item.mode in (OutputMode.CLAIM, OutputMode.APPEND)
    return ItemWords(item.shape, item.mode, label(shape.label, _), _(title), _(text), named, whole)


def state_words(state: GrantState, _: Translator) -> tuple[str, str]:
    """Return a state's name and the kind of its badge."""
    text, kind = STATES[state]
    return _(text), kind


def legal_basis(basis: str, _: Translator) -> str:
    """Return what a legal basis means; the published term itself where we have no words for it."""
    words = LEGAL_BASES.get(basis)
    return _(words) if words else basis


def log_sentence(line: LogLine, pod: str, shapes: Iterable[str], _: Translator, formats: Formats) -> str:
    """Return what somebody did or tried, `read your purchases, October 2017`.

    `shapes` are those of the line's consent: a total or a result is about them, not about one place in the pod.
    """
    action = line.action.lower()
    done, tried = ACTIONS.get(action) or ACTIONS.get(action.partition(" ")[0]) or OTHER_ACTION
    what = place_words(line.path, pod, _, formats)
    if line.path == pod or not line.path.startswith(pod):
        areas = [place_words(pod + SHAPES[shape].container, pod, _, formats) for shape in shapes]
        what = ", ".join(areas) or _("your pod")
    return _(done if line.permitted else tried, what=what)


def agent_words(line: LogLine, owner: str, _: Translator) -> str:
    """Return who it was: an organisation's registered name, you, or a stranger, never a bare address."""
    if line.agent == owner:
        return _("You")
    if line.agent_name:
        return line.agent_name
    if line.agent is None and line.action.startswith("consent "):
        return _("The pod host")  # a consequence of what somebody published, or of a rule
    host = urlsplit(line.agent or "").netloc
    return _("Somebody with a profile at {host}", host=host) if host else _("Somebody who did not log in")


def place_words(path: str, pod: str, _: Translator, formats: Formats) -> str:
    """Return what part of the pod a path means, never the path itself."""
    inside = path.removeprefix(pod)
    area = next((_(words) for start, words in AREAS if inside.startswith(start)), _("your pod"))
    month = _MONTH.search("/" + inside)
    return f"{area}, {formats.month(month[1])}" if month else area


def in_language(texts: Mapping[str, str], _: Translator) -> str:
    """Return a published text in the reader's language, else in Italian, else in whatever there is."""
    return texts.get(_.language) or texts.get("it") or next(iter(texts.values()), "")


LANGUAGES = {"it": msg("Italian"), "en": msg("English"), "de": msg("German")}


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """A notice as one reader is shown it: three texts in one language, which the record keeps."""

    language: str
    title: str
    text: str
    refusal: str


def language_words(code: str, _: Translator) -> str:
    """Return the name of a language that a notice was read in."""
    return _(LANGUAGES.get(code, code))


def notice_words(purpose: PurposeDeclaration, reading: Sequence[str]) -> NoticeWords:
    """Return a purpose's notice in the first language of the reader's in which it is there, else in Italian, or any."""
    code = next((code for code in (*reading, "it", *purpose.text) if purpose.text.get(code)), "it")
    return NoticeWords(code, purpose.title[code], purpose.text[code], purpose.consequence_of_refusal[code])


def label(label: Label, _: Translator) -> str:
    """Return a label in the reader's language, else in Italian."""
    return label.get(_.language) or label["it"]
