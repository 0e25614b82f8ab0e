"""Solid server, OpenID provider and Solid client."""
