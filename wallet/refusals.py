"""Why somebody was refused, in plain words: what the log's reason means to the person whose pod it was."""

from __future__ import annotations

from vocab.pages import Translator, msg

_UNSIGNED = msg("Its statement of purpose was not signed with the key that it registered.")
_NO_PROOF = msg("It did not prove that the request was its own.")

REASONS: tuple[tuple[str, str], ...] = (
    ("it was used before", msg("It showed a statement of purpose again; each one counts once.")),
    ("belongs to another controller", msg("The purpose that it named is another organisation's.")),
    (
        "newer version has superseded",
        msg("It named an old version of its purpose; a newer one has taken its place."),
    ),
    (
        "no such purpose",
        msg("It named a purpose that is not published here, or whose text was changed afterwards."),
    ),
    ("the purpose has ended", msg("The purpose that it named has ended.")),
    ("it is not valid now", msg("Its statement of purpose had expired, or was dated ahead.")),
    ("is not that of the registered key", _UNSIGNED),
    ("kid names no key", _UNSIGNED),
    ("alg ", _UNSIGNED),
    ("purpose claim:", msg("Its statement of purpose was made for something else.")),
    ("bound to another", _NO_PROOF),
    ("ID token:", msg("It did not prove who it is.")),
    ("registered and approved", msg("It is no organisation that is approved here.")),
    ("no grant in force", msg("Nothing that you consented to covers this for the purpose that it named.")),
    ("not in force", msg("The consent that it named is not in force any more.")),
)
"""What a reason contains, and its words; the first that fits. The log itself keeps the exact reason."""


def refusal_words(reason: str, _: Translator) -> str:
    """Return why a use was refused; nothing where the log's reason is about a request and not about consent."""
    return next((_(words) for part, words in REASONS if part in reason), "")
