"""The tables of delegation and standing preferences in the pod host's database. Migrations are never edited."""

from __future__ import annotations

SCHEMAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "people-1",
        (
            """CREATE TABLE delegation (
                   id TEXT PRIMARY KEY, pod INTEGER NOT NULL, kind TEXT NOT NULL, delegate TEXT NOT NULL,
                   powers TEXT NOT NULL, state TEXT NOT NULL, starts REAL NOT NULL, ends REAL,
                   exclusive INTEGER NOT NULL, proposed_by TEXT NOT NULL, evidence TEXT NOT NULL,
                   accepted INTEGER NOT NULL, approved INTEGER NOT NULL, ended_at REAL,
                   ended_by TEXT NOT NULL)""",
            "CREATE INDEX delegation_pod ON delegation (pod, delegate)",
            "CREATE INDEX delegation_delegate ON delegation (delegate)",
            # Interests that somebody declared or the operator found: they may not give consent to this controller.
            """CREATE TABLE interest (
                   delegate TEXT NOT NULL, controller TEXT NOT NULL, at REAL NOT NULL,
                   PRIMARY KEY (delegate, controller))""",
            # Community custodians whom the operator admitted.
            "CREATE TABLE custodian (webid TEXT PRIMARY KEY, evidence TEXT NOT NULL, at REAL NOT NULL)",
            # One open code of a pod; a wrong guess counts, and the code is gone with the last one.
            """CREATE TABLE assistance (
                   pod INTEGER PRIMARY KEY, digest TEXT NOT NULL, minutes INTEGER NOT NULL,
                   until REAL NOT NULL, guesses INTEGER NOT NULL)""",
            # Answers that wait for the person's own word.
            """CREATE TABLE draft (
                   pod INTEGER NOT NULL, purpose TEXT NOT NULL, items TEXT NOT NULL, ends REAL NOT NULL,
                   prepared_by TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (pod, purpose))""",
            "CREATE TABLE death (pod INTEGER PRIMARY KEY, day TEXT NOT NULL, evidence TEXT NOT NULL, at REAL NOT NULL)",
            """CREATE TABLE preference (
                   pod INTEGER NOT NULL, basis TEXT NOT NULL, mode TEXT NOT NULL, controller_kind TEXT NOT NULL,
                   shape TEXT NOT NULL, choice TEXT NOT NULL, at REAL NOT NULL,
                   PRIMARY KEY (pod, basis, mode, controller_kind, shape))""",
        ),
    ),
)

OF_A_POD = ("delegation", "assistance", "draft", "death", "preference")
"""Tables whose rows go with the pod that their column `pod` names."""
