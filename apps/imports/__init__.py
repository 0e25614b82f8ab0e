"""Bulk importers that the operator runs inside the trust zone."""
