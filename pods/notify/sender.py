"""Who sends webhooks: the host's own WebID, and requests that prove it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import httpx

from pods.errors import Unprocessable
from pods.guard import GuardedTransport, Refused, guarded_client
from pods.identity.keys import SigningKeys
from pods.identity.tokens import ACCESS_TOKEN_TYP, access_token_claims
from pods.model import Clock, WebId
from pods.notify import signatures
from pods.notify.model import NOTIFY, PLACE, Channel, Message
from pods.protocol.dpop import DpopKey

MAX_ANSWER = 16 * 1024  # bytes; only the status of an answer means anything
MAX_SECONDS = 10.0  # for one notification; a receiver that works longer takes it first and works then
LONGEST_RETRY_AFTER = 3_600.0  # seconds that a receiver may ask for at a time
_GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sending one notification went."""

    taken: bool
    why: str = ""
    gone: bool = False
    """The receiver wants no notification any more."""
    retry_after: float = 0.0


class Sender:
    """Sends notifications to addresses that subscribers chose."""

    def __init__(self, keys: SigningKeys, trusted_hosts: Collection[str], *, base: str, clock: Clock) -> None:
        self._keys = keys
        self._trusted = frozenset(trusted_hosts)
        self._base = base
        self._clock = clock
        self._transport = GuardedTransport(trusted_hosts, max_answer=MAX_ANSWER, max_seconds=MAX_SECONDS)
        self._http = guarded_client(transport=self._transport)
        self._key = DpopKey.generate()

    @property
    def webid(self) -> WebId:
        """The WebID that webhooks are sent by."""
        return WebId(f"{self._base}{PLACE}sender#it")

    def document(self) -> str:
        """Return the WebID's document in Turtle: whose tokens speak for it, and where the keys are."""
        return (
            "@prefix as: <https://www.w3.org/ns/activitystreams#>.\n"
            "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#>.\n"
            "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n\n"
            f"<{self.webid}> a as:Service;\n"
            f"    solid:oidcIssuer <{self._base}/>;\n"
            f"    rdfs:seeAlso <{self._base}/.oidc/jwks>.\n"
        )

    async def reachable(self, send_to: str) -> str:
        """Return host and port of a sendTo address; raise Unprocessable if nothing may be sent there."""
        try:
            url = httpx.URL(send_to)
            await self._transport.require_reachable(url)
        except (httpx.InvalidURL, Refused, UnicodeError) as error:
            # WebhookChannel2023, 2: "The value of the sendTo property MUST be a URI, using the https scheme."
            raise Unprocessable(f"sendTo cannot be used: {error}") from error
        if url.fragment:
            raise Unprocessable("sendTo must have no fragment.")
        return url.netloc.decode("ascii")

    async def send(self, channel: Channel, message: Message) -> Outcome:
        """POST a notification; whatever goes wrong is an outcome."""
        # Whom to ask about it, and what to end.
        link = f'<{self._base}{channel.path}>; rel="{NOTIFY}channel"'
        return await self.post(channel.send_to or "", message.content, message.media_type, link)

    async def post(self, url: str, content: bytes, media_type: str, link: str) -> Outcome:
        """POST what the host says to an address that a stranger chose, with a link to what it is about."""
        try:
            async with self._http.stream(
                "POST", url, content=content, headers=self._proved(url, content, media_type, link)
            ) as response:
                return _outcome(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Outcome(taken=False, why=str(error) or type(error).__name__)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _proved(self, url: str, content: bytes, media_type: str, link: str) -> dict[str, str]:
        """Return the fields of a request that proves who sends it, in the two ways that receivers check.

        WebhookChannel2023, 3: "Notification Sender MUST perform authenticated request ... using identity provided
        as sender". Which way is left open: a Solid-OIDC access token with a DPoP proof, as receivers of
        Community Solid Server know it, and an HTTP message signature, which covers the body as well.
        """
        at = self._clock()
        # As it is sent: httpx has its own spelling of an address.
        sent_to = str(httpx.URL(url))
        claims = access_token_claims(
            f"{self._base}/", self.webid, self.webid, self._key.thumbprint(), "webid", at
        )
        token = self._keys.sign(claims, ACCESS_TOKEN_TYP)
        covered = {
            "content-type": media_type,
            "content-digest": signatures.content_digest(content),
            "link": link,
        }
        stated = signatures.parameters(f"{self._base}/.oidc/jwks#{self._keys.kid}", at)
        signature = self._keys.signature(signatures.base("POST", sent_to, covered, stated))
        return {
            **covered,
            **signatures.fields(stated, signature),
            "authorization": f"DPoP {token}",
            "dpop": self._key.proof("POST", sent_to, at=at, access_token=token),
            "user-agent": "Portico",
        }


def _outcome(response: httpx.Response) -> Outcome:
    if response.is_success:
        return Outcome(taken=True)
    stated = response.headers.get("retry-after", "")
    pause = min(float(stated), LONGEST_RETRY_AFTER) if stated.isdigit() else 0.0
    return Outcome(
        taken=False,
        why=f"the receiver answered {response.status_code}",
        gone=response.status_code == _GONE,
        retry_after=pause,
    )
