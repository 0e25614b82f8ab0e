"""Why somebody was refused, in plain words: what the log's reason means to the person whose pod it was."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
    ("notification: This needs", msg("It wanted to be told of changes that it may not read.")),
    ("This needs Control", msg("It wanted to see or to change who may do what. Only you may.")),
    ("This needs Append", msg("It may not change anything there.")),
    ("This needs Write", msg("It may not change anything there.")),
    ("This needs ", msg("Neither a permission nor a consent of yours lets it read there.")),
)
"""What a reason contains, and its words; the first that fits. The log itself keeps the exact reason."""

CODES: Mapping[str, str] = {
    "error": msg("The host could not do it."),
    "bad-request": msg("The request was not understood."),
    "bad-target": msg("The address of the request is ambiguous or not allowed."),
    "bad-content": msg("What was sent does not have the form that is needed."),
    "unauthenticated": msg("Who asked did not prove who they are."),
    "forbidden": msg("No consent and no permission of yours covered it."),
    "not-found": msg("There was nothing of this name."),
    "gone": msg("What was asked for was removed for good."),
    "method-not-allowed": msg("This cannot be done there."),
    "not-acceptable": msg("It is not to be had in the form that was asked for."),
    "conflict": msg("It contradicts what is there: something changed meanwhile."),
    "precondition-failed": msg("Somebody else changed it first."),
    "range-not-satisfiable": msg("The part that was asked for is not there."),
    "request-timeout": msg("The request stopped on its way."),
    "too-large": msg("What was sent is too large."),
    "unsupported-media-type": msg("Documents of this kind are not taken."),
    "misdirected": msg("The request was meant for another host."),
    "unprocessable": msg("The host read it and found that it breaks a rule."),
    "quota-exceeded": msg("The pod is full."),
    "too-many-requests": msg("There were too many requests in a short time."),
    "store-error": msg("The host had a fault."),
    "store-unavailable": msg("The host was too busy."),
    "query-refused": msg("The question is not one that may be asked over many people's data."),
    "budget-spent": msg("The limit up to which these data may be counted has been reached."),
    "too-few-participants": msg("Too few people take part for a total that hides each of them."),
    "still-running": msg("The same question is being computed already."),
    "answered-elsewhere": msg("Another part of the host answers questions; nothing was computed."),
    "question-lost": msg("The host stopped before the question was answered."),
    "consent-changing": msg("Consents changed while the total was computed."),
}
"""What each error code of a pod host means to the person whose data it is about."""

_CODE = re.compile(r"([a-z]+(?:-[a-z]+)*): ")
_MANY = re.compile(r"(\d+) refusals (?:to this agent|in this pod)")


def refusal_words(reason: str, _: Translator) -> str:
    """Return why a use was refused; nothing for a reason that no host of ours gives."""
    told = next((words for part, words in REASONS if part in reason), "")
    if not told and (code := _CODE.match(reason)):
        told = CODES.get(code[1], "")
    many = _MANY.search(reason)
    more = " " + _("There were {count} such attempts in a short time.", count=many[1]) if many else ""
    return _(told) + more if told else ""
