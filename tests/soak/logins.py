"""Logins under load: a person's password and yes, a code, tokens, refreshed with rotation; and a script's log-in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
import re
import secrets
import time
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from pods.client import SolidClient, send_with_proof
from pods.protocol.dpop import DpopKey
from tests.soak.tally import Tally, Wrong, work_until
from tests.soak.town import SECRET, Town

CALLBACK = "http://127.0.0.1:3000/callback"
REFRESHES = 3
RESTS = 2.0  # seconds between two log-ins: a password costs the server a twentieth of one


class Person:
    """Somebody who logs in to an app in a browser, again and again."""

    def __init__(self, town: Town, name: str) -> None:
        self._town = town
        self._name = name
        self._client_id = ""

    async def run(self, until: float, tally: Tally) -> None:
        """Log in until the monotonic time `until`."""
        mixture = ((1, self.log_in), (1, self.log_a_script_in))
        while time.monotonic() < until:
            await work_until(time.monotonic() + 0.001, tally, mixture, random.Random())  # not a secret
            await asyncio.sleep(min(RESTS, max(0.0, until - time.monotonic())))

    async def log_a_script_in(self) -> str:
        """Client credentials with a new key, and what they open."""
        async with httpx.AsyncClient(timeout=30) as http:
            await self._opens_the_pod(self._town.client(http, self._name))
        return "log-in of a script"

    async def log_in(self) -> str:
        """Authorization code with PKCE, then refresh: each token opens the pod, a refresh token is good once."""
        async with httpx.AsyncClient(
            timeout=30, base_url=self._town.origin, headers={"accept": "text/html"}
        ) as browser:
            verifier, key = secrets.token_urlsafe(40), DpopKey.generate()
            form = {
                "grant_type": "authorization_code",
                "code": await self._code(browser, verifier),
                "redirect_uri": CALLBACK,
                "client_id": self._client_id,
                "code_verifier": verifier,
            }
            token = await self._token(browser, key, form)
            for _ in range(REFRESHES):
                form = {
                    "grant_type": "refresh_token",
                    "refresh_token": token["refresh_token"],
                    "client_id": self._client_id,
                }
                token = await self._token(browser, key, form)
                await self._opens_the_pod(
                    SolidClient(browser, Held(key, token["access_token"]), clock=time.time)
                )
        return f"log-in of a person, {REFRESHES} refreshes"

    async def _code(self, browser: httpx.AsyncClient, verifier: str) -> str:
        if not self._client_id:
            metadata = {
                "redirect_uris": [CALLBACK],
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"],
            }
            registered = await browser.post("/.oidc/register", json=metadata)
            self._client_id = str(registered.json()["client_id"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid webid offline_access",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        page = await self._followed(browser, await browser.get(f"/.account/authorize?{urlencode(asked)}"))
        page = await self._submitted(browser, page, login=self._name, password=SECRET)
        if not page.has_redirect_location:
            page = await self._submitted(browser, page, decision="allow")
        found = parse_qs(urlsplit(page.headers.get("location", "")).query).get("code")
        if found is None:
            raise Wrong(f"{page.status_code} instead of a code")
        return str(found[0])

    async def _submitted(
        self, browser: httpx.AsyncClient, page: httpx.Response, **fields: str
    ) -> httpx.Response:
        """Send the last form of a page that works without a script, with its hidden fields."""
        text = re.sub(r"<form[^>]* data-passkey=.*?</form>", "", page.text, flags=re.DOTALL)
        form = text[text.rindex('<form method="post"') :]
        action = re.search(r'action="([^"]+)"', form)
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        if action is None:
            raise Wrong(f"{page.status_code}: a page without a form")
        data = {**{name: unescape(value) for name, value in hidden}, **fields}
        answer = await browser.post(action[1], data=data, headers={"origin": self._town.origin})
        return await self._followed(browser, answer)

    async def _followed(self, browser: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
        while answer.headers.get("location", "").startswith("/"):
            answer = await browser.get(answer.headers["location"])
        return answer

    async def _token(self, browser: httpx.AsyncClient, key: DpopKey, form: dict[str, str]) -> dict[str, str]:
        url = f"{self._town.origin}/.oidc/token"
        answer = await send_with_proof(browser, key, "POST", url, clock=time.time, data=form)
        if answer.status_code != 200:
            raise Wrong(f"{answer.status_code} for {form['grant_type']}: {answer.text[:200]}")
        token: dict[str, str] = answer.json()
        return token

    async def _opens_the_pod(self, solid: SolidClient) -> None:
        answer = await solid.request("GET", f"{self._town.origin}/{self._name}/settings/")
        if answer.status_code != 200:
            raise Wrong(f"{answer.status_code} for the pod of who has just logged in: {answer.text[:200]}")


class Held:
    """A token that was given out, and its key."""

    def __init__(self, key: DpopKey, token: str) -> None:
        self.key = key
        self._token = token

    async def access_token(self) -> str:
        """Return it."""
        return self._token
