"""The tables of consent in the pod host's database. Migrations are numbered and never edited."""

from __future__ import annotations

SCHEMAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "consent-1",
        (
            """CREATE TABLE controller (
                   iri TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, contact TEXT NOT NULL,
                   dpo TEXT NOT NULL, jwks TEXT NOT NULL, state TEXT NOT NULL, registered_at REAL NOT NULL)""",
            # A row is one published version; nothing in consent updates or deletes it, and `digest` is compared
            # with the document whenever a grant leans on it.
            """CREATE TABLE purpose (
                   iri TEXT PRIMARY KEY, identifier TEXT NOT NULL, version INTEGER NOT NULL,
                   controller TEXT NOT NULL REFERENCES controller (iri), document TEXT NOT NULL,
                   digest TEXT NOT NULL, published_at REAL NOT NULL, UNIQUE (identifier, version))""",
            "CREATE INDEX purpose_controller ON purpose (controller)",
            # One row for each pod and purpose; what happened to it before is in consent_event.
            """CREATE TABLE grant_ (
                   id TEXT PRIMARY KEY, pod INTEGER NOT NULL, subject TEXT NOT NULL, controller TEXT NOT NULL,
                   purpose TEXT NOT NULL REFERENCES purpose (iri), items TEXT NOT NULL, state TEXT NOT NULL,
                   given_at REAL NOT NULL, expires_at REAL NOT NULL, changed_at REAL NOT NULL,
                   pairwise TEXT NOT NULL, digest TEXT NOT NULL, notice_digest TEXT NOT NULL,
                   UNIQUE (pod, purpose))""",
            "CREATE INDEX grant_purpose ON grant_ (purpose, state)",
            # The grantee's epoch in a pod: it only ever rises, whatever grant of that grantee is touched.
            """CREATE TABLE consent_epoch (
                   pod INTEGER NOT NULL, controller TEXT NOT NULL, value INTEGER NOT NULL,
                   PRIMARY KEY (pod, controller))""",
            """CREATE TABLE consent_event (
                   grant_id TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL,
                   at REAL NOT NULL, expires_at REAL NOT NULL, epoch INTEGER NOT NULL, client TEXT NOT NULL,
                   items TEXT NOT NULL, PRIMARY KEY (grant_id, number))""",
            # A refusal counts for the programme, so that a new version of it does not ask again at once.
            """CREATE TABLE refusal (
                   pod INTEGER NOT NULL, identifier TEXT NOT NULL, at REAL NOT NULL,
                   PRIMARY KEY (pod, identifier))""",
            # Tickets are sealed and self-contained; only those that were used are kept, until they would expire.
            "CREATE TABLE spent_ticket (id TEXT PRIMARY KEY, expires_at REAL NOT NULL)",
            "CREATE INDEX spent_ticket_expiry ON spent_ticket (expires_at)",
            "CREATE TABLE spent_claim (id TEXT PRIMARY KEY, expires_at REAL NOT NULL)",
            "CREATE INDEX spent_claim_expiry ON spent_claim (expires_at)",
            # Which resource is an instance of which shape, kept by an observer in the writing transaction.
            "CREATE TABLE shaped (path TEXT PRIMARY KEY, pod INTEGER NOT NULL, shape TEXT NOT NULL)",
            "CREATE INDEX shaped_pod ON shaped (pod, shape)",
        ),
    ),
    (
        "consent-2",
        (
            # Who caused an event, where it was not the person alone, and why.
            "ALTER TABLE consent_event ADD COLUMN actor TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE consent_event ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
            # A suspended grant goes on when its last row here is gone.
            """CREATE TABLE suspension (
                   grant_id TEXT NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL,
                   PRIMARY KEY (grant_id, reason))""",
            # "Later" counts for the programme, like a refusal, so that a new version is no way round it.
            """CREATE TABLE deferral (
                   pod INTEGER NOT NULL, identifier TEXT NOT NULL, until REAL NOT NULL,
                   PRIMARY KEY (pod, identifier))""",
        ),
    ),
    (
        "consent-3",
        (
            # Who asked whom and when, so that nobody is asked too often; pod 0 is a round to everybody.
            """CREATE TABLE request_sent (
                   controller TEXT NOT NULL, pod INTEGER NOT NULL, at REAL NOT NULL)""",
            "CREATE INDEX request_sent_pod ON request_sent (pod, controller, at)",
        ),
    ),
    (
        "consent-4",
        (
            # What the operator looked at before an approval, and which keys it was for; rows are only added.
            """CREATE TABLE verification (
                   controller TEXT NOT NULL REFERENCES controller (iri), at REAL NOT NULL,
                   evidence TEXT NOT NULL, keys TEXT NOT NULL, PRIMARY KEY (controller, at))""",
        ),
    ),
    (
        "consent-5",
        (
            # Nobody who asks about some grants of a pod reads the others: of one grantee, in one state, newest first.
            "CREATE INDEX grant_grantee ON grant_ (pod, controller, state, id)",
            "CREATE INDEX grant_state ON grant_ (pod, state)",
            "CREATE INDEX grant_changed ON grant_ (pod, changed_at, id)",
        ),
    ),
    (
        "credentials-2",
        (
            # In which language the notice was read before the event of this number; no row where nobody said it.
            """CREATE TABLE notice_shown (
                   grant_id TEXT NOT NULL, number INTEGER NOT NULL, language TEXT NOT NULL,
                   PRIMARY KEY (grant_id, number))""",
        ),
    ),
    (
        "consent-6",
        (
            # Decisions of one state in the order of the list, and counted at a moment, without reading a row of them.
            "CREATE INDEX grant_decided ON grant_ (pod, state, changed_at, id, expires_at)",
            "DROP INDEX grant_state",
        ),
    ),
    (
        "consent-7",
        (
            # The consent that a record's agreement is of, however often that rested since.
            """CREATE INDEX consent_event_agreed ON consent_event (grant_id, number)
                   WHERE event IN ('give', 'carry over')""",
        ),
    ),
)
