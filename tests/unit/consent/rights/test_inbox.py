"""Where a notice for somebody elsewhere goes: to the inbox that the recipient's own document names for them."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consent.rights.outgoing import NoInbox, find_inbox

PROFILE = """@prefix ldp: <http://www.w3.org/ns/ldp#> .
<#board> ldp:inbox </board/> . <#me> ldp:inbox </mine/> .
<https://evil.example/#me> ldp:inbox <https://evil.example/inbox/> . <#text> ldp:inbox "/none/" .
"""


async def inbox_of(webid: str, media_type: str = "text/turtle") -> str:
    async def page(_: Request) -> Response:
        return Response(PROFILE, media_type=media_type)

    app = Starlette(routes=[Route("/card", page)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        return await find_inbox(http, webid)


async def test_the_inbox_is_the_one_that_the_document_names_for_the_recipient_itself() -> None:
    assert await inbox_of("https://a.example/card#me") == "https://a.example/mine/"
    assert await inbox_of("https://a.example/card#board") == "https://a.example/board/"


@pytest.mark.parametrize("name", ["nobody", "text"])
async def test_who_names_no_inbox_has_none(name: str) -> None:
    with pytest.raises(NoInbox, match="names no inbox"):
        await inbox_of(f"https://a.example/card#{name}")


async def test_a_page_that_is_no_profile_names_no_inbox() -> None:
    with pytest.raises(NoInbox, match="no inbox in its header"):
        await inbox_of("https://a.example/card#me", "text/html")
    with pytest.raises(NoInbox, match="404"):
        await inbox_of("https://a.example/other#me")
