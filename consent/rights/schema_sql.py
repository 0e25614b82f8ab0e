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
