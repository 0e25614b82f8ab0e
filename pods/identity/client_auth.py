"""Client id and secret in the Authorization header (RFC 6749 section 2.3.1), as clients really send them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from pods.identity.clients import Client


def client_by_basic(query_client: Callable[[str], Client | None], request: Any) -> Client | None:
    """Return the client whose id and secret the header holds, None without such a header.

    The RFC wants both form-encoded; some clients encode spaces as %20, and many encode nothing.
    Raises InvalidClientError for a wrong pair, InvalidRequestError for a second way beside it.
    """
    scheme, _, credentials = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    if "client_secret" in request.form:
        # RFC 6749 section 5.2: more than one mechanism for authenticating the client is an invalid request.
        raise InvalidRequestError(
            "Send the client secret in the Authorization header or in the form, not in both."
        )
    try:
        client_id, colon, secret = (
            base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
        )
    except ValueError:
        client_id = colon = secret = ""
    if colon:
        for decode in (unquote_plus, unquote, str):
            client = query_client(decode(client_id))
            if client is not None and client.check_client_secret(decode(secret)):
                if request.form.get("client_id", client.client_id) != client.client_id:
                    raise InvalidRequestError("client_id: the Authorization header names another client")
                return client
    # One answer for an unknown id and a wrong secret: who guesses learns nothing.
    raise InvalidClientError(status_code=401, description="The client id or the secret is wrong.")
