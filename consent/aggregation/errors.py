"""Why a question, or a programme, is refused; each message names the place and says what to do."""

from __future__ import annotations

from pods.errors import SOON, Conflict, Forbidden, StoreUnavailable, Unprocessable


class QueryRefused(Unprocessable):
    """The question or programme breaks a rule. `pointer` is the JSON pointer (RFC 6901) of the offending part."""

    code = "query-refused"

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer or '/'}: {message}")
        self.sentence = message
        self.pointer = pointer


class BudgetSpent(Conflict):
    """The programme's privacy budget does not cover the question."""

    code = "budget-spent"


class TooFewParticipants(Forbidden):
    """The noisy number of participants is below the programme's minimum; no data was read."""

    code = "too-few-participants"


class StillRunning(Conflict):
    """The same question is being answered at this moment."""

    code = "still-running"


class AnsweredElsewhere(StoreUnavailable):
    """Another process of this machine has the projection. Nothing of the question was begun."""

    code = "answered-elsewhere"

    def __init__(self) -> None:
        super().__init__(
            "Aggregate questions are answered by another process of this host: ask again over a new connection.",
            # RFC 9112, 9.6: over this connection the next try would meet the same worker.
            headers=(*SOON, ("connection", "close")),
        )


class QuestionLost(StoreUnavailable):
    """The process that was asked stopped before it answered. Asking again may cost again: that is for people to say."""

    code = "question-lost"


class ConsentChanging(Conflict):
    """Consent changed under the question more often than it was worth trying again."""

    code = "consent-changing"


class BoundBroken(RuntimeError):
    """A contribution exceeds its bound: nothing may be released. This is a fault of ours, never of the asker."""
