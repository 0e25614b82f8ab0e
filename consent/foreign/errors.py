"""What goes wrong with grants on servers that are not ours."""

from __future__ import annotations


class ForeignError(Exception):
    """A server cannot hold a grant, or did not do what was asked; the message says what, where and what to do."""
