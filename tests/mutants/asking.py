"""What stops attacks on asking for a token and on the way there: claims, tickets, proofs, issuers, addresses."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

UMA = "tests/http/consent/test_uma.py::"
ATTEMPTS = "tests/http/consent/test_attempts.py::test_a_wrong_purpose_claim_is_refused_and_the_person_sees_it"
TOKENS = "tests/http/consent/test_tokens.py::"
ISSUERS = "tests/http/consent/test_foreign_issuers.py::"
SERVER, CLAIM, CLIENT = "consent/uma.py", "consent/purpose_claim.py", "consent/client/uma.py"

ASKING: tuple[Mechanism, ...] = (
    Mechanism(
        "2",
        "rights are looked at again during a long answer",
        "pods/downloads.py",
        "                if served >= CHECK_BYTES or self._clock() - checked >= CHECK_SECONDS:",
        "                if False:",
        "tests/system/test_large_streams.py::test_a_withdrawn_right_cuts_a_download_that_is_under_way",
    ),
    Mechanism(
        "2",
        "rights are looked at again during a long list",
        "pods/service.py",
        "            return self._still_readable(op, tx) and there(tx)",
        "            return there(tx)",
        "tests/http/test_paging.py::test_a_long_list_ends_when_the_right_to_read_it_does",
    ),
    Mechanism(
        "4",
        "nothing is issued that outlives a token",
        SERVER,
        '        return {"access_token": token, "token_type": "DPoP",',
        '        return {"access_token": token, "refresh_token": token, "token_type": "DPoP",',
        UMA + "test_the_token_says_what_it_is_good_for",
    ),
    Mechanism(
        "6",
        "a token at its end is over",
        "consent/permits.py",
        "        if not isinstance(expires_at, int) or not at < expires_at:",
        "        if not isinstance(expires_at, int):",
        "tests/unit/consent/test_permits.py::test_a_token_with_one_claim_wrong_is_not_good",
    ),
    Mechanism(
        "6",
        "no token outlives its grant",
        SERVER,
        "        expires = min(int(at) + RPT_SECONDS, int(grant.expires_at))",
        "        expires = int(at) + RPT_SECONDS",
        UMA + "test_attack_6_the_end_itself_is_too_late_on_both_sides",
    ),
    Mechanism(
        "7",
        "a ticket has its time",
        "consent/tickets.py",
        "        return ticket if at < ticket.expires_at else None",
        "        return ticket",
        UMA + "test_attack_7_a_ticket_is_good_once",
    ),
    Mechanism(
        "8",
        "a proof counts once",
        "pods/authn/replay.py",
        'b"", overwrite=False)',
        'b"", overwrite=True)',
        UMA + "test_attack_8_a_proof_is_good_for_one_push",
    ),
    Mechanism(
        "8",
        "a proof names its token",
        "pods/protocol/dpop.py",
        "    if ath is not None and (access_token is None or ath != access_token_hash(access_token)):",
        "    if False:",
        UMA + "test_attack_8_a_token_needs_a_fresh_proof_for_this_request",
    ),
    Mechanism(
        "10",
        "a grant named by its address serves its own purpose",
        SERVER,
        "        if grant is None or grant.purpose != iri:",
        "        if grant is None:",
        TOKENS + "test_attack_10_a_grant_for_one_purpose_is_not_used_for_another_of_the_same_controller",
    ),
    Mechanism(
        "10",
        "a statement of purpose is for one ticket, client, agent and host",
        CLAIM,
        "        if value is None or jws.claims.get(name) != value:",
        "        if False:",
        ATTEMPTS,
    ),
    Mechanism("10", "a statement of purpose is short-lived", CLAIM, " and at < expires_at):", "):", ATTEMPTS),
    Mechanism(
        "10",
        "a statement of purpose counts once",
        SERVER,
        '        if not spent_sql.spend_claim(tx, "purpose " + controller.iri, claim.jti, claim.expires_at, at):',
        "        if False:",
        ATTEMPTS,
    ),
    Mechanism(
        "10",
        "the purpose of another controller",
        SERVER,
        "        if purpose.controller != controller.iri:",
        "        if False:",
        ATTEMPTS,
    ),
    Mechanism(
        "12",
        "a purpose that is broader, or none at all",
        SERVER,
        "        purpose = self._purposes.by_iri(tx, iri)\n        if purpose is None:",
        "        purpose = self._purposes.by_iri(tx, iri) or next(iter(self._purposes.all(tx)), None)\n"
        "        if purpose is None:",
        ATTEMPTS,
    ),
    Mechanism(
        "11",
        "a purpose that a newer version has superseded",
        SERVER,
        "        if not live and (latest is None or latest.iri != purpose.iri):",
        "        if False:",
        ATTEMPTS,
    ),
    Mechanism(
        "11",
        "a version that grew is not carried over",
        "consent/versions.py",
        "    if more:",
        "    if False:",
        "tests/http/consent/test_versions.py::"
        "test_attack_11_a_version_that_grew_is_not_carried_over_whatever_it_says",
    ),
    Mechanism(
        "14",
        "no escape hides a slash",
        "pods/protocol/target.py",
        '    if value in b"/\\\\" or value < 0x20 or value == 0x7F:',
        "    if False:",
        "tests/unit/pods/test_target.py::test_an_ambiguous_path_is_refused",
    ),
    Mechanism(
        "14",
        "no dot segment",
        "pods/protocol/target.py",
        '        if segment in (b".", b"..") or (not segment and position < len(segments) - 1):',
        "        if False:",
        "tests/unit/pods/test_target.py::test_an_ambiguous_path_is_refused",
    ),
    Mechanism(
        "14",
        "a grant opens no channel",
        "pods/notify/telling.py",
        "found.view is not None or agent.claims:",
        "False:",
        "tests/http/notify/test_rights.py::test_whoever_sees_a_filtered_part_is_told_nothing",
    ),
    Mechanism(
        "15",
        "a refusal is the same whether something is there or not",
        "consent/enforcement.py",
        "        if needed != Mode.READ or never_granted(path) or",
        "        if needed != Mode.READ or never_granted(path) or tx.get(path) is None or",
        UMA + "test_attack_15_the_refusal_does_not_tell_whether_something_exists",
    ),
    Mechanism(
        "16",
        "addresses that strangers choose are public ones",
        "pods/guard.py",
        "        if not addresses or not (trusted or all(map(is_public, addresses))):",
        "        if not addresses:",
        "tests/unit/pods/test_guard.py::test_every_address_of_a_name_must_be_public",
    ),
    Mechanism(
        "16",
        "another issuer is asked for whoever has the key",
        "consent/identity.py",
        "        if not foreign or identity.thumbprint != thumbprint:",
        "        if not foreign:",
        ISSUERS + "test_attack_16_a_token_for_another_key_makes_us_fetch_nothing",
    ),
    Mechanism(
        "17",
        "the profile says who speaks for its owner",
        "consent/identity.py",
        "        if trusted is None or issuer not in trusted:",
        "        if False:",
        ISSUERS + "test_attack_17_an_issuer_that_the_profile_does_not_name_is_refused",
    ),
    Mechanism(
        "17",
        "a service tells its identity to servers that it trusts",
        CLIENT,
        '        if challenge.as_uri.rstrip("/") not in own.hosts:',
        "        if False:",
        "tests/http/consent/test_service_client.py::"
        "test_attack_17_a_server_that_the_service_does_not_trust_learns_nothing",
    ),
    Mechanism(
        "17",
        "a discovery document is of the server that was asked",
        CLIENT,
        '            if not isinstance(issuer, str) or issuer.rstrip("/") != host:',
        "            if not isinstance(issuer, str):",
        "tests/http/consent/test_service_client.py::"
        "test_attack_17_a_discovery_document_of_another_server_is_refused",
    ),
    Mechanism(
        "34",
        "algorithms are four",
        "pods/protocol/jose.py",
        "    if alg not in ALGORITHMS:",
        "    if False:",
        "tests/unit/pods/test_dpop.py::test_no_signature_and_a_shared_secret_are_refused",
    ),
)
