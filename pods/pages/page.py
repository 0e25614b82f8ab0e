"""The pages of a host: a document, a container, a refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import unquote

from pods.errors import PodError
from pods.model import Answer, Path, WebId
from pods.pages.description import Shown, Subject, safe_link, subjects
from pods.pages.looks import POLICY, SOURCES, Looks, language_of
from pods.paging import Page
from pods.protocol import media_types, rdf, target
from pods.protocol.variant import Cursor
from pods.storage.base import Entry, Stored
from vocab.pages.catalogues import msg

HTML = "text/html; charset=utf-8"
MOST_BYTES = 1024 * 1024  # of a document that is parsed to be shown; what is larger is for programs
MOST_TRIPLES = 1_000  # on one page
MEMBERS = 100  # of a container on one page
FIELDS = (("content-security-policy", POLICY), ("content-type", HTML), ("vary", "Accept-Language"))
"""What each page carries beside the fields of its resource."""

EDITION = blake2b(SOURCES, digest_size=3).hexdigest()
"""Part of each page's entity tag, so that a release with new templates is seen at once."""

_KINDS: Mapping[str, str] = {
    "image": msg("Picture"),
    "audio": msg("Sound"),
    "video": msg("Film"),
    "text": msg("Text"),
    "font": msg("Font"),
}
_FILES: Mapping[str, str] = {
    "application/pdf": msg("PDF document"),
    "text/html": msg("Web page"),
    "application/json": msg("Data in JSON"),
}
_EXPLAINED: Mapping[int, tuple[str, str]] = {
    400: (
        msg("The address or the request is not right"),
        msg("The host could not understand what was asked."),
    ),
    401: (msg("You have to log in first"), msg("This is not public: its owner decides who may see it.")),
    403: (msg("This is not open to you"), msg("The owner has not given you access to this.")),
    404: (
        msg("There is nothing at this address"),
        msg("It may have been moved or deleted, or never existed."),
    ),
    406: (
        msg("Not available in this form"),
        msg("What is here cannot be shown in the form that was asked for."),
    ),
    429: (msg("Too many requests"), msg("Wait a moment, then try again.")),
}
_AUXILIARY: Mapping[str, str] = {target.META: msg("Description"), target.ACL: msg("Access rights")}
_WALLET = msg("Open the wallet")
_ACCOUNT = msg("Your account on this host")
_OTHERWISE = (msg("That did not work"), msg("The host could not do what was asked."))


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a container as a row of its list. `size` is None for containers."""

    name: str
    href: str
    kind: str
    size: int | None
    modified: float


class ResourcePages:
    """Makes pages for people. `apps` are the origins where people open what is not public, the wallet first."""

    def __init__(self, base_url: str, apps: Sequence[str] = ()) -> None:
        self._base = base_url
        self._log_in = (
            *((_WALLET, app) for app in apps),
            (_ACCOUNT, f"{base_url}/.account/"),
        )
        self._looks = Looks()

    def of(
        self,
        stored: Stored,
        page: Page | None,
        owner: WebId | None,
        language: str,
        beside: Sequence[str] = (),
    ) -> bytes:
        """Return the page of a document, or of a page of a container. It takes time: not on the event loop.

        `beside` are the suffixes of auxiliary resources that it leads to.
        """
        facts = self._facts(stored, owner, beside)
        return (
            self._document(stored, facts, language)
            if page is None
            else self._container(stored, page, facts, language)
        )

    def _document(self, stored: Stored, facts: dict[str, object], language: str) -> bytes:
        too_large = stored.size if stored.size > MOST_BYTES or stored.blob is not None else 0
        found, left_out, broken = ([], False, False) if too_large else self._described(stored, language)
        return self._looks.render(
            language,
            "document.html",
            **facts,
            subjects=found,
            too_large=too_large,
            left_out=left_out,
            broken=broken,
            shown=MOST_TRIPLES,
        )

    def _container(self, stored: Stored, page: Page, facts: dict[str, object], language: str) -> bytes:
        found, _, _ = self._described(stored, language) if stored.content else ([], False, False)
        return self._looks.render(
            language,
            "container.html",
            **facts,
            subjects=found,
            members=[_member(entry, len(stored.path)) for entry in page.members],
            earlier=page.earlier.query() if page.earlier else None,
            later=page.later.query() if page.later else None,
            first=Cursor(page.cursor.limit).query(),
            last=Cursor(page.cursor.limit, backwards=True).query(),
        )

    def problem(self, answer: Answer, accept_language: str) -> Answer:
        """Return a problem document as a page, with the same status and header fields."""
        language = language_of(accept_language)
        document = json.loads(answer.content)
        title, explanation = _EXPLAINED.get(answer.status, _OTHERWISE)
        content = self._looks.render(
            language,
            "problem.html",
            title=title,
            explanation=explanation,
            detail=document["detail"],
            status=answer.status,
            log_in=self._log_in if answer.status == 401 else (),
        )
        kept = [field for field in answer.headers if field[0] != "content-type"]
        return Answer(answer.status, [*kept, *FIELDS], content, own_policy=True)

    def _facts(self, stored: Stored, owner: WebId | None, beside: Sequence[str]) -> dict[str, object]:
        whose = owner or ""
        inside = whose.startswith(self._base + "/")
        steps = _trail(stored.path)
        return {
            "name": steps[-1][0],
            "steps": steps,
            "modified": stored.modified / 1000,
            "beside": [
                (_AUXILIARY[suffix], unquote(stored.path.rpartition("/")[2]) + suffix, stored.path + suffix)
                for suffix in beside
            ],
            "owner": Shown(whose.removeprefix(self._base), safe_link(whose), outside=not inside),
        }

    def _described(self, stored: Stored, language: str) -> tuple[list[Subject], bool, bool]:
        """Return what is said, whether something was left out, and whether it could not be read at all."""
        address = self._base + stored.path
        try:
            quads = rdf.parse(stored.media_type, stored.content, address)
        except PodError:
            return [], False, True
        return (
            subjects(quads[:MOST_TRIPLES], address, self._base, language),
            len(quads) > MOST_TRIPLES,
            False,
        )


def _trail(path: Path) -> list[tuple[str, str]]:
    """Return name and address of each container above, and of the resource itself."""
    parts = path[1:].split("/")
    steps, address = [], "/"
    for position, part in enumerate(parts):
        if not part:
            break
        address += part + ("/" if position < len(parts) - 1 else "")
        steps.append((unquote(part), address))
    return steps


def _member(entry: Entry, start: int) -> Member:
    relative = entry.path[start:]
    # RFC 3986, 4.2: a colon in the first segment of a relative reference would be read as a scheme.
    href = f"./{relative}"
    if entry.path.endswith("/"):
        return Member(unquote(relative), href, msg("Container"), None, entry.modified / 1000)
    return Member(unquote(relative), href, _kind(entry.media_type), entry.size, entry.modified / 1000)


def _kind(media_type: str) -> str:
    if rdf.is_rdf(media_type):
        return msg("Data document")
    bare = media_types.bare(media_type)
    return _FILES.get(bare) or _KINDS.get(bare.partition("/")[0]) or bare
