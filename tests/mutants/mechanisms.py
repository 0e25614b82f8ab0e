"""Every mechanism that is taken out: attacks by their numbers in the threats, each with the test that must notice.

A change is made in a copy of the code, never in the code. What a change replaces must stand there exactly once, so
that a mechanism which moves makes these tables wrong, and not quietly true.
"""

from __future__ import annotations

from tests.mutants.acting import ACTING
from tests.mutants.aggregates import AGGREGATES
from tests.mutants.asking import ASKING
from tests.mutants.breaches import BREACH
from tests.mutants.endings import ENDINGS
from tests.mutants.evidence import EVIDENCE
from tests.mutants.mechanism import Mechanism
from tests.mutants.persons import PERSONS
from tests.mutants.policies import POLICIES
from tests.mutants.reading import READING
from tests.mutants.rights import RIGHTS
from tests.mutants.tokens import TOKEN

MECHANISMS: tuple[Mechanism, ...] = (
    *(*READING, *TOKEN, *ASKING, *POLICIES),
    *(*PERSONS, *ACTING, *RIGHTS, *BREACH),
    *(*EVIDENCE, *ENDINGS, *AGGREGATES),
)
