"""Consent about data on Solid servers without UMA: access control lists, and what they cannot do."""

from consent.foreign.errors import Fault, ForeignError
from consent.foreign.grants import ForeignGrants
from consent.foreign.limits import LIMITS, Limit
from consent.foreign.notes import ForeignGrant, ForeignState
from consent.foreign.telling import Telling

__all__ = [
    "LIMITS",
    "Fault",
    "ForeignError",
    "ForeignGrant",
    "ForeignGrants",
    "ForeignState",
    "Limit",
    "Telling",
]
