"""Accounts: who may log in here, with which WebID, and which scripts may act for them."""

from __future__ import annotations

import re

from pods.errors import BadContent, Conflict, NotFound, TooManyRequests
from pods.identity import accounts_sql as sql
from pods.identity import linked_sql
from pods.identity.accounts_sql import Account, Credential, Identity
from pods.identity.passwords import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    HashedPassword,
    hash_password,
    matches,
    new_secret,
    seal,
)
from pods.model import Clock, WebId
from pods.storage.base import Transaction
from vocab.pages import msg

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MAX_EMAIL = 254  # RFC 5321 section 4.5.3.1.3
MAX_LABEL = 100
MAX_CREDENTIALS = 50  # of one account
MAX_IDENTITIES = 20  # pods of one account

WINDOW = 900.0  # seconds that a failed log-in counts
# One address guessing at one account stops first, so that a stranger cannot lock somebody out from elsewhere;
# the account and the address alone have higher limits, against guessing from many places or at many accounts.
MOST_FAILURES = {"pair": 5, "account": 50, "address": 50}

# What people read on the pages too, so the texts are in the catalogues; a test holds their figures to the limits.
BAD_NAME = msg("The name must be 1 to 63 small letters, digits and hyphens, and not begin with a hyphen.")
BAD_EMAIL = msg("The e-mail address is not complete; it looks like name@example.org.")
BAD_PASSWORD = msg("The password must have 10 to 256 characters.")
BAD_LABEL = msg("Say in 1 to 100 characters what the credentials are for.")
BAD_CLIENT_ID = msg("A client id that is chosen for a script must not be a web address.")
TAKEN = msg("This name or e-mail address is already in use; choose another.")
TOO_OFTEN = msg("Too many failed log-ins; wait a quarter of an hour.")
TOO_MANY_CREDENTIALS = msg("An account has at most 50 credentials; revoke one first.")
TOO_MANY_PODS = msg("An account has at most 20 pods; delete one first.")
NO_CREDENTIALS = msg("There are no such credentials.")


class Accounts:
    """Accounts on the host's store; every method works in the caller's transaction."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def create(
        self,
        tx: Transaction,
        name: str,
        *,
        email: str | None = None,
        password: str | HashedPassword | None = None,
        webid: WebId,
    ) -> Account:
        """Add an account; without a password nobody can log in until one is set.

        Raises BadContent for a name, address or password that will not do, Conflict for a taken one.
        """
        if not NAME.fullmatch(name):
            raise BadContent(BAD_NAME)
        if email is not None and (len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email)):
            raise BadContent(BAD_EMAIL)
        account = sql.add_account(tx, name, email, hashed(password), webid, self._clock())
        if account is None:
            raise Conflict(TAKEN)
        return account

    def identities(self, tx: Transaction, account: Account) -> list[Identity]:
        """Return the WebIDs of an account, the oldest first."""
        return sql.identities(tx, account.id)

    def webids(self, tx: Transaction, account: Account) -> list[Identity]:
        """Return every WebID that the account may act as: those of its pods, then those on other servers."""
        return [*sql.identities(tx, account.id), *linked_sql.linked(tx, account.id)]

    def add_identity(self, tx: Transaction, account: Account, webid: WebId, pod: str) -> None:
        """Give an account the WebID of a further pod; raise Conflict if it is somebody's, or there are too many."""
        if len(sql.identities(tx, account.id)) >= MAX_IDENTITIES:
            raise Conflict(TOO_MANY_PODS)
        if not sql.add_identity(tx, account.id, webid, pod, self._clock()):
            raise Conflict(TAKEN)

    def by_id(self, tx: Transaction, account_id: int) -> Account | None:
        """Return an account."""
        return sql.account_by_id(tx, account_id)

    def by_login(self, tx: Transaction, login: str) -> Account | None:
        """Return the account with this name or e-mail address."""
        return sql.account_by_login(tx, login.strip())

    def by_webid(self, tx: Transaction, webid: str) -> Account | None:
        """Return the account of a WebID."""
        return sql.account_by_webid(tx, webid)

    def set_password(self, tx: Transaction, account: Account, password: str | HashedPassword) -> None:
        """Replace the password; raise BadContent if the new one will not do."""
        new = hashed(password)
        if new is not None:
            sql.set_password(tx, account.id, new)

    def check_password(self, account: Account | None, password: str) -> bool:
        """Say whether the password is the account's; equally slow for an account that does not exist."""
        return matches(account.password if account else None, password)

    def begin_log_in(self, tx: Transaction, login: str, address: str) -> Account | None:
        """Return the account that somebody wants to log in to, None if there is none such.

        Counts as a failure until `end_log_in` takes it back: of a hundred guesses sent at once, five are tried.
        Raises TooManyRequests if this account or address failed too often of late.
        """
        now = self._clock()
        subjects = _subjects(login, address)
        for kind, subject in subjects.items():
            if sql.failures(tx, subject, now - WINDOW) >= MOST_FAILURES[kind]:
                wait = ("retry-after", str(int(WINDOW)))
                raise TooManyRequests(TOO_OFTEN, headers=(wait,))
        sql.add_failures(tx, list(subjects.values()), now, now - WINDOW)
        return self.by_login(tx, login)

    def end_log_in(self, tx: Transaction, login: str, address: str) -> None:
        """Take back what `begin_log_in` counted, since the password was right."""
        subjects = _subjects(login, address)
        sql.forget_failures(tx, subjects.pop("pair"))
        for subject in subjects.values():
            sql.forget_last_failure(tx, subject)

    def attempts(self, tx: Transaction, subject: str) -> int:
        """Count what was noted for a subject of late."""
        return sql.failures(tx, subject, self._clock() - WINDOW)

    def note_attempt(self, tx: Transaction, subject: str) -> None:
        """Remember that a subject did something that must not be done too often."""
        now = self._clock()
        sql.add_failures(tx, [subject], now, now - WINDOW)

    def credentials(
        self,
        tx: Transaction,
        webid: WebId,
        label: str,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> tuple[str, str]:
        """Make client credentials for the account of a WebID; return id and secret, which is never shown again.

        A seed may bring its own id and secret. Raises NotFound without an account, Conflict for a taken id.
        """
        account = sql.account_by_webid(tx, webid)
        if account is None:
            raise NotFound("There is no account with this WebID.")
        if not label.strip() or len(label) > MAX_LABEL:
            raise BadContent(BAD_LABEL)
        if len(sql.credentials_of(tx, account.id)) >= MAX_CREDENTIALS:
            raise Conflict(TOO_MANY_CREDENTIALS)
        # An id like that of a client with a document would pass for that client wherever clients are told apart.
        if client_id is not None and client_id.startswith(("http://", "https://")):
            raise BadContent(BAD_CLIENT_ID)
        chosen = client_id or f"{account.name}-{new_secret()[:16]}"
        secret = client_secret or new_secret()
        credential = Credential(chosen, account.id, label.strip(), seal(secret), self._clock(), None, webid)
        if not sql.add_credential(tx, credential):
            raise Conflict(f"The client id {chosen} is already in use.")
        return chosen, secret

    def list_credentials(self, tx: Transaction, account: Account) -> list[Credential]:
        """Return the credentials of an account, the oldest first."""
        return sql.credentials_of(tx, account.id)

    def revoke_credential(self, tx: Transaction, account: Account, client_id: str) -> None:
        """Remove credentials, so that they get no further token; raise NotFound if the account has none such."""
        if not sql.remove_credential(tx, account.id, client_id):
            raise NotFound(NO_CREDENTIALS)


def hashed(password: str | HashedPassword | None) -> HashedPassword | None:
    """Return the hash of a password that will do; raise BadContent if it will not."""
    if not isinstance(password, str):
        return password
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadContent(BAD_PASSWORD)
    return hash_password(password)


def _subjects(login: str, address: str) -> dict[str, str]:
    name = login.strip().lower()[:MAX_EMAIL]
    return {"pair": f"{name} {address}", "account": f"account {name}", "address": f"address {address}"}
