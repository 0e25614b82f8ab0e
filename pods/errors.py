"""What can go wrong in a pod host, in our words; `http/problem.py` alone turns these into statuses.

PodError
  BadRequest          the request cannot be understood
    BadTarget         the path is ambiguous or not allowed
      LongTarget      it is longer than we store
    BadContent        the body does not parse or breaks a limit
  Unauthenticated     no token, or a token that proves nothing
  Forbidden           the agent lacks a mode
  NotFound            nothing there, said only to who may read
  Gone                there was a pod of this name, and it was removed for good
  MethodNotAllowed    the resource does not support the method
  NotAcceptable       no representation fits the Accept header
  Conflict            the request contradicts the stored state
  PreconditionFailed  a conditional header does not hold
  RangeNotSatisfiable the resource has no such bytes
  RequestTimeout      a body that stopped coming
  TooLarge            a body over the limit
  UnsupportedMedia    a media type we do not take
  Misdirected         the request was meant for another host
  Unprocessable       well-formed, but refused by a shape or a rule
  QuotaExceeded       the pod is full
  TooManyRequests     throttled
  StoreError          the database failed
    StoreUnavailable  it cannot be reached, or is busy: trying again may help
"""

from __future__ import annotations

SOON = (("retry-after", "5"),)  # RFC 9110, 10.2.3: a client need not guess when to ask again


class PodError(Exception):
    """Base of all errors that a client may see. The message says what, where and what to do."""

    code = "error"

    def __init__(self, message: str = "", *, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.headers = headers
        """Header fields that belong to this refusal, such as a challenge or an Allow list."""


class BadRequest(PodError):
    code = "bad-request"


class BadTarget(BadRequest):
    code = "bad-target"


class LongTarget(BadTarget):
    """Told by its status; to people it is an address that is not allowed, as the others."""


class BadContent(BadRequest):
    code = "bad-content"


class Unauthenticated(PodError):
    code = "unauthenticated"


class Forbidden(PodError):
    code = "forbidden"


class NotFound(PodError):
    code = "not-found"


class Gone(PodError):
    code = "gone"


class MethodNotAllowed(PodError):
    code = "method-not-allowed"


class NotAcceptable(PodError):
    code = "not-acceptable"


class Conflict(PodError):
    code = "conflict"


class PreconditionFailed(PodError):
    code = "precondition-failed"


class RangeNotSatisfiable(PodError):
    code = "range-not-satisfiable"


class RequestTimeout(PodError):
    code = "request-timeout"


class TooLarge(PodError):
    code = "too-large"


class UnsupportedMedia(PodError):
    code = "unsupported-media-type"


class Misdirected(PodError):
    code = "misdirected"


class Unprocessable(PodError):
    code = "unprocessable"


class QuotaExceeded(PodError):
    code = "quota-exceeded"


class TooManyRequests(PodError):
    code = "too-many-requests"


class StoreError(PodError):
    code = "store-error"


class StoreUnavailable(StoreError):
    code = "store-unavailable"

    def __init__(self, message: str = "", *, headers: tuple[tuple[str, str], ...] = SOON) -> None:
        super().__init__(message, headers=headers)
