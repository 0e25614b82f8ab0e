"""One client of the soak: it does what apps do, in its own container, and knows what every answer must be."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time

import httpx

from pods.client import SolidClient
from tests.soak.tally import Action, Tally, Wrong, work_until

KEPT = 200  # resources of one client; more, and the oldest goes
BINARY = 256 * 1024  # bytes of the largest document
LARGE = 3 * 2**20  # bytes, beside the database
UPLOAD_AGAIN = 3.0  # seconds; deleted content is kept for an hour
TURTLE, N3, JSON_LD = "text/turtle", "text/n3", "application/ld+json"
_ACL = (
    "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
    "<#owner> a acl:Authorization; acl:agent <{owner}>; acl:accessTo <./>; acl:default <./>;\n"
    "  acl:mode acl:Read, acl:Write, acl:Control.\n"
)
_GUEST = "<#guest> a acl:Authorization; acl:agent <{guest}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read.\n"


class Worker:
    """Writes, reads, patches, lists, shares and deletes until told to stop."""

    def __init__(
        self, owner: SolidClient, guest: SolidClient, *, container: str, webids: tuple[str, str], seed: int
    ) -> None:
        self._owner = owner
        self._guest = guest
        self._container = container
        self._webids = webids
        self._random = random.Random(seed)  # a mixture, not a secret
        self._known: dict[str, tuple[int, str]] = {}
        self._shared = False
        self._made = 0
        self._mixture: tuple[tuple[int, Action], ...] = (
            (30, self.read),
            (8, self.read_as_json_ld),
            (5, self.list_members),
            (14, self.create),
            (12, self.replace),
            (12, self.patch),
            (3, self.replace_what_changed),
            (4, self.delete),
            (3, self.share_or_not),
            (5, self.let_the_guest_look),
            (2, self.look_as_a_stranger),
            (2, self.store_a_picture),
        )

    async def prepare(self) -> None:
        """Make the container, open to its owner alone."""
        await self._share(shared=False)

    async def run(self, until: float, tally: Tally) -> None:
        """Work until the monotonic time `until`."""
        await work_until(until, tally, self._mixture, self._random)

    async def read(self) -> str:
        """GET a document: it says what was last acknowledged."""
        url, (value, tag) = self._any()
        answer = await self._send("GET", url, (200,), accept=TURTLE)
        if f'"value {value}"' not in answer.text or answer.headers["etag"] != tag:
            raise Wrong(f"{url} does not say {value}: {answer.text[:200]}")
        return "GET Turtle"

    async def read_as_json_ld(self) -> str:
        """GET it in another syntax."""
        url, (value, _) = self._any()
        answer = await self._send("GET", url, (200,), accept=JSON_LD)
        if f"value {value}" not in answer.text:
            raise Wrong(f"{url} does not say {value}: {answer.text[:200]}")
        return "GET JSON-LD"

    async def list_members(self) -> str:
        """GET the container: every document is there."""
        answer = await self._send("GET", self._container, (200,), accept=TURTLE)
        missing = [url for url in self._known if url.removeprefix(self._container) not in answer.text]
        if missing:
            raise Wrong(f"{self._container} lacks {missing[:3]}")
        return "GET container"

    async def create(self) -> str:
        """PUT a new document; the oldest goes when there are many."""
        self._made += 1
        url = f"{self._container}doc-{self._made}.ttl"
        answer = await self._put(url, self._made, (201,), if_none_match="*")
        self._known[url] = (self._made, answer.headers["etag"])
        if len(self._known) > KEPT:
            await self._remove(next(iter(self._known)))
        return "PUT new"

    async def replace(self) -> str:
        """PUT over a document that is as we know it."""
        url, (value, tag) = self._any()
        answer = await self._put(url, value + 1, (204,), if_match=tag)
        self._known[url] = (value + 1, answer.headers["etag"])
        return "PUT"

    async def replace_what_changed(self) -> str:
        """PUT over a document that is not as we think: refused."""
        url, (value, _) = self._any()
        await self._put(url, value + 1, (412,), if_match='"older"')
        return "PUT, refused"

    async def patch(self) -> str:
        """PATCH the value."""
        url, (value, _) = self._any()
        body = (
            "@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix e: <http://example.org/>.\n"
            f'_:p a solid:InsertDeletePatch; solid:deletes {{ <#it> e:says "value {value}". }};\n'
            f'  solid:inserts {{ <#it> e:says "value {value + 1}". }}.\n'
        )
        answer = await self._send("PATCH", url, (204,), content=body, content_type=N3)
        self._known[url] = (value + 1, answer.headers["etag"])
        return "PATCH"

    async def delete(self) -> str:
        """DELETE a document, but for the last one; it is gone."""
        if len(self._known) == 1:
            return await self.create()
        url, _ = self._any()
        await self._remove(url)
        await self._send("GET", url, (404,), accept=TURTLE)
        return "DELETE"

    async def share_or_not(self) -> str:
        """PUT the container's ACL with the guest in it, or without."""
        await self._share(shared=not self._shared)
        return "PUT ACL"

    async def let_the_guest_look(self) -> str:
        """GET as the guest: as the ACL has it now."""
        url, _ = self._any()
        expected = 200 if self._shared else 403
        answer = await self._guest.request("GET", url, headers={"accept": TURTLE})
        if answer.status_code != expected:
            raise Wrong(f"the guest got {answer.status_code} instead of {expected} for {url}")
        return "GET as a guest"

    async def look_as_a_stranger(self) -> str:
        """GET without a token, or with a broken one: 401."""
        url, _ = self._any()
        async with httpx.AsyncClient() as http:
            headers = {"authorization": "DPoP broken"} if self._random.random() < 0.5 else {}
            answer = await http.get(url, headers=headers)
        if answer.status_code != 401:
            raise Wrong(f"a stranger got {answer.status_code} for {url}")
        return "GET as a stranger"

    async def store_a_picture(self) -> str:
        """PUT a binary document and GET a part of it."""
        url = f"{self._container}picture.bin"
        content = self._random.randbytes(self._random.randrange(1, BINARY))
        await self._send("PUT", url, (201, 204), content=content, content_type="image/jpeg")
        answer = await self._owner.request("GET", url, headers={"range": "bytes=0-99"})
        if answer.status_code != 206 or answer.content != content[:100]:
            raise Wrong(f"{answer.status_code} for the first bytes of {url}")
        return "PUT and GET binary"

    async def _share(self, *, shared: bool) -> None:
        owner, guest = self._webids
        rules = _ACL.format(owner=owner) + (_GUEST.format(guest=guest) if shared else "")
        url = f"{self._container}.acl"
        await self._send("PUT", url, (201, 204), content=rules, content_type=TURTLE)
        self._shared = shared

    async def _remove(self, url: str) -> None:
        await self._send("DELETE", url, (204,))
        del self._known[url]

    async def _put(
        self, url: str, value: int, expected: tuple[int, ...], **conditions: str
    ) -> httpx.Response:
        lines = "".join(f'<#line-{n}> e:name "Article {n}"; e:price {n}.25 .\n' for n in range(15))
        body = f'@prefix e: <http://example.org/>.\n<#it> e:says "value {value}".\n{lines}'
        return await self._send("PUT", url, expected, content=body, content_type=TURTLE, **conditions)

    async def _send(
        self,
        method: str,
        url: str,
        expected: tuple[int, ...],
        *,
        content: str | bytes | None = None,
        **fields: str,
    ) -> httpx.Response:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        answer = await self._owner.request(method, url, headers=headers, content=content)
        if answer.status_code not in expected:
            raise Wrong(f"{method} {url}: {answer.status_code} {answer.text[:200]}")
        return answer

    def _any(self) -> tuple[str, tuple[int, str]]:
        return self._random.choice(list(self._known.items()))


class Uploader:
    """Stores, fetches and deletes what is too large for a row of the database, now and then."""

    def __init__(self, owner: SolidClient, *, container: str) -> None:
        self._owner = owner
        self._container = container
        self._number = 0

    async def run(self, until: float, tally: Tally) -> None:
        """Work until the monotonic time `until`."""
        while time.monotonic() < until:
            await work_until(time.monotonic() + 0.001, tally, ((1, self.store_and_fetch),), random.Random(0))
            await asyncio.sleep(min(UPLOAD_AGAIN, max(0.0, until - time.monotonic())))

    async def store_and_fetch(self) -> str:
        """PUT it, GET all of it, DELETE it."""
        self._number += 1
        url = f"{self._container}large-{self._number}.bin"
        content = random.randbytes(LARGE)  # content, not a secret
        expected = hashlib.sha256(content).digest()
        answers = [
            await self._owner.request("PUT", url, headers={"content-type": "video/mp4"}, content=content),
            await self._owner.request("GET", url),
            await self._owner.request("DELETE", url),
        ]
        statuses = [answer.status_code for answer in answers]
        if statuses != [201, 200, 204]:
            raise Wrong(f"{statuses} for a large document: {answers[-1].text[:200]}")
        if hashlib.sha256(answers[1].content).digest() != expected:
            raise Wrong(f"{url} came back changed")
        return "PUT, GET, DELETE large"
