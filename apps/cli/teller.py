"""Tells the tour: steps, what was sent and received, and whether each step holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

import click
import httpx

BODY = 160  # characters of a body that are shown
SECRET_PATHS = ("/.oidc/", "/.account/", "/.consent/uma/")
"""Bodies below these hold tokens or passwords: never shown."""


@dataclass(slots=True)
class Step:
    """A step of the tour with what was expected of it."""

    title: str
    holds: bool = True
    expected: list[str] = field(default_factory=list)


class Teller:
    """Prints as it goes, or keeps everything for JSON."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._wire = False
        self.steps: list[Step] = []

    def step(self, title: str) -> None:
        """Begin a step."""
        self.steps.append(Step(title))
        self._say(f"\n{len(self.steps)}. {title}", bold=True)

    def say(self, text: str) -> None:
        """Tell a fact."""
        self._say(f"   {text}")

    def expect(self, holds: bool, what: str) -> None:
        """Note whether something that must hold holds."""
        step = self.steps[-1]
        step.expected.append(("holds: " if holds else "DOES NOT HOLD: ") + what)
        step.holds = step.holds and holds
        self._say(f"   {'✓' if holds else '✗'} {what}", colour="green" if holds else "red")

    @contextmanager
    def wire(self) -> Iterator[None]:
        """Show requests and answers while this block runs."""
        self._wire = True
        try:
            yield
        finally:
            self._wire = False

    async def sent(self, request: httpx.Request) -> None:
        """Hook of the HTTP client: show a request without its tokens."""
        if self._wire:
            proof = " with a token and a DPoP proof" if "authorization" in request.headers else ""
            self._say(f"   → {request.method} {request.url}{proof}", colour="cyan")
            self._body(str(request.url), request.content)

    async def received(self, answer: httpx.Response) -> None:
        """Hook of the HTTP client: show an answer."""
        if self._wire:
            self._say(f"   ← {answer.status_code} {answer.headers.get('content-type', '')}", colour="cyan")
            self._body(str(answer.request.url), await answer.aread())

    def all_hold(self) -> bool:
        """Say whether every step holds."""
        return all(step.holds for step in self.steps)

    def as_json(self) -> str:
        """Return all steps as JSON."""
        return json.dumps([asdict(step) for step in self.steps], ensure_ascii=False)

    def _body(self, url: str, content: bytes) -> None:
        if content and not urlsplit(url).path.startswith(SECRET_PATHS):
            text = " ".join(content.decode("utf-8", "replace").split())
            self._say(f"     {text[:BODY]}{' …' if len(text) > BODY else ''}")

    def _say(self, text: str, *, bold: bool = False, colour: str | None = None) -> None:
        if not self._quiet:
            click.secho(text, bold=bold, fg=colour)
