"""Purposes, requests, grants, receipts, the access log and aggregation inside the trust zone."""
