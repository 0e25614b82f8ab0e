"""Credentials of programs that call an app's API: an organisation's client id and secret, or a device's token."""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as BadBase64

from starlette.exceptions import HTTPException
from starlette.requests import Request

from apps.organisations import Organisation, Organisations

CHALLENGE = {"WWW-Authenticate": 'Basic realm="portico", charset="UTF-8", Bearer realm="portico"'}


def calling_organisation(request: Request, organisations: Organisations) -> Organisation:
    """Return whose client id and secret a request carries (HTTP Basic); raise 401 for none or wrong ones."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise unauthenticated()
    try:
        client_id, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (BadBase64, UnicodeDecodeError) as error:
        raise unauthenticated() from error
    found = organisations.of_client(client_id)
    expected = found.client_secret if found else None
    if found is None or not expected or not hmac.compare_digest(expected.encode(), secret.encode()):
        raise unauthenticated()
    return found


def bearer_token(request: Request) -> str | None:
    """Return the token of a device, or None if the request uses another scheme."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def unauthenticated() -> HTTPException:
    return HTTPException(401, headers=CHALLENGE)
