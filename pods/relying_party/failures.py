"""Why a login did not work out, in words for the person."""

from __future__ import annotations

from collections.abc import Mapping

from vocab.pages import msg

FAILURES: Mapping[str, tuple[str, str]] = {
    "unreachable": (
        msg("Your pod provider does not answer"),
        msg(
            "We could not reach the provider that you named. Check the address, or try again in a few minutes."
        ),
    ),
    "not-a-provider": (
        msg("This is not a pod provider"),
        msg(
            "At that address there is no service that you can log in with. Check the address of your provider."
        ),
    ),
    "denied": (
        msg("You are not logged in"),
        msg(
            "The login was cancelled, or your provider refused it. Nothing was read and nothing was changed."
        ),
    ),
    "expired": (
        msg("The login took too long"),
        msg("For your safety a login must be finished within ten minutes. Please start again."),
    ),
    "mismatch": (
        msg("The login did not fit"),
        msg("The provider's answer does not belong to the login that you began here. Please start again."),
    ),
    "untrusted": (
        msg("Your profile does not name this provider"),
        msg(
            "Your public profile must name the provider that you log in with. Ask your provider to correct it."
        ),
    ),
}
