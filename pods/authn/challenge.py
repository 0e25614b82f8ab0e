"""What a 401 says about how to come in, and about what was wrong (RFC 9449 section 7.1)."""

from __future__ import annotations

from pods.errors import Unauthenticated
from pods.protocol import jose

CHALLENGE = f'DPoP algs="{" ".join(jose.ALGORITHMS)}"'
_MOST_SAID = 300  # characters of an error description


def refusal(error: str, description: str) -> Unauthenticated:
    """Return the error for credentials that prove nothing, with its challenge."""
    plain = description.replace("\\", "").replace('"', "'")
    # RFC 6750 section 3: printable ASCII only; what a stranger's server said must not break the header.
    ascii_only = "".join(letter if " " <= letter <= "~" else "?" for letter in plain)[:_MOST_SAID]
    challenge = f'{CHALLENGE}, error="{error}", error_description="{ascii_only}"'
    return Unauthenticated(description, headers=(("www-authenticate", challenge),))
