"""Solid server, OpenID provider and Solid client."""

from pods import compiled

compiled.use()
