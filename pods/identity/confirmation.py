"""Whoever found an open browser must not do the worst: the person proves once more who they are."""

from __future__ import annotations

from starlette.requests import Request

from pods.errors import BadRequest
from pods.identity.peer import address_of
from pods.identity.sessions import LoggedIn
from pods.identity.site import Site
from vocab.pages import msg

WRONG_PASSWORD = msg("The present password is wrong.")
LOG_IN_AGAIN = msg("Your log-in is some minutes old. Log out, log in with your passkey, and come back.")
FRESH_SECONDS = 300.0  # for accounts without a password, whose log-in was with a passkey


async def confirmed(site: Site, request: Request, who: LoggedIn, password: str) -> None:
    """Return if the password is right; raise BadRequest, or TooManyRequests after too many wrong ones.

    An account without a password needs a log-in of the last minutes.
    """
    if who.account.password is None:
        if site.host.clock() - who.since > FRESH_SECONDS:
            raise BadRequest(LOG_IN_AGAIN)
        return
    accounts, name, address = site.host.accounts, who.account.name, address_of(request)
    # Whoever finds an open session must not guess the password faster than on the log-in page.
    await site.host.commits.submit(lambda tx: accounts.begin_log_in(tx, name, address))
    if not await site.matches(who.account, password):
        raise BadRequest(WRONG_PASSWORD)
    await site.host.commits.submit(lambda tx: accounts.end_log_in(tx, name, address))
