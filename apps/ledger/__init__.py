"""Double-entry ledger: integer minor units, append-only, checked by the database itself."""
