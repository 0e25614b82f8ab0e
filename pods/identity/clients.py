"""OAuth clients as the provider sees them: scripts, registered clients, and clients with a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pods.identity import key_file, keys
from pods.identity.passwords import unsealed_by

SCOPES = ("openid", "webid", "profile", "offline_access")
GRANT_TYPES = ("authorization_code", "refresh_token")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_ON_LOOPBACK = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\])(?::(?P<port>[0-9]{1,5}))?(?P<rest>(?:[/?].*)?)", re.DOTALL
)
MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Client:
    """A client; the methods are those by which Authlib asks a client what it may do."""

    client_id: str
    auth_method: str
    """`none`, `client_secret_basic` or `client_secret_post`; for a script either of the two with a secret."""
    grant_types: tuple[str, ...] = GRANT_TYPES
    redirect_uris: tuple[str, ...] = ()
    name: str = ""
    uri: str | None = None
    """The client's home page, if it names one."""
    sealed_secret: str | None = None
    account: int | None = None
    """The account that a script acts for."""
    webid: str | None = None
    """As which of the account's WebIDs it acts."""
    post_logout_uris: tuple[str, ...] = ()
    id_token_alg: str = keys.ALG
    """How its ID tokens are signed. Who is known by a document and states nothing expects the first of discovery."""

    @property
    def has_document(self) -> bool:
        """Say whether an https document identifies the client; the name of any other is only its own word."""
        return self.client_id.startswith(("https://", "http://"))

    def keeps_approval(self, redirect_uri: str) -> bool:
        """Say whether a person who let this client in need not be asked again when it comes back.

        Without a document the client is only what it says, but a registration is used by whoever stands at the
        address that the person saw; at an https address that is its owner. Whoever listens on loopback, or has
        taken an application's own scheme, may be somebody else the next time (RFC 8252 section 8.6).
        """
        return self.has_document or redirect_uri.startswith("https://")

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        # OAuth 2.1 section 4.1.1 lets a client omit it if there is only one; we want it said every time.
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the scopes asked for that exist. Solid clients forget `webid`, and mean it."""
        wanted = [name for name in (scope or "openid").split() if name in SCOPES]
        return " ".join(dict.fromkeys([*wanted, "webid"]))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return any(_same_redirect(known, redirect_uri) for known in self.redirect_uris)

    def check_client_secret(self, client_secret: str) -> bool:
        return self.sealed_secret is not None and unsealed_by(self.sealed_secret, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        if self.auth_method == "none":
            return method == "none"
        # A client with a secret may send it either way; both are the same proof.
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


def from_metadata(client_id: str, metadata: dict[str, Any], *, sealed_secret: str | None = None) -> Client:
    """Return the client that its metadata (RFC 7591 section 2) describe; raise ValueError for unusable ones."""
    redirect_uris = _texts(metadata, "redirect_uris")
    if not redirect_uris:
        raise ValueError("redirect_uris: at least one is needed")
    for uri in redirect_uris:
        require_redirect_uri(uri)
    grant_types = _texts(metadata, "grant_types") or ("authorization_code",)
    return Client(
        client_id,
        "none" if sealed_secret is None else str(metadata.get("token_endpoint_auth_method")),
        grant_types=tuple(name for name in grant_types if name in GRANT_TYPES),
        redirect_uris=redirect_uris,
        name=_text(metadata, "client_name")[:100],
        uri=_page(_text(metadata, "client_uri")),
        sealed_secret=sealed_secret,
        post_logout_uris=_texts(metadata, "post_logout_redirect_uris"),
        id_token_alg=_algorithm(metadata),
    )


def require_redirect_uri(uri: str) -> None:
    """Raise ValueError unless codes may be sent to this address."""
    parts = urlsplit(uri)
    if parts.fragment or "#" in uri:
        raise ValueError(f"redirect_uris: {uri!r} has a fragment (RFC 6749 section 3.1.2)")
    if not uri.isascii() or not uri.isprintable() or any(character in uri for character in ' "<>\\'):
        raise ValueError(f"redirect_uris: {uri!r} is not an URI")
    if "@" in parts.netloc:
        # Who is asked sees the address: https://bank.example@evil.example/ looks like the bank's.
        raise ValueError(f"redirect_uris: {uri!r} names a user before its host")
    # RFC 8252 section 7: https, loopback, or a scheme that is a reversed domain name (a phone's application).
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return
    if (parts.scheme == "https" and parts.hostname) or "." in parts.scheme:
        return
    raise ValueError(f"redirect_uris: {uri!r} must be https, loopback or an application's own scheme")


def _same_redirect(known: str, asked: str) -> bool:
    if known == asked:
        return True
    # RFC 8252 section 7.3: an application on the desktop listens on whatever port of loopback is free. All else is
    # compared letter by letter: readers of addresses drop line breaks and an empty fragment.
    registered, wanted = _ON_LOOPBACK.fullmatch(known), _ON_LOOPBACK.fullmatch(asked)
    if registered is None or wanted is None or not 0 < int(wanted["port"] or 80) <= MAX_PORT:
        return False
    return (registered["host"], registered["rest"]) == (wanted["host"], wanted["rest"])


def _algorithm(metadata: dict[str, Any]) -> str:
    stated = metadata.get("id_token_signed_response_alg", keys.ALG)
    if stated not in key_file.ALGORITHMS:
        raise ValueError(f"id_token_signed_response_alg: one of {', '.join(key_file.ALGORITHMS)}")
    return str(stated)


def _texts(metadata: dict[str, Any], name: str) -> tuple[str, ...]:
    value = metadata.get(name, [])
    values: Sequence[Any] = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(item, str) for item in values):
        raise ValueError(f"{name}: a list of texts is needed")
    return tuple(values)


def _text(metadata: dict[str, Any], name: str) -> str:
    value = metadata.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name}: a text is needed")
    return value.strip()


def _page(uri: str) -> str | None:
    return uri if urlsplit(uri).scheme in ("https", "http") else None
