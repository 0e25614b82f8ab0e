"""Claims: a published rule is computed beside the pod, and only its result leaves."""

from consent.claims.claims_sql import SCHEMA
from consent.claims.evaluation import ClaimResult, evaluate
from consent.claims.rules import CLAIM_RULES

__all__ = ["CLAIM_RULES", "SCHEMA", "ClaimResult", "evaluate"]
