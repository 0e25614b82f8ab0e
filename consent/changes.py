"""What changed between two versions of a purpose, as data; and whether anything that people agreed to grew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from consent.model import About, Change, OutputMode, PurposeDeclaration

TEXTS = ("title", "text", "consequence_of_refusal")


def changes(before: PurposeDeclaration, after: PurposeDeclaration) -> tuple[Change, ...]:
    """Return every difference of two versions, in the order in which a person reads a declaration."""
    return (*_items(before, after), *_terms(before, after), *_texts(before, after))


def grown(before: PurposeDeclaration, after: PurposeDeclaration) -> tuple[Change, ...]:
    """Return the changes that forbid carrying a grant over."""
    return tuple(change for change in changes(before, after) if change.grows)


def changes_json(
    before: PurposeDeclaration, after: PurposeDeclaration, found: Iterable[Change]
) -> dict[str, Any]:
    """Return the difference as JSON."""
    told = list(found)
    return {
        "before": before.iri,
        "after": after.iri,
        "material_change": after.document.get("material_change"),
        "grows": any(change.grows for change in told),
        "changes": [_plain(change) for change in told],
    }


def changes_value(plain: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the changes that `changes_json` wrote."""
    return tuple(
        Change(
            About(one["about"]),
            one["before"],
            one["after"],
            one["grows"],
            *(one.get(name) for name in ("shape", "name", "language")),
        )
        for one in plain["changes"]
    )


def _plain(change: Change) -> dict[str, Any]:
    named = {"shape": change.shape, "name": change.name, "language": change.language}
    return {
        "about": change.about.value,
        "before": change.before,
        "after": change.after,
        "grows": change.grows,
        **{name: value for name, value in named.items() if value is not None},
    }


def _items(before: PurposeDeclaration, after: PurposeDeclaration) -> Iterator[Change]:
    old, new = _modes(before), _modes(after)
    for shape, name in sorted(old.keys() | new.keys()):
        was, is_now = old.get((shape, name), frozenset()), new.get((shape, name), frozenset())
        if was == is_now:
            continue
        about = About.MODE if was and is_now else About.PROPERTY
        # A mode that is only taken away leaves less; any other mode than before is something else than agreed.
        yield Change(about, _named(was), _named(is_now), bool(is_now - was), shape, name)


def _modes(purpose: PurposeDeclaration) -> Mapping[tuple[str, str], frozenset[OutputMode]]:
    found: dict[tuple[str, str], frozenset[OutputMode]] = {}
    for item in purpose.items:
        for name in item.properties:
            known = found.get((item.shape, name), frozenset())
            found[item.shape, name] = known | {item.mode}
    return found


def _named(modes: frozenset[OutputMode]) -> str | None:
    return ", ".join(sorted(mode.value for mode in modes)) or None


def _terms(before: PurposeDeclaration, after: PurposeDeclaration) -> Iterator[Change]:
    for name in sorted(set(before.recipients) - set(after.recipients)):
        yield Change(About.RECIPIENT, name, None, grows=False)
    for name in sorted(set(after.recipients) - set(before.recipients)):
        yield Change(About.RECIPIENT, None, name, grows=True)
    if before.retention_days != after.retention_days:
        longer = after.retention_days > before.retention_days
        yield Change(About.RETENTION, before.retention_days, after.retention_days, longer)
    ends = before.document["valid_until"], after.document["valid_until"]
    if ends[0] != ends[1]:
        yield Change(About.PERIOD, *ends, grows=False)  # a grant keeps the end that the person chose
    if before.legal_basis != after.legal_basis:
        yield Change(About.BASIS, before.legal_basis, after.legal_basis, grows=True)
    if before.programme != after.programme:
        # Each version of an aggregate programme has a privacy budget of its own; a carried grant would pay twice.
        yield Change(About.PROGRAMME, before.programme, after.programme, grows=after.programme is not None)


def _texts(before: PurposeDeclaration, after: PurposeDeclaration) -> Iterator[Change]:
    for name in TEXTS:
        old: Mapping[str, str] = before.document[name]
        new: Mapping[str, str] = after.document[name]
        for language in sorted(old.keys() | new.keys()):
            was, is_now = old.get(language), new.get(language)
            if was != is_now:
                # No program can tell a better wording from another purpose (attack 11): a changed text is a growth.
                both = was is not None and is_now is not None
                yield Change(About.TEXT, was, is_now, both, name=name, language=language)
