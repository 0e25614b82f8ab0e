"""Signed receipts of purchases and of participation: model, signatures, derived RDF, trust levels."""
