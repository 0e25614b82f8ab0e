"""What keeps whoever acts for somebody within their powers: pages of the wallet, drafts, interests, codes and ends."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

DELEGATION = "tests/http/consent/test_delegation.py::"
DELEGATED = "tests/http/consent/test_delegated_rights.py::"
DRAFTS = "tests/http/consent/test_drafts.py::"
POWERS = "tests/unit/consent/delegation/test_powers.py::"
APPOINTED = "tests/unit/consent/delegation/test_appointments.py::"
AGE = "tests/unit/consent/delegation/test_coming_of_age.py::"
PAGES = "tests/http/test_wallet_acting.py::"
TABLE = "tests/unit/wallet/test_acting.py::"


def acting(name: str, module: str, code: str, without: str, test: str) -> Mechanism:
    """Return a mechanism of acting for somebody."""
    return Mechanism("19", name, f"{module}.py", code, without, test)


ACTING: tuple[Mechanism, ...] = (
    acting(
        "a page that is not in the table is one's own",
        "wallet/visit",
        "        if not now.may_open(request.method, request.url.path):",
        "        if False:",
        PAGES + "test_every_page_that_the_table_does_not_open_is_closed_meanwhile",
    ),
    acting(
        "each page needs its power",
        "wallet/acting",
        "pattern.fullmatch(path) and not powers.isdisjoint(held)",
        "pattern.fullmatch(path)",
        TABLE + "test_a_page_opens_with_one_of_its_powers_and_with_no_other",
    ),
    acting(
        "a page is the whole of its path",
        "wallet/acting",
        "pattern.fullmatch(path)",
        "pattern.match(path)",
        TABLE + "test_every_other_page_is_ones_own_whatever_powers_one_holds",
    ),
    acting(
        "a page is open by its method",
        "wallet/acting",
        "            method_ == wanted and pattern",
        "            pattern",
        TABLE + "test_every_other_page_is_ones_own_whatever_powers_one_holds",
    ),
    acting(
        "the host says at each visit who may act",
        "wallet/visit",
        "next((one for one in listed if one.id == kept.id and one.flows), None)",
        "next((one for one in listed if one.id == kept.id), None)",
        PAGES + "test_when_the_person_ends_it_the_next_click_does_nothing_and_leads_back",
    ),
    acting(
        "a draft is confirmed as it was shown",
        "wallet/views/prepared",
        "(one.purpose, str(one.prepared_at)) == shown)",
        "one.purpose == shown[0])",
        PAGES + "test_what_is_confirmed_is_what_the_page_showed",
    ),
    acting(
        "a draft is gone when the person gave",
        "consent/delegation/acting",
        "            drafts_sql.forget(tx, pod.key, iri)\n",
        "",
        DELEGATION + "test_a_custodian_prepares_and_the_person_alone_gives",
    ),
    acting(
        "a draft is gone when the person refused",
        "consent/delegation/acting",
        "        drafts_sql.forget(tx, found.pod.key, iri)\n",
        "",
        DRAFTS + "test_a_draft_is_gone_when_the_person_refuses",
    ),
    acting(
        "a draft holds what is asked and no more",
        "consent/delegation/acting",
        "            chosen = subset(items, purpose)",
        "            chosen = tuple(items)",
        DRAFTS + "test_a_draft_holds_nothing_that_is_not_asked",
    ),
    acting(
        "nobody who is party prepares",
        "consent/delegation/acting",
        "        rules.require_no_interest(tx, delegation.delegate, controller)\n        against",
        "        if delegation.kind not in PREPARES_ONLY:\n            rules.require_no_interest(tx, delegation.delegate, controller)\n        against",
        DRAFTS + "test_who_stands_on_the_side_of_the_organisation_prepares_nothing",
    ),
    acting(
        "a draft is of its pod",
        "consent/delegation/drafts_sql",
        "FROM draft WHERE pod = ? ORDER",
        "FROM draft WHERE ? > 0 ORDER",
        DRAFTS + "test_a_draft_is_seen_and_thrown_away_by_its_own_person_alone",
    ),
    acting(
        "one throws away one's own draft",
        "consent/delegation/drafts_sql",
        'DELETE FROM draft WHERE pod = ? AND purpose = ?"',
        'DELETE FROM draft WHERE ? > 0 AND purpose = ?"',
        DRAFTS + "test_a_draft_is_seen_and_thrown_away_by_its_own_person_alone",
    ),
    acting(
        "agreement is that of all who decide",
        "consent/delegation/acting",
        "        if against is not None:\n            raise",
        "        if False:\n            raise",
        DELEGATION + "test_when_one_of_two_refused_the_other_cannot_give",
    ),
    acting(
        "the person's no counts against a delegate",
        "consent/delegation/rules",
        "    if not delegation.exclusive:",
        "    if False:",
        DELEGATION + "test_no_delegate_gives_what_the_person_refused",
    ),
    acting(
        "a no against what another gave keeps it at rest",
        "consent/delegation/stances_sql",
        "GrantEvent.WITHDRAW.value, GrantEvent.SUSPEND.value)",
        "GrantEvent.WITHDRAW.value)",
        DELEGATION + "test_what_one_gave_rests_when_the_other_refuses_until_that_one_agrees",
    ),
    acting(
        "no interest: oneself",
        "consent/delegation/rules",
        "        delegate == controller.iri\n        or ",
        "        ",
        DELEGATION + "test_a_controller_gives_itself_nothing_as_a_delegate",
    ),
    acting(
        "no interest: who acts for the organisation",
        "consent/delegation/rules",
        "        or acts_for\n",
        "",
        DELEGATION + "test_who_acts_for_the_organisation_gives_it_nothing",
    ),
    acting(
        "no interest: who is its contact",
        "consent/delegation/rules",
        "        or delegate in contacts\n",
        "",
        DELEGATION + "test_nobody_gives_consent_to_what_is_their_own",
    ),
    acting(
        "no interest: who said so",
        "consent/delegation/rules",
        "        or delegations_sql.has_interest(tx, delegate, controller.iri)\n",
        "",
        DELEGATION + "test_nobody_gives_consent_to_what_is_their_own",
    ),
    acting(
        "no interest: whose mailbox it is",
        "consent/delegation/rules",
        "        or not contacts.isdisjoint(profiles.mailboxes(tx, delegate))\n",
        "",
        DELEGATION + "test_nobody_gives_consent_to_what_is_their_own",
    ),
    acting(
        "only who was named accepts",
        "consent/delegation/appointments",
        "        if found.delegate != agent.webid:",
        "        if False:",
        DELEGATION + "test_nobody_else_can_accept_or_end_a_delegation",
    ),
    acting(
        "a delegation is accepted once",
        "consent/delegation/appointments",
        "        if found.state is not DelegationState.PROPOSED:",
        "        if False:",
        APPOINTED + "test_a_delegation_that_ended_is_not_accepted_again",
    ),
    acting(
        "only the two sides end a delegation",
        "consent/delegation/appointments",
        "        if not person and found.delegate != agent.webid:",
        "        if False:",
        DELEGATION + "test_nobody_else_can_accept_or_end_a_delegation",
    ),
    acting(
        "a minor does not send the guardian away",
        "consent/delegation/appointments",
        "        if person and found.kind not in ENDED_BY_PERSON:",
        "        if False:",
        DELEGATION + "test_a_minor_cannot_send_their_guardian_away",
    ),
    acting(
        "powers end at the birthday whatever was said",
        "consent/delegation/appointments",
        "            ends, exclusive = min(of_age, ends or of_age), True",
        "            ends, exclusive = ends or of_age, True",
        APPOINTED + "test_a_guardian_ends_at_the_birthday_whatever_was_said",
    ),
    acting(
        "fourteen",
        "consent/delegation/coming_of_age",
        "CONSENT_AGE = 14",
        "CONSENT_AGE = 16",
        AGE + "test_fourteen_begins_at_midnight_in_rome",
    ),
    acting(
        "no guardian of who is fourteen",
        "consent/delegation/appointments",
        "            if of_age <= at:",
        "            if False:",
        APPOINTED + "test_who_is_fourteen_has_no_guardian",
    ),
    acting(
        "a kind holds its powers and no more",
        "consent/delegation/appointments",
        "        if not powers or not powers <= POWERS[kind]:",
        "        if not powers:",
        APPOINTED + "test_nobody_holds_more_than_their_kind_allows",
    ),
    acting(
        "nobody is their own delegate",
        "consent/delegation/appointments",
        "        if delegate == pod.owner:",
        "        if False:",
        DELEGATION + "test_a_delegate_is_somebody_else_with_a_webid",
    ),
    acting(
        "an appointment rests on a document",
        "consent/delegation/appointments",
        "        if not evidence.strip():",
        "        if False:",
        APPOINTED + "test_an_appointment_rests_on_a_document",
    ),
    acting(
        "who is guarded does not give",
        "consent/delegation/powers",
        "        if power is Power.GIVE and guarded(tx, pod.key, at):",
        "        if False:",
        POWERS + "test_who_is_represented_exclusively_sees_refuses_and_withdraws_but_does_not_give",
    ),
    acting(
        "heirs hold nothing before, and others nothing after",
        "consent/delegation/powers",
        "    held = [one for one in held if (one.kind is Kind.HEIR) is dead]\n",
        "",
        POWERS + "test_after_a_death_only_the_rights_of_approved_heirs_are_left",
    ),
    acting(
        "a stranger learns nothing",
        "consent/delegation/powers",
        '        if whose and whose != webid:\n            raise Forbidden(f"You may not act for this person here: the power {power.value!r} lacks.")\n',
        "",
        POWERS + "test_a_stranger_learns_nothing_about_who_has_a_pod",
    ),
    acting(
        "what a delegate sees is noted",
        "consent/delegation/acting",
        "        self._note(tx, found, agent, what, power, at)\n",
        "",
        DELEGATED + "test_a_delegate_who_may_see_reads_the_log_and_the_log_says_that_they_did",
    ),
    acting(
        "a death ends consents",
        "consent/delegation/death",
        "            if grant.state_at(at) in _LIVE:",
        "            if False:",
        DELEGATION + "test_a_death_ends_every_consent_and_every_delegate_but_heirs",
    ),
    acting(
        "a death ends delegates",
        "consent/delegation/death",
        "        self._appointments.end_all(tx, pod, at, but=frozenset({Kind.HEIR}))\n",
        "",
        DELEGATION + "test_a_death_ends_every_consent_and_every_delegate_but_heirs",
    ),
)
