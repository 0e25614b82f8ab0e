"""What makes a token good: each condition of its check, the row that it leans on, the key of what is kept."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

PERMITS, ROWS = "consent/permits.py", "consent/grants_sql.py"
VIEWS, KEPT = "consent/views.py", "consent/kept.py"
UNIT = "tests/unit/consent/test_permits.py::"
SHOWN = "tests/http/consent/test_kept_documents.py::"
PART = "tests/unit/consent/test_kept.py::test_nothing_is_found_for_anything_made_of_something_else"


def permit(attack: str, name: str, code: str, without: str, test: str) -> Mechanism:
    """Return a condition of the check of a token."""
    return Mechanism(attack, name, PERMITS, code, without, test)


def leaning(attack: str, name: str, code: str, without: str, test: str) -> Mechanism:
    """Return a condition of the statement that finds a grant with what it leans on."""
    return Mechanism(attack, name, ROWS, code, without, test)


TOKEN: tuple[Mechanism, ...] = (
    permit(
        "9",
        "a token names its grant by the address that this host gave it",
        "        if not isinstance(iri, str) or not iri.startswith(self._prefix):",
        "        if not isinstance(iri, str):",
        UNIT + "test_a_grant_is_named_by_its_address_at_this_host",
    ),
    permit(
        "9",
        "a token names a grant at all",
        "not isinstance(iri, str) or not iri",
        "not iri",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "6",
        "the end of a token is a time",
        "not isinstance(expires_at, int) or not at",
        "not at",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "14",
        "a token permits something",
        '        if not _permitted(claims.get("permissions"), resource, scope):',
        "        if False:",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "15",
        "a permission names its scope",
        '        and scope in permission["resource_scopes"]\n',
        "",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "15",
        "the scopes of a permission are a list",
        '        and isinstance(permission.get("resource_scopes"), list)\n',
        '        and "resource_scopes" in permission\n',
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "14",
        "permissions are a list",
        "    if not isinstance(permissions, list):",
        "    if False:",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "14",
        "a permission is an object",
        "isinstance(permission, dict)\n        and ",
        "",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "3, 5",
        "the epoch of a token is that of the grant",
        " or epoch != permit.grant.epoch",
        "",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "5",
        "an epoch is a whole number",
        " or type(epoch) is not int",
        "",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "15",
        "a scope has one output mode",
        ' or claims.get("output_mode") != mode.value',
        "",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    permit(
        "15",
        "the grant has the output mode",
        " or mode not in permit.grant.modes()",
        "",
        UNIT + "test_a_scope_that_the_grant_does_not_hold_is_not_opened_by_a_token_that_says_it",
    ),
    permit(
        "11",
        "the declaration is published by the grantee",
        " or purpose.controller != webid",
        "",
        UNIT + "test_a_declaration_that_another_published_permits_nothing",
    ),
    permit(
        "16",
        "the grant is the grantee's",
        " or grant.controller != webid",
        "",
        UNIT + "test_a_grant_of_another_is_not_read_by_who_published_its_purpose",
    ),
    permit(
        "6, 11",
        "a declaration counts in its time",
        " or not purpose.active(at)",
        "",
        UNIT + "test_a_declaration_is_over_at_its_end_whatever_the_grant_says",
    ),
    permit(
        "11",
        "the declaration is what it was",
        "purpose.digest != grant.digest or ",
        "",
        UNIT + "test_a_grant_for_what_is_not_published_permits_nothing",
    ),
    permit(
        "11",
        "the notice is the one that was shown",
        " or purpose.notice_digest != grant.notice_digest",
        "",
        UNIT + "test_a_grant_for_what_is_not_published_permits_nothing",
    ),
    permit(
        "16",
        "the grantee is approved at this moment",
        "    return Permit(grant, purpose) if controller is ControllerState.APPROVED else None",
        "    return Permit(grant, purpose)",
        UNIT + "test_a_grant_leans_on_its_own_declaration_and_its_own_grantee",
    ),
    leaning(
        "5",
        "the epoch is that of the pod",
        '_FROM = "FROM grant_ g LEFT JOIN consent_epoch e ON e.pod = g.pod AND',
        '_FROM = "FROM grant_ g LEFT JOIN consent_epoch e ON',
        UNIT + "test_an_epoch_is_that_of_one_pod_and_one_grantee",
    ),
    leaning(
        "5",
        "the epoch is that of the grantee",
        'ON e.pod = g.pod AND e.controller = g.controller"\n_LEANING',
        'ON e.pod = g.pod"\n_LEANING',
        UNIT + "test_an_epoch_is_that_of_one_pod_and_one_grantee",
    ),
    leaning(
        "10",
        "the declaration is that of the grant",
        "LEFT JOIN purpose p ON p.iri = g.purpose LEFT",
        "LEFT JOIN purpose p ON true LEFT",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    leaning(
        "16",
        "the state is that of the grantee",
        "c ON c.iri = g.controller WHERE",
        "c ON true WHERE",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    leaning(
        "9",
        "the grant is the one that the token names",
        ' WHERE g.id = ?"',
        " WHERE ? <> ''\"",
        UNIT + "test_a_token_with_one_claim_wrong_is_not_good",
    ),
    Mechanism(
        "14",
        "what is kept of a document is found by its place",
        VIEWS,
        "        made = Made(stored.path, ",
        "        made = Made(target.canonical(b'/'), ",
        SHOWN + "test_two_documents_that_say_the_same_are_shown_each_at_its_place",
    ),
    *(
        Mechanism(
            "14",
            f"what is kept of a document is told apart by its {what}",
            KEPT,
            f"    {what}: str\n    {after}",
            f'    {what}: str = __import__("dataclasses").field(compare=False)\n    {after}',
            PART,
        )
        for what, after in (("grant", "shape"), ("shape", "properties"))
    ),
    Mechanism(
        "3",
        "what is kept has its room",
        "pods/kept.py",
        "            while self._taken > self._room and len(self._values) > 1:",
        "            while False:",
        "tests/unit/pods/test_kept.py::test_what_was_asked_for_longest_ago_makes_room",
    ),
)
