"""What ends a consent without the person, and what a credential must be before it proves one."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

REVOKED = "tests/http/consent/test_revoked.py::"
UMA = "tests/http/consent/test_uma.py::"
PART = "consent/credentials/"
UNIT = "tests/unit/consent/credentials/"
ENVELOPE, VECTORS = UNIT + "test_envelope.py::", UNIT + "test_vectors.py::"
STATUS, ACCESS = UNIT + "test_status.py::", UNIT + "test_access_grants.py::"
OFFLINE = UNIT + "test_offline.py::"


def ending(name: str, module: str, code: str, without: str, test: str) -> Mechanism:
    """Return a mechanism of consents that end without the person."""
    return Mechanism("5, 16", name, f"consent/{module}.py", code, without, test)


def proof(name: str, module: str, code: str, without: str, test: str) -> Mechanism:
    """Return a mechanism of credentials, their proofs and their status."""
    module = module if module.endswith(".py") else f"{PART}{module}.py"
    return Mechanism("9, 34", name, module, code, without, test)


def access(name: str, code: str, without: str, test: str) -> Mechanism:
    """Return a mechanism of reading access grants of another server's shape."""
    return Mechanism("14", name, f"{PART}access_grants.py", code, without, test)


ENDINGS: tuple[Mechanism, ...] = (
    ending(
        "an organisation gives up its own",
        "ending",
        " if found is not None and found.controller == agent.webid else None",
        " if found is not None else None",
        REVOKED + "test_nobody_gives_up_what_another_holds",
    ),
    ending(
        "giving up has a reason",
        "ending",
        "    if not reason.strip():",
        "    if False:",
        REVOKED + "test_nobody_gives_up_what_another_holds",
    ),
    ending(
        "a revocation is of one organisation",
        "ending_sql",
        "WHERE controller = ? AND (purpose",
        "WHERE ? <> '' AND (purpose",
        REVOKED + "test_what_the_operator_or_a_court_ended_stays_ended",
    ),
    ending(
        "a revocation is of one purpose if it names one",
        "ending_sql",
        "AND (purpose = ? OR ? = '') AND",
        "AND (purpose = ? OR ? IS NOT NULL) AND",
        REVOKED + "test_what_is_ended_is_all_of_one_purpose_or_all_of_an_organisation_in_batches",
    ),
    ending(
        "all of an organisation's grants are revoked",
        "ending",
        "ids[-1] if len(ids) == BATCH else None",
        "None",
        REVOKED + "test_what_is_ended_is_all_of_one_purpose_or_all_of_an_organisation_in_batches",
    ),
    ending(
        "what rests is revoked too",
        "ending_sql",
        "GrantState.GIVEN.value, GrantState.SUSPENDED.value)",
        "GrantState.GIVEN.value, GrantState.GIVEN.value)",
        REVOKED + "test_what_is_ended_is_all_of_one_purpose_or_all_of_an_organisation_in_batches",
    ),
    ending(
        "an approval that is taken back stops",
        "controllers",
        "    return _put(tx, iri, ControllerState.PENDING)",
        "    return _put(tx, iri, ControllerState.APPROVED)",
        REVOKED + "test_an_approval_that_is_taken_back_stops_reading_and_asking_at_once",
    ),
    ending(
        "who is not approved publishes nothing",
        "controllers",
        "    if known.state is not ControllerState.APPROVED:",
        "    if False:",
        REVOKED + "test_an_approval_that_is_taken_back_stops_reading_and_asking_at_once",
    ),
    ending(
        "other keys wait for approval again",
        "controllers",
        "        state = known.state if same else ControllerState.PENDING",
        "        state = known.state",
        UMA + "test_a_token_of_a_controller_that_lost_its_approval_is_dead",
    ),
    proof(
        "the first context is that of credentials",
        "envelope",
        " or value[0] != VC_CONTEXT:",
        ":",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "a credential is of its type",
        "envelope",
        '    if "VerifiableCredential" not in _types(credential.get("type"), "type"):',
        "    if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "an issuer is a URL",
        "envelope",
        "    if not _is_iri(named):",
        "    if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "an id is one URL",
        "envelope",
        '    if "id" in found and not _is_iri(found["id"]):',
        "    if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "a credential has a subject",
        "envelope",
        "    if not subjects or not all(subjects):",
        "    if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "a status names its type",
        "envelope",
        "                if name not in one:",
        "                if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "an end is not before its beginning",
        "envelope",
        "    if times != sorted(times):",
        "    if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "contexts are URLs or objects",
        "envelope",
        "        if not isinstance(one, Mapping) and not _is_iri(one):",
        "        if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "a name is a text",
        "envelope",
        "            if not isinstance(text, str):",
        "            if False:",
        ENVELOPE + "test_what_it_does_not_allow_is_refused",
    ),
    proof(
        "the envelope is looked at before the proof",
        "consent/client/offline.py",
        "        envelope.check(document)\n",
        "",
        OFFLINE + "test_a_grant_with_one_thing_wrong_does_not_although_it_was_signed_so",
    ),
    proof(
        "a proof is of one suite",
        "proofs",
        '    if (options.get("type"), options.get("cryptosuite")) != ("DataIntegrityProof", CRYPTOSUITE):',
        "    if False:",
        OFFLINE + "test_a_proof_for_something_else_or_past_its_end_proves_nothing",
    ),
    proof(
        "a proof asserts",
        "proofs",
        '    if options.get("proofPurpose") != "assertionMethod":',
        "    if False:",
        OFFLINE + "test_a_proof_for_something_else_or_past_its_end_proves_nothing",
    ),
    proof(
        "a proof is of a key that may assert",
        "proofs",
        '    if name not in controller.get("assertionMethod", ()):',
        "    if False:",
        VECTORS + "test_a_key_that_the_controller_does_not_let_assert_proves_nothing",
    ),
    proof(
        "a proof is of the controller's own method",
        "proofs",
        '    if not isinstance(owner, str) or name.partition("#")[0] != owner:',
        "    if False:",
        OFFLINE + "test_another_controller_cannot_claim_the_key_as_its_own",
    ),
    proof(
        "what is read is what was signed",
        "proofs",
        "    _same_as_signed(unsecured)\n    return method",
        "    return method",
        VECTORS + "test_a_changed_document_does_not",
    ),
    proof(
        "a proof runs out",
        "consent/client/offline.py",
        '    if "expires" in document["proof"] and not at < _seconds(document["proof"], "expires"):',
        "    if False:",
        OFFLINE + "test_a_proof_for_something_else_or_past_its_end_proves_nothing",
    ),
    proof(
        "the issuer is the one of the proof",
        "consent/client/offline.py",
        '    if document.get("issuer") != issuer.get("id"):',
        "    if False:",
        OFFLINE + "test_a_grant_with_one_thing_wrong_does_not_although_it_was_signed_so",
    ),
    proof(
        "a credential counts in its time",
        "consent/client/offline.py",
        "    if not start - LEEWAY <= at < end:",
        "    if False:",
        OFFLINE + "test_a_grant_with_one_thing_wrong_does_not_although_it_was_signed_so",
    ),
    proof(
        "a grant has a status of both kinds",
        "consent/client/offline.py",
        '    if {entry.get("statusPurpose") for entry in entries} != {one.value for one in status.StatusPurpose}:',
        "    if False:",
        OFFLINE + "test_a_grant_with_one_thing_wrong_does_not_although_it_was_signed_so",
    ),
    proof(
        "nobody gets more than a list allows",
        "consent/client/offline.py",
        "min(max_age, ttl / 1000)",
        "max_age",
        OFFLINE + "test_a_list_counts_as_long_as_it_says_and_no_longer",
    ),
    proof(
        "a list that does not say how long it counts",
        "consent/client/offline.py",
        "if type(ttl) is int and ttl >= 0 else 0.0",
        "if type(ttl) is int and ttl >= 0 else max_age",
        OFFLINE + "test_a_list_counts_as_long_as_it_says_and_no_longer",
    ),
    proof(
        "the list is the one that the entry names",
        "status",
        '    if credential.get("id") != entry.get("statusListCredential"):',
        "    if False:",
        STATUS + "test_what_is_no_such_list_or_entry_is_refused",
    ),
    proof(
        "the list is for the purpose of the entry",
        "status",
        '    if entry.get("statusPurpose") not in (purposes if isinstance(purposes, list) else [purposes]):',
        "    if False:",
        STATUS + "test_what_is_no_such_list_or_entry_is_refused",
    ),
    proof(
        "the list hides among many",
        "status",
        "    if len(bits) * 8 < ENTRIES:",
        "    if False:",
        STATUS + "test_what_is_no_such_list_or_entry_is_refused",
    ),
    proof(
        "a list is whole",
        "status",
        "    if not unpacking.eof or unpacking.unused_data:",
        "    if False:",
        STATUS + "test_what_is_no_such_list_or_entry_is_refused",
    ),
    proof(
        "an entry outside the list is no no",
        "status",
        "    if not 0 <= index < len(bits) * 8:",
        "    if index >= len(bits) * 8:",
        STATUS + "test_an_entry_outside_of_the_list_is_an_error_and_not_a_no",
    ),
    proof(
        "entries are of one bit",
        "status",
        '    if entry.get("statusSize", 1) != 1 or subject.get("statusSize", 1) != 1:',
        "    if False:",
        STATUS + "test_what_is_no_such_list_or_entry_is_refused",
    ),
    proof(
        "a list is a list",
        "status",
        '    if "BitstringStatusListCredential" not in kinds or subject.get("type") != "BitstringStatusList":',
        "    if False:",
        STATUS + "test_what_is_no_such_list_or_entry_is_refused",
    ),
    access(
        "an access grant does not inherit",
        '    if consent.get("inherit") is not False:',
        "    if False:",
        ACCESS + "test_what_does_not_fit_is_refused_in_words",
    ),
    access(
        "an access grant reads",
        '    if not set(_texts(consent.get("mode"), "mode")) <= _READS:',
        "    if False:",
        ACCESS + "test_what_does_not_fit_is_refused_in_words",
    ),
    access(
        "an access grant names documents",
        '    if not resources or any(one.endswith("/") for one in resources):',
        "    if False:",
        ACCESS + "test_what_does_not_fit_is_refused_in_words",
    ),
    access(
        "an access grant says nothing that is not known",
        "    if unknown:",
        "    if False:",
        ACCESS + "test_what_does_not_fit_is_refused_in_words",
    ),
    access(
        "an access grant ends",
        "    if kind is Kind.GRANT and end is None:",
        "    if False:",
        ACCESS + "test_an_envelope_that_does_not_fit_is_refused",
    ),
    access(
        "an access grant has the status of its kind",
        '    if _text(consent.get("hasStatus"), "hasStatus").removeprefix(_GCONSENT) != _STATUS[kind]:',
        "    if False:",
        ACCESS + "test_what_does_not_fit_is_refused_in_words",
    ),
    access(
        "an access grant is for one purpose",
        "    if len(purposes) != 1:",
        "    if False:",
        ACCESS + "test_what_does_not_fit_is_refused_in_words",
    ),
)
