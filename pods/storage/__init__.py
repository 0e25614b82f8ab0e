"""Stores behind the Protocols of `base`."""
