"""SQL of one-time links."""

SCHEMA = (
    "handover-1",
    (
        """
        CREATE TABLE handover (
            id TEXT PRIMARY KEY,
            sealed BLOB,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX handover_by_expiry ON handover (expires_at)",
    ),
)

ADD = "INSERT INTO handover (id, sealed, expires_at) VALUES (?, ?, ?)"
FIND = "SELECT sealed, expires_at FROM handover WHERE id = ?"
EMPTY = "UPDATE handover SET sealed = NULL WHERE id = ? AND sealed IS NOT NULL"
SWEEP = "DELETE FROM handover WHERE expires_at <= ?"
