"""The tables of rights and breaches in the pod host's database. Migrations are numbered and never edited."""

from __future__ import annotations

from pods.storage.migrations import Schema

SCHEMA: Schema = (
    "rights-1",
    (
        """CREATE TABLE rights_request (
               id TEXT PRIMARY KEY, pod INTEGER NOT NULL, controller TEXT NOT NULL, kind TEXT NOT NULL,
               grants TEXT NOT NULL, resource TEXT NOT NULL, words TEXT NOT NULL, state TEXT NOT NULL,
               received_at REAL NOT NULL, due_at REAL NOT NULL)""",
        "CREATE INDEX rights_request_pod ON rights_request (pod, received_at)",
        "CREATE INDEX rights_request_controller ON rights_request (controller, received_at)",
        """CREATE TABLE rights_event (
               request TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL,
               at REAL NOT NULL, words TEXT NOT NULL, attachments TEXT NOT NULL,
               PRIMARY KEY (request, number))""",
        # One row for each request and recipient that was actually served; stage counts the reminders sent.
        """CREATE TABLE rights_duty (
               id TEXT PRIMARY KEY, request TEXT NOT NULL, pod INTEGER NOT NULL, recipient TEXT NOT NULL,
               kind TEXT NOT NULL, grants TEXT NOT NULL, asked_at REAL NOT NULL, due_at REAL NOT NULL,
               stage INTEGER NOT NULL, acknowledged_at REAL, statement TEXT NOT NULL,
               UNIQUE (request, recipient))""",
        "CREATE INDEX rights_duty_pod ON rights_duty (pod)",
        "CREATE INDEX rights_duty_recipient ON rights_duty (recipient, asked_at)",
        "CREATE INDEX rights_duty_open ON rights_duty (due_at) WHERE acknowledged_at IS NULL",
        # The register of art. 33(5): it names no person and stays when pods go.
        """CREATE TABLE breach (
               id TEXT PRIMARY KEY, aware_at REAL NOT NULL, agent TEXT NOT NULL, client TEXT NOT NULL,
               begins REAL NOT NULL, ends REAL NOT NULL, nature TEXT NOT NULL, affected INTEGER NOT NULL,
               notified_at REAL, authority_at REAL, closed_at REAL)""",
        """CREATE TABLE breach_entry (
               breach TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, words TEXT NOT NULL,
               PRIMARY KEY (breach, number))""",
        # Who was told, so that a run that broke off goes on where it was and nobody is told twice.
        """CREATE TABLE breach_notice (
               breach TEXT NOT NULL, pod INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (breach, pod))""",
    ),
)

SCHEMA_2: Schema = (
    "rights-2",
    (
        # Who opened an entry: a WebID, or nobody for the operator; what art. 34(2) wants people to be told.
        "ALTER TABLE breach ADD COLUMN opened_by TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE breach ADD COLUMN consequences TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE breach ADD COLUMN measures TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE breach ADD COLUMN contact TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE breach ADD COLUMN public_at REAL",
        "ALTER TABLE breach_entry ADD COLUMN actor TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX breach_agent ON breach (agent, aware_at)",
        # How many reminders a controller got of a request that it owes an answer to.
        "ALTER TABLE rights_request ADD COLUMN stage INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX rights_request_due ON rights_request (due_at)",
        # Notices to inboxes on other hosts, until they are taken or given up; pod 0 concerns no person.
        """CREATE TABLE notice_out (
               name TEXT PRIMARY KEY, recipient TEXT NOT NULL, pod INTEGER NOT NULL, content TEXT NOT NULL,
               made_at REAL NOT NULL, next_at REAL NOT NULL, failures INTEGER NOT NULL, why TEXT NOT NULL,
               taken_at REAL, given_up_at REAL)""",
        "CREATE INDEX notice_out_due ON notice_out (next_at) WHERE taken_at IS NULL AND given_up_at IS NULL",
        "CREATE INDEX notice_out_pod ON notice_out (pod)",
    ),
)

SCHEMA_3: Schema = (
    "rights-3",
    (
        # The kinds of data that a breach is about, by the names of their shapes; nothing means all.
        "ALTER TABLE breach ADD COLUMN data TEXT NOT NULL DEFAULT ''",
    ),
)
SCHEMAS = (SCHEMA, SCHEMA_2, SCHEMA_3)
