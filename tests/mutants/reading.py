"""What stops attacks on reading under a grant: tickets, proofs, tokens, epochs, purposes, shapes and views."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

UMA = "tests/http/consent/test_uma.py::"
KEPT = "tests/http/consent/test_kept_documents.py::"
TOKENS = "tests/http/consent/test_tokens.py::"
ROWS = "tests/http/consent/test_rows.py::"
PERMITS, FILTER, VIEWS = "consent/permits.py", "consent/filtering.py", "consent/views.py"
DIFFERENTIAL = "tests/property/test_rows_differential.py::"
TWINS = DIFFERENTIAL + "test_attacks_14_and_15_what_is_not_granted_changes_no_answer"


READING: tuple[Mechanism, ...] = (
    Mechanism(
        "1, 3",
        "epoch of the token is that of the grant",
        PERMITS,
        "if permit is None or type(epoch) is not int or epoch != permit.grant.epoch:",
        "if permit is None:",
        TOKENS + "test_each_claim_of_a_token_must_be_right",
    ),
    Mechanism(
        "1",
        "only a grant in force permits",
        PERMITS,
        "if grant is None or grant.state_at(at) is not GrantState.GIVEN or grant.controller != webid:",
        "if grant is None or grant.controller != webid:",
        "tests/unit/consent/test_life_cycle.py::test_only_a_given_grant_permits_anything",
    ),
    Mechanism(
        "1",
        "rights and data in one transaction",
        "pods/service.py",
        "        return await self._commits.submit(lambda tx: self._logged_read(op, needed, tx))",
        "        rights = await self._store.read(lambda tx: self._rights(op.agent, op.path, tx))\n"
        "        await asyncio.sleep(0)\n"
        "        self._rights = lambda *_: rights  # type: ignore[method-assign]\n"
        "        try:\n"
        "            return await self._commits.submit(lambda tx: self._logged_read(op, needed, tx))\n"
        "        finally:\n"
        "            del self._rights",
        "tests/http/consent/test_interleavings.py::"
        "test_attack_1_no_read_is_decided_after_the_commit_of_a_withdrawal",
    ),
    Mechanism(
        "5",
        "a withdrawal and a new grant raise the epoch",
        "consent/grants_sql.py",
        "DO UPDATE SET value = consent_epoch.value + 1 RETURNING value",
        "DO UPDATE SET value = consent_epoch.value RETURNING value",
        UMA + "test_attack_5_a_token_from_before_a_withdrawal_stays_dead_after_giving_again",
    ),
    Mechanism(
        "6",
        "a grant at its end is over",
        "consent/model.py",
        "(GrantState.GIVEN, GrantState.SUSPENDED) and at >= self.expires_at",
        "(GrantState.GIVEN, GrantState.SUSPENDED) and at > self.expires_at",
        "tests/unit/consent/test_life_cycle.py::test_a_grant_is_live_until_its_end_and_not_at_it",
    ),
    Mechanism(
        "7",
        "a ticket is spent by its first use",
        "consent/spent_sql.py",
        "        (ticket_id, expires_at),\n    )\n    return tx.row_count == 1",
        "        (ticket_id, expires_at),\n    )\n    return True",
        UMA + "test_attack_7_a_ticket_is_good_once",
    ),
    Mechanism(
        "7",
        "a ticket is bound to a key",
        "consent/uma.py",
        "if push.proof.thumbprint != ticket.thumbprint:",
        "if False:",
        UMA + "test_attack_7_a_ticket_of_one_client_is_of_no_use_to_another",
    ),
    Mechanism(
        "8",
        "a proof names its method",
        "pods/protocol/dpop.py",
        'if jws.claims.get("htm") != method:',
        "if False:",
        UMA + "test_attack_8_a_token_needs_a_fresh_proof_for_this_request",
    ),
    Mechanism(
        "8",
        "a proof names its address",
        "pods/protocol/dpop.py",
        'if not _same_target(jws.claims.get("htu"), url):',
        "if False:",
        "tests/unit/pods/test_dpop.py::test_a_proof_with_one_thing_wrong_is_refused",
    ),
    Mechanism(
        "9",
        "a token is bound to the key of its proof",
        "pods/authn/verifier.py",
        "    if thumbprint != proof.thumbprint:",
        "    if False:",
        UMA + "test_attack_9_a_stolen_token_is_useless_without_its_key",
    ),
    Mechanism(
        "9",
        "an identity is bound to the key of its proof",
        "consent/uma.py",
        "if identity.thumbprint != push.proof.thumbprint:",
        "if False:",
        UMA + "test_attack_9_a_stolen_id_token_is_useless_without_its_key",
    ),
    Mechanism(
        "10, 12",
        "the purpose of the token is that of the grant",
        PERMITS,
        'if claims.get("purpose") != permit.purpose.iri:',
        "if False:",
        TOKENS + "test_each_claim_of_a_token_must_be_right",
    ),
    Mechanism(
        "11",
        "the grant keeps the digests of what was shown",
        PERMITS,
        "if purpose.digest != grant.digest or purpose.notice_digest != grant.notice_digest:",
        "if False:",
        TOKENS + "test_attack_11_text_and_digest_rewritten_together_do_not_deceive_the_grant",
    ),
    Mechanism(
        "11",
        "a declaration that was edited in place is none",
        "consent/registry_sql.py",
        "        return found if found.digest == digest else None",
        "        return found",
        UMA + "test_attack_11_a_declaration_edited_in_place_suspends_its_grants",
    ),
    Mechanism(
        "13",
        "a permission of ODRL allows one action",
        "consent/odrl.py",
        'if _only(parts, str(ODRL.action)) != _odrl("use"):',
        "if False:",
        "tests/unit/consent/test_odrl.py::test_attack_13_what_is_outside_the_closed_subset_permits_nothing",
    ),
    Mechanism(
        "14",
        "a permission names one address",
        PERMITS,
        'and permission.get("resource_id") == resource',
        'and resource.startswith(str(permission.get("resource_id")))',
        TOKENS + "test_each_claim_of_a_token_must_be_right",
    ),
    Mechanism(
        "14",
        "a grant reaches instances of its shapes",
        "consent/enforcement.py",
        "if not view.covers(path, tx):",
        "if False:",
        TOKENS + "test_a_token_never_reaches_beyond_its_shape_even_if_its_permission_does",
    ),
    Mechanism(
        "14",
        "a grant reaches one pod",
        "consent/enforcement.py",
        "if permit is None or pod is None or not path.startswith(pod.root):",
        "if permit is None or pod is None:",
        TOKENS + "test_a_token_never_reaches_beyond_its_shape_even_if_its_permission_does",
    ),
    Mechanism(
        "14",
        "what the host keeps for itself stays closed",
        "consent/enforcement.py",
        "return target.is_auxiliary(path) or not relative or first in CLOSED",
        "return target.is_auxiliary(path) or not relative",
        TOKENS + "test_what_the_host_keeps_for_itself_stays_closed_whatever_the_index_says",
    ),
    Mechanism(
        "14",
        "a container shows the members that the grant covers",
        VIEWS,
        "            if entry.path in covered",
        "            if True",
        TWINS,
    ),
    Mechanism(
        "14",
        "an instance stands in the document itself",
        "consent/shaping.py",
        "            quad.graph_name == rdf.DEFAULT_GRAPH\n            and quad.predicate",
        "            quad.predicate",
        TWINS,
    ),
    Mechanism(
        "14",
        "what is kept of a document is found by its version",
        VIEWS,
        "Made(stored.path, stored.etag, self._grant.id",
        'Made(stored.path, "", self._grant.id',
        KEPT + "test_a_document_that_changed_is_shown_as_it_is_now",
    ),
    Mechanism(
        "14",
        "what is kept of a document is found by its grant",
        VIEWS,
        "Made(stored.path, stored.etag, self._grant.id, shape.name, item.properties)",
        'Made(stored.path, stored.etag, "", shape.name, ())',
        KEPT + "test_two_services_are_shown_what_each_was_granted",
    ),
    Mechanism(
        "14",
        "what is kept of a document is found by what is granted",
        VIEWS,
        "self._grant.id, shape.name, item.properties)",
        "self._grant.id, shape.name, ())",
        KEPT + "test_a_grant_that_was_narrowed_shows_less_at_once",
    ),
    Mechanism(
        "14, 15",
        "a document shows the granted properties",
        VIEWS,
        "filtering.granted(quads, shape, item.properties, owner=self._grant.subject)",
        "filtering.granted(quads, shape, list(shape.by_name), owner=self._grant.subject)",
        TWINS,
    ),
    Mechanism(
        "15",
        "a path that ends in no value shows nothing",
        FILTER,
        "            passes = isinstance(value, NamedNode | Literal)",
        "            passes = True",
        "tests/property/test_rows_filter.py::test_a_path_that_ends_in_a_blank_node_shows_nothing",
    ),
    Mechanism(
        "15",
        "entity tags are those of what is shown",
        VIEWS,
        "media_type=rdf.TURTLE, content=content, etag=etag, modified=int(self._at * 1000)",
        "media_type=rdf.TURTLE, content=content, modified=int(self._at * 1000)",
        "tests/http/consent/test_uma.py::test_attack_15_what_is_not_granted_does_not_show_in_tags_and_times",
    ),
    Mechanism(
        "15",
        "the time of a change is not shown",
        VIEWS,
        "media_type=rdf.TURTLE, content=content, etag=etag, modified=int(self._at * 1000)",
        "media_type=rdf.TURTLE, content=content, etag=etag",
        TWINS,
    ),
    Mechanism(
        "15",
        "a refused deletion tells no existence",
        "pods/service.py",
        'if op.method == "DELETE" and (stored is None or needed not in rights.user):',
        'if op.method == "DELETE" and stored is None:',
        TWINS,
    ),
    Mechanism(
        "15",
        "a syntax is not shown in a listing",
        VIEWS,
        "modified=given, media_type=rdf.TURTLE)",
        "modified=given)",
        TWINS,
    ),
    Mechanism(
        "16",
        "a token serves the grantee alone",
        PERMITS,
        "is not GrantState.GIVEN or grant.controller != webid:\n        return None\n"
        "    if purpose is None or not purpose.active(at) or purpose.controller != webid:",
        "is not GrantState.GIVEN:\n        return None\n    if purpose is None or not purpose.active(at):",
        TOKENS + "test_each_claim_of_a_token_must_be_right",
    ),
    Mechanism(
        "17",
        "nobody else speaks for people of this host",
        "consent/identity.py",
        "if identity.webid.startswith(self._own_webids):",
        "if False:",
        "tests/http/consent/test_foreign_issuers.py::"
        "test_attack_17_another_issuer_does_not_speak_for_people_of_this_host",
    ),
    Mechanism(
        "20",
        "a line says what it said when it was written",
        "pods/activity/checking.py",
        "if chained(prev, record.seq, content) != record.digest or not _opens(own, record.seq, record.sealed):",
        "if False:",
        "tests/unit/consent/test_life_cycle.py::test_attack_20_a_log_that_was_tampered_with_does_not_verify",
    ),
    Mechanism(
        "32",
        "a withdrawal is remembered for the cool-down",
        "consent/decisions.py",
        "        people_sql.remember_refusal(tx, pod.key, self._identifier(before), at)\n"
        "        purpose = self._purposes.by_iri(tx, before.purpose)",
        "        purpose = self._purposes.by_iri(tx, before.purpose)",
        "tests/unit/consent/test_life_cycle.py::test_after_a_withdrawal_a_newer_version_waits_too",
    ),
    Mechanism(
        "34",
        "a purpose claim is signed by the registered key",
        "consent/purpose_claim.py",
        "if not key.verifies(jws.header.alg, jws.signing_input, jws.signature):",
        "if False:",
        "tests/http/consent/test_attempts.py::test_a_wrong_purpose_claim_is_refused_and_the_person_sees_it",
    ),
)
