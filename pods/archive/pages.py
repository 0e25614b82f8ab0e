"""The account's pages for taking a pod away and bringing one in."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import IO

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods.archive.ground import Ground
from pods.archive.large import keep_large
from pods.archive.layout import BadArchive
from pods.archive.reading import MAX_TOTAL, PodArchive
from pods.archive.sending import CHUNK, Sender
from pods.archive.settling import Place, Settled, rewritten, settle
from pods.errors import BadRequest, NotFound, PodError, TooLarge
from pods.identity.accounts_sql import Account
from pods.identity.pod_pages import NO_SUCH_POD
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.site import Site
from pods.protocol import target
from pods.storage.base import Pod, Transaction
from vocab.pages import Notice, msg

NO_LENGTH = msg("The file was sent without its length; send it with a browser.")
TOO_BIG = msg("The file is larger than this host takes; ask its operator to bring the pod in.")
NO_FILE = msg("Choose the archive of a pod.")
NOT_TAKEN = msg("The archive was not taken, and nothing was stored: {reason}")
TAKEN_IN = msg("The pod is here.")


class ArchivePages:
    """Pages for who is logged in."""

    def __init__(self, site: Site, ground: Ground, sender: Sender) -> None:
        self._site = site
        self._ground = ground
        self._sender = sender

    def routes(self) -> list[BaseRoute]:
        """Return the routes of these pages."""
        route = self._site.route
        return [
            route(f"{PATH}export", self.export_page),
            route(f"{PATH}export", self.export, ["POST"]),
            route(f"{PATH}import", self.import_page),
            route(f"{PATH}import", self.take_in, ["POST"]),
        ]

    async def export_page(self, request: Request) -> Response:
        """Say what is in an archive, and offer one of each pod."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        accounts = self._ground.accounts
        pods = await self._ground.store.read(lambda tx: accounts.identities(tx, who.account))
        return self._site.render(request, "archive/export.html", who, pods=pods)

    async def export(self, request: Request) -> Response:
        """Send everything that a pod holds."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        wanted = str(form.get("pod", ""))

        def own(tx: Transaction) -> Pod:
            named = {one.pod for one in self._ground.accounts.identities(tx, who.account)}
            pod = tx.pod(wanted) if wanted in named else None
            if pod is None:
                raise NotFound(NO_SUCH_POD)
            return pod

        return await self._sender.answer(own)

    async def import_page(self, request: Request) -> Response:
        """Show the form for bringing a pod in."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        return self._form(request, who)

    async def take_in(self, request: Request) -> Response:
        """Settle the pod of an archive as a further pod of the account."""
        who = await self._site.current(request)
        if who is None:  # before the body is read: a stranger must not fill the disk
            return self._site.to_login(request)
        _ = self._site.pages.translator(request)
        try:
            self._require_length(request)
            form = await self._site.pages.guard.form(request)
            try:
                settled = await self._uploaded(who.account, form)
            finally:
                await form.close()
        except PodError as error:
            return self._form(request, who, _(str(error)))
        except BadArchive as error:
            return self._form(request, who, _(NOT_TAKEN).format(reason=error))
        return self._site.render(
            request,
            "archive/settled.html",
            who,
            notices=[Notice("success", TAKEN_IN)],
            webid=settled.pod.owner,
            count=settled.resources,
            history=settled.history,
        )

    async def _uploaded(self, account: Account, form: FormData) -> Settled:
        name, upload = str(form.get("name", "")).strip(), form.get("file")
        if not isinstance(upload, UploadFile) or not upload.size:
            raise BadRequest(NO_FILE)
        with tempfile.TemporaryDirectory(prefix="portico-import-") as folder:
            file = Path(folder) / "pod.zip"
            await asyncio.to_thread(_copy, upload.file, file)
            return await self._settled(account, file, name)

    async def _settled(self, account: Account, file: Path, name: str) -> Settled:
        ground = self._ground
        quota = ground.settings.quota
        archive = await asyncio.to_thread(PodArchive, file, max_total=quota or MAX_TOTAL)
        with archive:
            chosen = name or archive.title
            if not target.is_pod_name(chosen):
                raise BadArchive(f"{chosen!r} cannot be the name of a pod here; choose another one.")
            settings = ground.settings
            place = Place(settings.pod_url, settings.issuer, chosen, ground.clock(), quota)
            with await asyncio.to_thread(rewritten, archive, place) as ready:
                large = await asyncio.to_thread(keep_large, ready, ground.store, ground.blobs, ground.clock)

                def bring_in(tx: Transaction) -> Settled:
                    settled = settle(tx, ready, place, large)
                    ground.accounts.add_identity(tx, account, settled.pod.owner, chosen)
                    return settled

                return await ground.commits.submit(bring_in, long=True)

    def _require_length(self, request: Request) -> None:
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            raise BadRequest(NO_LENGTH)
        if int(length) > self._ground.settings.max_body:
            raise TooLarge(TOO_BIG)

    def _form(self, request: Request, who: LoggedIn, problem: str = "") -> Response:
        return self._site.render(
            request,
            "archive/import.html",
            who,
            status=400 if problem else 200,
            notices=[Notice("danger", problem)] if problem else [],
            origin=self._site.addresses.origin,
        )


def _copy(source: IO[bytes], file: Path) -> None:
    source.seek(0)
    with file.open("wb") as output:
        while piece := source.read(CHUNK):
            output.write(piece)
