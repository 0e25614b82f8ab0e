"""Passkeys (Web Authentication): what the authenticator is asked, and whether its answer holds; the door to `webauthn`."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from pods.errors import BadRequest, Conflict
from pods.identity import passkeys_sql as sql
from pods.identity.accounts_sql import Account
from pods.identity.passkeys_sql import Passkey
from pods.identity.passwords import digest
from pods.model import Clock
from pods.storage.base import Transaction
from vocab.pages import msg

CHALLENGE_SECONDS = 300.0  # to find the telephone and unlock it
MAX_LABEL = 60
MAX_PASSKEYS = 20  # of one account
LOG_IN = "log-in"

BAD_ANSWER = msg("The passkey was not accepted. Try again, or log in with your password.")
KNOWN = msg("This passkey is there already.")
TOO_MANY = msg("An account has at most 20 passkeys; remove one first.")
BAD_NAME = msg("Give the passkey a name of 1 to 60 characters.")


class Passkeys:
    """Passkeys on the host's store; every method works in the caller's transaction."""

    def __init__(self, origin: str, *, clock: Clock) -> None:
        self._origin = origin
        self._host = urlsplit(origin).hostname or ""
        self._clock = clock

    def to_register(self, tx: Transaction, account: Account) -> dict[str, Any]:
        """Return what the browser is asked for a new passkey: one that is found without a name, and unlocked."""
        known = [PublicKeyCredentialDescriptor(base64url_to_bytes(one.id)) for one in self.of(tx, account)]
        options = webauthn.generate_registration_options(
            rp_id=self._host,
            rp_name="Portico",
            user_name=account.name,
            user_id=hashlib.sha256(f"{self._origin} account {account.id}".encode()).digest(),
            challenge=self._challenge(tx, _registering(account)),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=known,
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def register(self, tx: Transaction, account: Account, answer: str, label: str) -> None:
        """Add the passkey that an authenticator made; raise BadRequest or Conflict."""
        named = _label(label)
        try:
            credential = parse_registration_credential_json(answer)
            challenge = self._spent(tx, credential.response.client_data_json, _registering(account))
            verified = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError) as error:
            raise BadRequest(BAD_ANSWER) from error
        if len(self.of(tx, account)) >= MAX_PASSKEYS:
            raise Conflict(TOO_MANY)
        new = Passkey(
            bytes_to_base64url(verified.credential_id),
            account.id,
            verified.credential_public_key,
            verified.sign_count,
            named,
            self._clock(),
            None,
        )
        if not sql.add_passkey(tx, new):
            raise Conflict(KNOWN)

    def to_log_in(self, tx: Transaction) -> dict[str, Any]:
        """Return what the browser is asked: any passkey of this host, so that nobody learns which names exist."""
        options = webauthn.generate_authentication_options(
            rp_id=self._host,
            challenge=self._challenge(tx, LOG_IN),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def account_of(self, tx: Transaction, answer: str) -> int:
        """Return the account whose passkey signed the challenge; raise BadRequest for anything else."""
        try:
            credential = parse_authentication_credential_json(answer)
            challenge = self._spent(tx, credential.response.client_data_json, LOG_IN)
            known = sql.passkey(tx, bytes_to_base64url(credential.raw_id))
            if known is None:
                raise BadRequest(BAD_ANSWER)
            verified = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.uses,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError) as error:
            raise BadRequest(BAD_ANSWER) from error
        sql.mark_used(tx, known.id, verified.new_sign_count, self._clock())
        return known.account

    def of(self, tx: Transaction, account: Account) -> list[Passkey]:
        """Return the passkeys of an account, the oldest first."""
        return sql.passkeys_of(tx, account.id)

    def rename(self, tx: Transaction, account: Account, credential_id: str, label: str) -> bool:
        """Call a passkey otherwise; False if the account has none such; raise BadRequest for a bad name."""
        return sql.rename(tx, account.id, credential_id, _label(label))

    def _challenge(self, tx: Transaction, purpose: str) -> bytes:
        challenge, now = secrets.token_bytes(32), self._clock()
        sql.add_challenge(tx, digest(bytes_to_base64url(challenge)), purpose, now + CHALLENGE_SECONDS, now)
        return challenge

    def _spent(self, tx: Transaction, client_data: bytes, purpose: str) -> bytes:
        challenge = parse_client_data_json(client_data).challenge
        # WebAuthn section 13.4.3: a challenge is good once, or an answer that was overheard could be sent again.
        if not sql.spend_challenge(tx, digest(bytes_to_base64url(challenge)), purpose, self._clock()):
            raise BadRequest(BAD_ANSWER)
        return challenge


def _registering(account: Account) -> str:
    return f"register {account.id}"


def _label(label: str) -> str:
    if not 0 < len(label.strip()) <= MAX_LABEL:
        raise BadRequest(BAD_NAME)
    return label.strip()
