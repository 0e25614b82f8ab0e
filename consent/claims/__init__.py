"""Claims: a published rule is computed beside the pod, and only its result leaves."""

from consent.claims.claims_sql import SCHEMAS
from consent.claims.evaluator import Evaluator
from consent.claims.rules import CLAIM_RULES
from consent.claims.sealing import ResultSeal

__all__ = ["CLAIM_RULES", "SCHEMAS", "Evaluator", "ResultSeal"]
