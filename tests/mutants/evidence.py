"""What makes a log, a receipt, a credential or a result prove something: chains, signatures, ages and nullifiers."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

LOG = "tests/http/consent/test_log_proof.py::"
PROOF = "pods/transparency/proof.py"
CREDENTIALS = "tests/http/consent/test_credentials.py::"
OFFLINE = "consent/client/offline.py"
SIGNING = "consent/receipts/signing.py"
RECEIPTS = "tests/unit/consent/test_receipts.py::"
FLIPPED = "tests/property/test_receipts.py::test_p6_a_receipt_with_any_one_bit_flipped_is_refused"
RESULTS = "tests/http/consent/test_results.py::"
CLAIMS = "tests/unit/consent/claims/test_evaluation.py::"
CHANGED = LOG + "test_attack_20_a_log_that_was_changed_is_found_out"

EVIDENCE: tuple[Mechanism, ...] = (
    Mechanism(
        "20",
        "a read fails if its line cannot be written",
        "pods/service.py",
        "        if needed not in rights.public:\n            self._log(",
        "        if needed not in rights.public and False:\n            self._log(",
        "tests/http/test_activity.py::test_a_read_by_another_leaves_a_line",
    ),
    Mechanism(
        "20",
        "lines follow each other without a gap",
        PROOF,
        "        if record.seq != len(before) + 1:",
        "        if False:",
        CHANGED,
    ),
    Mechanism(
        "20",
        "each line follows the digest before it",
        PROOF,
        "        if prev != record.digest:",
        "        if False:",
        CHANGED,
    ),
    Mechanism(
        "20",
        "a tail that was covered cannot be cut",
        PROOF,
        "    if proof.size > len(leaves):",
        "    if False:",
        CHANGED,
    ),
    Mechanism(
        "20",
        "the lines are those that the host signed",
        PROOF,
        "        if not merkle.is_included(leaf, proof.leaf, tree.size, proof.inclusion, tree.root):",
        "        if False:",
        LOG + "test_attack_20_another_history_is_not_what_the_host_signed",
    ),
    Mechanism(
        "20",
        "a checkpoint is signed by the host",
        "pods/transparency/notes.py",
        "                public.verify(signature[_ID:], text.encode())",
        "                pass",
        "tests/unit/pods/test_log_notes.py::test_a_note_that_was_changed_is_refused",
    ),
    Mechanism(
        "20",
        "a tree is the beginning of the next",
        PROOF,
        "    if not merkle.is_consistent(*grown, proof.consistency):",
        "    if False:",
        LOG + "test_attack_20_a_tree_that_did_not_grow_from_the_one_that_was_seen_is_found",
    ),
    Mechanism(
        "20",
        "a log keeps its key",
        PROOF,
        "    if seen is not None and proof.verifier_key != seen.verifier_key:",
        "    if False:",
        LOG + "test_a_log_under_another_key_than_before_is_refused",
    ),
    Mechanism(
        "21",
        "what a log said goes with its pod",
        "pods/activity/keys_sql.py",
        'tx.execute("DELETE FROM pod_log WHERE pod = ?", (pod,))',
        "pass",
        LOG + "test_attack_21_what_a_log_said_ends_with_its_pod",
    ),
    Mechanism(
        "33",
        "an old status list proves nothing",
        OFFLINE,
        '    if at - _seconds(found, "validFrom") > most:',
        "    if False:",
        CREDENTIALS + "test_attack_33_a_frozen_list_proves_nothing",
    ),
    Mechanism(
        "33",
        "a status list that is missing proves nothing",
        OFFLINE,
        '    if found is None:\n        raise NotVerified("a status list is missing',
        '    if found is None:\n        return\n    if False:\n        raise NotVerified("a status list is missing',
        CREDENTIALS + "test_attack_33_what_a_verifier_lacks_or_cannot_read_fails",
    ),
    Mechanism(
        "33",
        "a bit that is set ends a grant",
        OFFLINE,
        "    if set_:",
        "    if False:",
        CREDENTIALS + "test_a_withdrawal_is_in_the_list_with_its_commit",
    ),
    Mechanism(
        "9, 34",
        "a document is the one that was signed",
        "consent/credentials/proofs.py",
        "        key.verify(content, hash_data(unsecured, options))",
        "        pass",
        "tests/unit/consent/credentials/test_vectors.py::test_a_changed_document_does_not",
    ),
    Mechanism(
        "27",
        "a receipt is what its issuer signed",
        SIGNING,
        "        key.key.verify(_signature(encoded_signature), signed)",
        "        _signature(encoded_signature)",
        FLIPPED,
    ),
    Mechanism(
        "27, 34",
        "a receipt has one spelling",
        SIGNING,
        "    if _encode(raw) != encoded:",
        "    if False:",
        FLIPPED,
    ),
    Mechanism(
        "34",
        "a receipt has one header",
        SIGNING,
        '    if type(header) is not dict or header.keys() != {"alg", "kid", "typ"}:',
        "    if type(header) is not dict:",
        RECEIPTS + "test_a_header_of_any_other_form_is_refused",
    ),
    Mechanism(
        "34",
        "a receipt has one algorithm",
        SIGNING,
        '    if header["alg"] != ALGORITHM:',
        "    if False:",
        RECEIPTS + "test_a_header_of_any_other_form_is_refused",
    ),
    Mechanism(
        "27",
        "a key signs for its issuer",
        SIGNING,
        "    if key.issuer != receipt.issuer or key.kid != kid:",
        "    if False:",
        RECEIPTS + "test_the_key_of_another_issuer_is_refused",
    ),
    Mechanism(
        "27",
        "a key counts in its time",
        SIGNING,
        "    if not key.valid_at(receipt.issued_at):",
        "    if False:",
        RECEIPTS + "test_a_key_counts_for_receipts_issued_while_it_was_in_use",
    ),
    Mechanism(
        "27",
        "a receipt that two people hold counts once",
        "consent/claims/claims_sql.py",
        "        (series, nullifier, claim),\n    )\n    return tx.row_count == 1",
        "        (series, nullifier, claim),\n    )\n    return True",
        CLAIMS + "test_a_receipt_that_two_people_hold_counts_for_the_first_alone",
    ),
    Mechanism(
        "22",
        "a month is answered once",
        "consent/claims/evaluation.py",
        "        if earlier.period.touches(asked.period):",
        "        if False:",
        CLAIMS + "test_a_month_is_answered_once_so_that_differences_tell_nothing",
    ),
    Mechanism(
        "1, 27",
        "receipts are the same when a result leaves",
        "consent/claims/evaluation.py",
        "    if found is None or found.basis != basis(tx, pod, asked):",
        "    if found is None:",
        RESULTS + "test_a_receipt_deleted_while_the_rule_runs_is_not_counted",
    ),
)
