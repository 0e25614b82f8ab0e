"""The client side of consent: what services, wallets and apps use to ask, to decide and to read."""

from consent.client.log import LogCheck, LogPage
from consent.client.owner import GrantsPage, OwnerClient
from consent.client.register import Offer, Register
from consent.client.results import BadResult, published_keys, verified_result
from consent.client.service import ServiceClient
from consent.client.uma import AccessRefused
from consent.declarations import notice_digests
from consent.grant_filter import ENDING_DAYS, MOST_WORDS, GrantFilter, Totals
from consent.log_filter import LogFilter
from consent.purpose_claim import PurposeKey
from consent.results import LeftResult

__all__ = [
    "ENDING_DAYS",
    "MOST_WORDS",
    "AccessRefused",
    "BadResult",
    "GrantFilter",
    "GrantsPage",
    "LeftResult",
    "LogCheck",
    "LogFilter",
    "LogPage",
    "Offer",
    "OwnerClient",
    "PurposeKey",
    "Register",
    "ServiceClient",
    "Totals",
    "notice_digests",
    "published_keys",
    "verified_result",
]
