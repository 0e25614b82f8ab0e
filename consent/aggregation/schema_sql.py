"""The tables of aggregation in the pod host's database. Migrations are numbered and never edited."""

from __future__ import annotations

SCHEMAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "aggregation-1",
        (
            # Rho in whole millionths. The CHECK is the last line of defence behind the conditional UPDATE.
            """CREATE TABLE budget (
                   programme TEXT PRIMARY KEY, purpose TEXT NOT NULL UNIQUE, controller TEXT NOT NULL,
                   rho_total INTEGER NOT NULL, rho_spent INTEGER NOT NULL DEFAULT 0, secret BLOB NOT NULL,
                   opened_at REAL NOT NULL, CHECK (rho_spent BETWEEN 0 AND rho_total))""",
            # `body` is the released document; a reservation has none yet, a burned one never gets one.
            """CREATE TABLE release (
                   id TEXT PRIMARY KEY, programme TEXT NOT NULL REFERENCES budget (programme),
                   query_hash TEXT NOT NULL, snapshot TEXT NOT NULL, rho INTEGER NOT NULL,
                   state TEXT NOT NULL CHECK (state IN ('reserved', 'committed', 'burned')),
                   reserved_at REAL NOT NULL, settled_at REAL, body TEXT)""",
            # The same question on the same snapshot has one answer (consent reference 3.3). A burned
            # reservation gave none, so it does not stand in the way of a new one, which costs again.
            """CREATE UNIQUE INDEX release_once ON release (programme, query_hash, snapshot)
                   WHERE state <> 'burned'""",
            # What happened to a budget, line by line, chained by digests; nothing updates or deletes a line.
            """CREATE TABLE budget_line (
                   programme TEXT NOT NULL REFERENCES budget (programme), number INTEGER NOT NULL,
                   at REAL NOT NULL, event TEXT NOT NULL CHECK (event IN ('reserve', 'commit', 'burn')),
                   release TEXT NOT NULL REFERENCES release (id), rho INTEGER NOT NULL,
                   rho_spent INTEGER NOT NULL, content TEXT NOT NULL, previous TEXT NOT NULL,
                   digest TEXT NOT NULL, PRIMARY KEY (programme, number))""",
            # The public register: every question, answered or refused, by whom and at what cost.
            """CREATE TABLE question (
                   id TEXT PRIMARY KEY, programme TEXT NOT NULL REFERENCES budget (programme),
                   asked_at REAL NOT NULL, asked_by TEXT NOT NULL, body TEXT NOT NULL, snapshot TEXT NOT NULL,
                   outcome TEXT NOT NULL, rho INTEGER NOT NULL, reason TEXT NOT NULL, release TEXT)""",
            "CREATE INDEX question_programme ON question (programme, asked_at)",
        ),
    ),
    (
        "aggregation-2",
        # What the epochs of removed pods came to: without it, a pod that leaves would hide a withdrawal.
        ("CREATE TABLE departed (controller TEXT PRIMARY KEY, epochs INTEGER NOT NULL)",),
    ),
    (
        "aggregation-3",
        # Whose reservation it is: machines that share a database have a projection each, and burn only their own.
        ("ALTER TABLE release ADD COLUMN projection TEXT NOT NULL DEFAULT ''",),
    ),
)
