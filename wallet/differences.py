"""What changed in a new version of a purpose, in sentences that a person can weigh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from consent.model import About, Change, OutputMode
from vocab.pages import Translator, msg
from vocab.shapes import SHAPES
from wallet import words

_TEXTS: Mapping[str, str] = {
    "title": msg("the title"),
    "text": msg("the explanation"),
    "consequence_of_refusal": msg("what happens if you say no"),
}


def sentences(changes: Iterable[Change], _: Translator) -> list[tuple[str, bool]]:
    """Return each change as a sentence, and whether it asks for more than before; what grows comes first.

    A text that changed in a language that the reader does not read is left out: the page shows the reader's own.
    """
    told = [(_SENTENCES[change.about](change, _), change.grows) for change in changes if _concerns(change, _)]
    return sorted(told, key=lambda sentence: not sentence[1])


def _concerns(change: Change, _: Translator) -> bool:
    return change.language is None or change.language == _.language


def _property(change: Change, _: Translator) -> str:
    shape = SHAPES[change.shape or ""]
    label = shape.by_name[change.name or ""].label
    return f"{words.label(shape.label, _)}: {words.label(label, _)}"


def _asked(change: Change, _: Translator) -> str:
    what = _property(change, _)
    if change.before is None:
        return _("Now it asks for this too: {what}.", what=what)
    return _("It does not ask for this any more: {what}.", what=what)


def _mode(change: Change, _: Translator) -> str:
    return _(
        "{what}. Before: {before}. Now: {after}.",
        what=_property(change, _),
        before=_modes(change.before, _),
        after=_modes(change.after, _),
    )


def _modes(value: str | int | None, _: Translator) -> str:
    names = str(value).split(", ")
    return ", ".join(_(words.MODES[OutputMode(name)][0]) for name in names)


def _recipient(change: Change, _: Translator) -> str:
    if change.before is None:
        return _("Somebody else receives the data now: {name}.", name=change.after)
    return _("It does not go to this recipient any more: {name}.", name=change.before)


def _retention(change: Change, _: Translator) -> str:
    message = (
        msg("The data is kept longer: {after} days, before it was {before}.")
        if change.grows
        else msg("The data is kept for a shorter time: {after} days, before it was {before}.")
    )
    return _(message, before=change.before, after=change.after)


def _period(change: Change, _: Translator) -> str:
    return _(
        "The purpose ends on another day: {after} instead of {before}.",
        before=change.before,
        after=change.after,
    )


def _basis(change: Change, _: Translator) -> str:
    return _("The legal basis is another one. {basis}", basis=words.legal_basis(str(change.after), _))


def _text(change: Change, _: Translator) -> str:
    message = _TEXTS[change.name or "text"]
    return _(
        "The published text has changed: {name}. Before it said: “{before}”",
        name=_(message),
        before=change.before or "–",
    )


def _programme(change: Change, _: Translator) -> str:
    if change.after is None:
        return _("Statistics are not made from it any more.")
    return _("The statistics that are made from it are a new programme, with a limit of its own.")


_SENTENCES: Mapping[About, Callable[[Change, Translator], str]] = {
    About.PROPERTY: _asked,
    About.MODE: _mode,
    About.RECIPIENT: _recipient,
    About.RETENTION: _retention,
    About.PERIOD: _period,
    About.BASIS: _basis,
    About.TEXT: _text,
    About.PROGRAMME: _programme,
}
