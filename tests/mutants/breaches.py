"""What makes a breach known: who is affected by the log, the 72 hours, and who may handle and read an entry."""

from __future__ import annotations

from tests.mutants.mechanism import Mechanism

BREACHES = "tests/http/consent/test_breaches.py::"
EXTENT = "tests/http/consent/test_breach_extent.py::"


def breach(name: str, module: str, code: str, without: str, test: str) -> Mechanism:
    """Return a mechanism of the register of breaches."""
    return Mechanism("31", name, f"consent/{module}.py", code, without, test)


BREACH: tuple[Mechanism, ...] = (
    breach(
        "a breach concerns what was permitted",
        "rights/breach_extent",
        "        if line.decision == activity.PERMIT\n        and line.action",
        "        if line.action",
        EXTENT + "test_a_read_that_was_refused_in_its_time_is_no_disclosure",
    ),
    breach(
        "a breach concerns what shows data of one person",
        "rights/breach_extent",
        "        and line.action in INDIVIDUAL\n",
        "",
        EXTENT + "test_a_consent_that_the_organisation_gave_up_unread_is_no_disclosure",
    ),
    breach(
        "a breach concerns one client",
        "rights/breach_extent",
        "        and (not suspect.client or line.client == suspect.client)\n",
        "",
        BREACHES + "test_a_client_alone_says_who_is_affected",
    ),
    breach(
        "a breach concerns some kinds of data",
        "rights/breach_extent",
        '        and (not places or line.action == "claim" or any(touches(line.path, place) for place in places))\n',
        "",
        EXTENT + "test_a_breach_of_some_kinds_of_data_concerns_whose_were_read",
    ),
    breach(
        "all pods are looked at",
        "rights/breach_extent",
        "        after = keys[-1] if len(keys) == AT_ONCE else None\n    places",
        "        after = None\n    places",
        EXTENT + "test_every_pod_is_looked_at_however_many_there_are",
    ),
    breach(
        "72 hours",
        "rights/deadlines",
        "BREACH_HOURS = 72",
        "BREACH_HOURS = 96",
        BREACHES + "test_the_clock_of_72_hours_runs_until_the_authority_is_told",
    ),
    breach(
        "the clock stops when the authority knows",
        "rights/breach_sql",
        "        return self.state is BreachState.OPEN and at > self.due_at",
        "        return at > self.due_at",
        BREACHES + "test_the_clock_of_72_hours_runs_until_the_authority_is_told",
    ),
    breach(
        "a report in time",
        "rights/breach_sql",
        "self.authority_at is not None and self.authority_at <= self.due_at",
        "self.authority_at is not None",
        BREACHES + "test_a_late_report_gives_reasons_and_says_so_for_ever",
    ),
    breach(
        "a late report has reasons",
        "rights/breaches",
        "        late = step is BreachStep.REPORT and breach.overdue(at)",
        "        late = False",
        BREACHES + "test_a_late_report_gives_reasons_and_says_so_for_ever",
    ),
    breach(
        "a note and a closing say something",
        "rights/breaches",
        "step in NEEDS_TEXT or late",
        "late",
        EXTENT + "test_a_note_and_a_closing_say_something",
    ),
    breach(
        "nobody is told before it is described",
        "rights/breaches",
        "        if step in NEEDS_DESCRIPTION and not breach.described:",
        "        if False:",
        BREACHES + "test_an_organisation_reports_describes_tells_and_closes_over_http",
    ),
    breach(
        "what concerns nobody is not told",
        "rights/breaches",
        "        if step in NEEDS_DESCRIPTION and not breach.affected:",
        "        if False:",
        BREACHES + "test_a_breach_of_another_organisation_does_not_exist",
    ),
    breach(
        "a breach goes by the table",
        "rights/breaches",
        "        if (breach.state, step) not in STEPS:",
        "        if False:",
        BREACHES + "test_a_closed_entry_stays_and_takes_nothing_more",
    ),
    breach(
        "an organisation cannot fill the register",
        "rights/breaches",
        "        if opened_by and breach_sql.still_open(tx, opened_by) >= MOST_OPEN:",
        "        if False:",
        BREACHES + "test_an_organisation_cannot_fill_the_register",
    ),
    breach(
        "the organisation concerned is told at once",
        "rights/breaches",
        "        if breach.agent and breach.agent != opened_by:",
        "        if False:",
        BREACHES + "test_the_organisation_through_which_it_happened_is_told_at_once_and_handles_it",
    ),
    breach(
        "an entry belongs to who is concerned",
        "rights/breach_sql",
        "        return webid in (self.opened_by, self.agent)",
        "        return True",
        BREACHES + "test_a_breach_of_another_organisation_does_not_exist",
    ),
    breach(
        "an entry is handled by who is concerned",
        "http/breaches",
        "        if found is None or not found.concerns(webid):",
        "        if found is None:",
        BREACHES + "test_a_breach_of_another_organisation_does_not_exist",
    ),
    breach(
        "people report no breach here",
        "http/breaches",
        "        if registry_sql.controller(tx, webid) is None:",
        "        if False:",
        BREACHES + "test_people_report_nothing_here_and_what_is_malformed_is_refused",
    ),
    breach(
        "an organisation reports its own access",
        "http/breaches",
        '            webid,\n            body.get("client", ""),',
        '            "",\n            body.get("client", ""),',
        BREACHES + "test_an_organisation_reports_describes_tells_and_closes_over_http",
    ),
    breach(
        "an entry that is not public is for who was told",
        "http/breaches",
        "(breach.public_at is None and not self._was_told(tx, breach, agent.webid))",
        "False",
        BREACHES + "test_the_notice_says_what_happened_what_follows_what_was_done_and_whom_to_ask",
    ),
    breach(
        "the register shows what is public",
        "http/breaches",
        "                if breach.public_at is not None or (agent.webid is not None and breach.concerns(agent.webid))\n",
        "",
        BREACHES + "test_what_is_public_names_no_person_and_counts_nobody",
    ),
    breach(
        "the page shows what is public",
        "http/breaches",
        "        found = [breach for breach in breach_sql.every(tx) if breach.public_at is not None]",
        "        found = breach_sql.every(tx)",
        EXTENT + "test_the_page_shows_nothing_before_it_is_made_public",
    ),
)
