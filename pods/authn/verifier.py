"""From the headers of a request to the agent who sent it: access tokens (Solid-OIDC) bound to keys by DPoP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from pods.authn.challenge import refusal
from pods.authn.credentials import Headers, credentials
from pods.authn.issuers import KEPT, Issuers, Unreadable
from pods.authn.nonces import Nonces
from pods.authn.replay import ReplayGuard, first_use
from pods.authn.signatures import Signatures
from pods.errors import Unauthenticated
from pods.identity.keys import BadToken, SigningKeys
from pods.kept import Kept
from pods.model import PUBLIC, Agent, Clock, WebId
from pods.protocol import jose
from pods.protocol.dpop import CLOCK_SKEW, BadProof, Proof, read_proof, require_signature

ACCESS_TOKEN_TYP = "at+jwt"  # RFC 9068 section 2.1
ID_TOKEN_TYP = "JWT"
OWN_KEPT = 60.0  # seconds that the signature of a token of ours is believed without another look
ROOM = (
    16 * 1024 * 1024
)  # bytes of one worker for verified tokens; a full memory costs one signature check more
READ = 3  # bytes of a token and what it says for each of its own, about
_FOREIGN_TYPES = frozenset({None, "jwt", ACCESS_TOKEN_TYP, f"application/{ACCESS_TOKEN_TYP}"})


class NeedsFetch(Unauthenticated):
    """The token is of another issuer that must be asked first; `agent_async` does. Unheeded, it refuses."""

    def __init__(self, *, issuer: str | None = None, webid: str | None = None) -> None:
        super().__init__("the token's issuer or the WebID's profile must be read first; try again")
        self.issuer = issuer
        """Whose keys are missing, or None."""
        self.webid = webid
        """Whose profile is missing, or None."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A token whose signature and claims were checked; only its proof and its end remain to check."""

    agent: Agent
    thumbprint: str
    issued_at: float
    expires: float
    checked_until: float
    """When the signature and the profile must be looked at again; never after the token's end."""


class _Shown(NamedTuple):
    """A token and a proof for it, which fits the request if its signature holds."""

    unverified_token: str
    proof: Proof
    signed: jose.Jws
    at: float


class Verifier:
    """Absent, bad and good tokens are three outcomes: PUBLIC, Unauthenticated, the agent."""

    def __init__(
        self,
        keys: SigningKeys,
        replay: ReplayGuard,
        issuers: Issuers,
        *,
        issuer: str,
        clock: Clock,
        nonces: Nonces | None = None,
        signatures: Signatures | None = None,
    ) -> None:
        """With `nonces` each proof must hold one; a proof that holds one is good in any case."""
        self._keys = keys
        self._replay = replay
        self._issuers = issuers
        self._issuer = issuer
        self._clock = clock
        self._nonces = nonces
        self.signatures = signatures or Signatures()
        self._own_webids = issuer.rstrip("/") + "/"
        self._known: Kept[str, _Known] = Kept(ROOM)

    def waits(self) -> bool:
        """Count a request; say whether `agent` would hold up the event loop, so that `agent_async` is to be called."""
        return self.signatures.in_crowd() or self._replay.waits

    def agent(self, method: str, url: str, headers: Headers) -> Agent:
        """Return who sent this request to `url`, the address as the client sees it.

        Raises Unauthenticated for a token that proves nothing, and NeedsFetch where another issuer must be
        asked. Remembers the proof, so a second call with the same headers fails.
        """
        shown = self._shown(method, url, headers)
        if shown is None:
            return PUBLIC
        agent = self._proved(shown, shown.signed.holds())
        if not self._replay.first_use(shown.proof, shown.at):
            raise _used_before()
        return agent

    async def agent_async(self, method: str, url: str, headers: Headers) -> Agent:
        """Do what `agent` does, asking another issuer and the WebID's profile if need be."""
        for _ in range(3):  # the issuer's keys, the profile, the answer
            shown = self._shown(method, url, headers)
            if shown is None:
                return PUBLIC
            try:
                agent = self._proved(shown, await self.signatures.hold(shown.signed))
            except NeedsFetch as need:
                if need.issuer is not None:
                    await self._issuers.fetch_keys(need.issuer)
                if need.webid is not None:
                    await self._issuers.fetch_trusted(need.webid)
            else:
                if not await first_use(self._replay, shown.proof, shown.at):
                    raise _used_before()
                return agent
        raise refusal("invalid_token", "the issuer's keys or the profile could not be kept; try again")

    def _shown(self, method: str, url: str, headers: Headers) -> _Shown | None:
        """Return what a request shows, None if that is nothing: all checks of the proof that are cheap."""
        authorization, unverified_proof = credentials(headers)
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "dpop" or not token:
            # A token bound to a key must not be used without it: a thief has the token, not the key.
            raise refusal("invalid_token", f"'{scheme}' is not accepted: send the access token with DPoP")
        if unverified_proof is None:
            raise refusal("invalid_dpop_proof", "the DPoP header with the proof is missing")
        now = self._clock()
        try:
            proof, signed = read_proof(unverified_proof, method, url, at=now, access_token=token)
        except (BadProof, UnicodeEncodeError) as error:
            raise refusal("invalid_dpop_proof", str(error)) from error
        return _Shown(token, proof, signed, now)

    def _proved(self, shown: _Shown, signature_holds: bool) -> Agent:
        """Return who sent a request, if its proof was never used before: that is still to be asked."""
        # The cheap and local first (a stranger's token makes us fetch nothing before its proof fits).
        self._require_proof(shown.proof, signature_holds)
        token, now = shown.unverified_token, shown.at
        known = self._known.get(token)
        if known is None or known.checked_until <= now:
            known = self._verified(token, shown.proof, now)
            self._known.forget_while(lambda other: other.expires <= now)
            self._known.put(token, known, READ * len(token))
        _require_binding(known.thumbprint, shown.proof)
        return known.agent

    def _require_proof(self, proof: Proof, signature_holds: bool) -> None:
        try:
            require_signature(signature_holds)
        except BadProof as error:
            raise refusal("invalid_dpop_proof", str(error)) from error
        if self._nonces is not None:
            _require_nonce(self._nonces, proof)

    async def proof(self, method: str, url: str, headers: Headers) -> Proof:
        """Return the proof of a request that has no access token, as at a token endpoint; remember it.

        Raises Unauthenticated if it is missing, wrong or used before.
        """
        _, unverified_proof = credentials(headers)
        if unverified_proof is None:
            raise refusal("invalid_dpop_proof", "the DPoP header with the proof is missing")
        now = self._clock()
        try:
            proof, signed = read_proof(unverified_proof, method, url, at=now)
        except BadProof as error:
            raise refusal("invalid_dpop_proof", str(error)) from error
        self._require_proof(proof, await self.signatures.hold(signed))
        if not await first_use(self._replay, proof, now):
            raise _used_before()
        return proof

    def _verified(self, token: str, proof: Proof, now: float) -> _Known:
        try:
            unverified = jose.parse(token)
        except jose.BadJose as error:
            raise refusal("invalid_token", str(error)) from error
        known = _read(unverified.claims, self._issuer)
        _require_binding(known.thumbprint, proof)
        if known.expires <= now:
            raise refusal("invalid_token", "the access token has expired; get a new one")
        if known.issued_at > now + CLOCK_SKEW:
            raise refusal("invalid_token", "the access token says that it was issued in the future")
        if known.agent.issuer == self._issuer:
            # Inrupt's library sends the ID token where a server app took up kept tokens: Solid-OIDC binds it to
            # the client's key and gives it the audience of resource servers too. Of no other kind is it taken.
            typ = ID_TOKEN_TYP if unverified.header.typ == ID_TOKEN_TYP.lower() else ACCESS_TOKEN_TYP
            try:
                self._keys.verify(token, typ)
            except BadToken as bad:
                raise refusal("invalid_token", str(bad)) from bad
            # A key that leaked is dropped at once; what it signed must not live on in this memory.
            return replace(known, checked_until=min(known.expires, now + OWN_KEPT))
        self._verify_foreign(unverified, known.agent)
        # The profile may drop its issuer at any time; our own tokens are short, other issuers' may be long.
        return replace(known, checked_until=min(known.expires, now + KEPT))

    def _verify_foreign(self, unverified: jose.Jws, unverified_agent: Agent) -> None:
        issuer, webid = str(unverified_agent.issuer), str(unverified_agent.webid)
        # People who live here name this issuer only; no other may speak for them, and we never ask ourselves.
        if webid.startswith(self._own_webids):
            raise refusal("invalid_token", "a WebID of this host is vouched for by this host only")
        if unverified.header.typ not in _FOREIGN_TYPES:
            raise refusal("invalid_token", f"typ {unverified.header.typ!r} is not that of an access token")
        try:
            keys, trusted = self._issuers.keys(issuer), self._issuers.trusted_by(webid)
        except Unreadable as error:
            raise refusal("invalid_token", str(error)) from error
        if keys is None:
            raise NeedsFetch(issuer=issuer)
        key = keys.get(unverified.header.kid or "")
        if key is None and self._issuers.forget_keys(issuer):
            raise NeedsFetch(issuer=issuer)  # signed with a key that we have not seen: it may be a new one
        if key is None or not key.verifies(
            unverified.header.alg, unverified.signing_input, unverified.signature
        ):
            raise refusal("invalid_token", "the access token is not signed by its issuer")
        # Solid-OIDC section 5: the profile decides which issuers may speak for its owner.
        if trusted is None:
            raise NeedsFetch(webid=webid)
        if issuer not in trusted:
            raise refusal("invalid_token", "the WebID's profile does not name the token's issuer")


def _read(claims: Mapping[str, Any], own_issuer: str) -> _Known:
    """Return what an access token says; the signature is the caller's to check."""
    issuer, client = claims.get("iss"), claims.get("client_id", claims.get("azp"))
    webid, confirmation = claims.get("webid"), claims.get("cnf")
    thumbprint = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    for name, value in (("iss", issuer), ("webid", webid), ("cnf.jkt", thumbprint)):
        if not isinstance(value, str) or not value:
            raise refusal("invalid_token", f"the access token has no {name}")
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise refusal("invalid_token", "the access token must say iat and exp")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    # Solid-OIDC section 6: tokens for Solid resource servers have the audience "solid".
    if "solid" not in audiences and own_issuer not in audiences:
        raise refusal("invalid_token", "the access token's aud must contain 'solid'")
    # The rights inside a requesting party token count only where this host itself put them there.
    own_grant = issuer == own_issuer and "permissions" in claims
    agent = Agent(
        WebId(str(webid)),
        client if isinstance(client, str) else None,
        issuer,
        *((MappingProxyType(dict(claims)),) if own_grant else ()),
    )
    return _Known(agent, str(thumbprint), issued, expires, expires)


def _require_binding(thumbprint: str, proof: Proof) -> None:
    if thumbprint != proof.thumbprint:
        raise refusal("invalid_token", "the access token is bound to another key than the proof's (cnf.jkt)")


def _require_nonce(nonces: Nonces, proof: Proof) -> None:
    if not nonces.fresh(proof.nonce):
        refused = refusal(
            "use_dpop_nonce", "put the nonce of the DPoP-Nonce header into the proof, and try again"
        )
        raise Unauthenticated(str(refused), headers=(*refused.headers, ("dpop-nonce", nonces.current())))


def _used_before() -> Unauthenticated:
    return refusal("invalid_dpop_proof", "this DPoP proof was used before; make one for each request")
