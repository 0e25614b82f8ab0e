"""What makes an unknown, broken or wider policy permit nothing: each check of the reading of ODRL (attacks 12 and 13)."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

ODRL = "consent/odrl.py"
UNIT = "tests/unit/consent/test_odrl.py::"
OUTSIDE = UNIT + "test_attack_13_what_is_outside_the_closed_subset_permits_nothing"
OTHER = UNIT + "test_anything_else_is_not"
PROHIBITION = "tests/property/test_odrl.py::test_p2_a_prohibition_is_never_skipped"


def check(attack: str, name: str, code: str, without: str, test: str) -> Mechanism:
    """Return a mechanism of the reading or the evaluation of policies."""
    return Mechanism(attack, name, ODRL, code, without, test)


POLICIES: tuple[Mechanism, ...] = (
    check("13", "a prohibition, a duty, any other term", "if predicate not in known:", "if False:", OUTSIDE),
    check("13", "a prohibition beside a permission", "if predicate not in known:", "if False:", PROHIBITION),
    check(
        "13",
        "one agreement with its own name",
        'if _only(parts, str(RDF.type)) != _odrl("Agreement") or _only(parts, str(ODRL.uid)) != policy:',
        "if False:",
        OUTSIDE,
    ),
    check(
        "13",
        "a policy is an agreement",
        '_only(parts, str(RDF.type)) != _odrl("Agreement") or ',
        "",
        OUTSIDE,
    ),
    check(
        "13",
        "a policy has the name that is asked for",
        " or _only(parts, str(ODRL.uid)) != policy:",
        ":",
        OUTSIDE,
    ),
    check(
        "13",
        "permissions agree on purpose and end",
        "if not permissions or len({(purpose, end) for purpose, end, _ in permissions}) != 1:",
        "if not permissions:",
        OUTSIDE,
    ),
    check("13", "the target is a published shape", "    if shape is None:", "    if False:", OUTSIDE),
    check(
        "13", "nothing is constrained twice", "        if operand in limits:", "        if False:", OUTSIDE
    ),
    check(
        "13",
        "all four constraints are there",
        "if set(limits) != set(_OPERANDS.values()):",
        "if False:",
        OUTSIDE,
    ),
    check(
        "13",
        "an operand that is not known",
        "    if operand is None or _only",
        "    operand = operand or PURPOSE\n    if _only",
        OUTSIDE,
    ),
    check(
        "13",
        "an operator that is not known",
        "if operand is None or _only(parts, str(ODRL.operator)) != _odrl(operand[1]):",
        "if operand is None:",
        OUTSIDE,
    ),
    check(
        "13",
        "properties are the shape's",
        "if not names or not set(names) <= set(SHAPES[shape].by_name):",
        "if not names:",
        OUTSIDE,
    ),
    check(
        "13",
        "a text that reads like an address",
        "    if not isinstance(value, NamedNode):",
        "    if not isinstance(value, NamedNode | Literal):",
        OUTSIDE,
    ),
    check(
        "13",
        "a text in a language, of another type",
        "if not isinstance(value, Literal) or value.datatype.value != datatype or value.language is not None:",
        "if not isinstance(value, Literal):",
        OUTSIDE,
    ),
    check("13", "one value where one is meant", "    if len(values) != 1:", "    if not values:", OUTSIDE),
    check("12", "purposes are equal or not", "            and purpose == self.purpose\n", "", OTHER),
    check(
        "13",
        "the assignee alone",
        "            assignee == self.assignee\n            and ",
        "            ",
        OTHER,
    ),
    check(
        "6", "an agreement at its end is over", "and at < self.expires_at", "and at <= self.expires_at", OTHER
    ),
    check(
        "14, 15",
        "an item covers its properties in its mode",
        "any(item.covers(asked) for item in self.items)",
        "any(item.shape == shape for item in self.items)",
        OTHER,
    ),
)
