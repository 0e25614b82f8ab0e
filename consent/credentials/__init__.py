"""Consent that others can verify without us: proofs, credentials and status lists of the W3C."""
