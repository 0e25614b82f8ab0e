"""The pods of an account: a further one, the usual one, the name that a profile shows, and removal for good."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pods import profile
from pods.errors import BadRequest, NotFound, PodError
from pods.identity import accounts_sql
from pods.identity.accounts_sql import Identity
from pods.identity.confirmation import confirmed
from pods.identity.opening import open_pod
from pods.identity.registration import MAX_DISPLAY_NAME, NAME_MISSING
from pods.identity.sessions import PATH, LoggedIn
from pods.identity.site import Site, see_other
from pods.removal import Removal
from pods.storage.base import Transaction
from vocab.pages import Notice, msg

NO_SUCH_POD = msg("This pod is not one of yours.")
NAME_DIFFERS = msg("Type the name exactly as it is shown, so that nothing is deleted by mistake.")


class PodPages:
    """Pages for who is logged in."""

    def __init__(self, site: Site, removal: Removal) -> None:
        self._site = site
        self._host = site.host
        self._removal = removal

    def routes(self) -> list[BaseRoute]:
        """Return the routes of these pages."""
        route = self._site.route
        return [
            route(f"{PATH}pods", self.page),
            route(f"{PATH}pods", self.create, ["POST"]),
            route(f"{PATH}pods/usual", self.prefer, ["POST"]),
            route(f"{PATH}pods/name", self.rename, ["POST"]),
            route(f"{PATH}delete", self.delete_page),
            route(f"{PATH}delete", self.delete, ["POST"]),
            route(f"{PATH}deleted", self.deleted),
        ]

    async def page(self, request: Request) -> Response:
        """Show the pods and the form for a further one."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        return await self._page(request, who)

    async def create(self, request: Request) -> Response:
        """Create a further pod with its WebID."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        name, title = str(form.get("name", "")).strip(), str(form.get("display_name", "")).strip()
        account = who.account

        def create(tx: Transaction) -> None:
            webid = self._site.addresses.webid(name)
            self._host.accounts.add_identity(tx, account, webid, name)
            open_pod(tx, self._site, name, webid, title)

        try:
            _require_title(title)
            await self._host.commits.submit(create)
        except PodError as error:
            return await self._page(request, who, problem=str(error), given={"name": name, "title": title})
        return see_other(f"{PATH}pods")

    async def prefer(self, request: Request) -> Response:
        """Make a WebID the usual one."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        account, pod = who.account, str(form.get("pod", ""))

        def prefer(tx: Transaction) -> None:
            accounts_sql.prefer(tx, account.id, self._own(tx, who, pod).webid)

        await self._host.commits.submit(prefer)
        return see_other(f"{PATH}pods")

    async def rename(self, request: Request) -> Response:
        """Change the name that a WebID profile shows; nothing else in the profile changes."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        pod, title = str(form.get("pod", "")), str(form.get("display_name", "")).strip()

        def rename(tx: Transaction) -> None:
            webid = self._own(tx, who, pod).webid
            profile.rename(tx, pod, webid, title, base=self._site.addresses.origin, at=self._host.clock())

        try:
            _require_title(title)
            await self._host.commits.submit(rename)
        except PodError as error:
            return await self._page(request, who, problem=str(error))
        return see_other(f"{PATH}pods")

    async def delete_page(self, request: Request) -> Response:
        """Say what deleting means, and ask for the name and the password."""
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        return await self._delete_page(request, who, request.query_params.get("pod", ""))

    async def delete(self, request: Request) -> Response:
        """Close what is to be deleted; the host removes it from then on."""
        form = await self._site.pages.guard.form(request)
        who = await self._site.current(request)
        if who is None:
            return self._site.to_login(request)
        pod = str(form.get("pod", ""))
        try:
            if str(form.get("confirm", "")).strip() != (pod or who.account.name):
                raise BadRequest(NAME_DIFFERS)
            await confirmed(self._site, request, who, str(form.get("present", "")))
        except PodError as error:
            return await self._delete_page(request, who, pod, problem=str(error))

        def close(tx: Transaction) -> bool:
            for one in [self._own(tx, who, pod)] if pod else self._host.accounts.identities(tx, who.account):
                found = tx.pod(one.pod)
                if found is not None:
                    self._removal.close(tx, found)
            return accounts_sql.account_by_id(tx, who.account.id) is None

        whole = await self._host.commits.submit(close, long=True)
        self._removal.hurry()
        response = see_other(f"{PATH}deleted" if whole else f"{PATH}pods")
        if whole:
            self._site.sessions.clear(response)
        return response

    async def deleted(self, request: Request) -> Response:
        """Say good-bye."""
        return self._site.render(request, "identity/deleted.html", None)

    def _own(self, tx: Transaction, who: LoggedIn, pod: str) -> Identity:
        for one in self._host.accounts.identities(tx, who.account):
            if one.pod == pod:
                return one
        raise NotFound(NO_SUCH_POD)

    async def _identities(self, who: LoggedIn) -> list[tuple[Identity, str]]:
        def shown(tx: Transaction) -> list[tuple[Identity, str]]:
            return [
                (one, profile.name_shown(tx, one.pod, one.webid, base=self._site.addresses.origin))
                for one in self._host.accounts.identities(tx, who.account)
            ]

        return await self._host.store.read(shown)

    async def _page(
        self, request: Request, who: LoggedIn, *, problem: str = "", given: dict[str, str] | None = None
    ) -> Response:
        return self._site.render(
            request,
            "identity/pods.html",
            who,
            status=400 if problem else 200,
            notices=[Notice("danger", problem)] if problem else [],
            account=who.account,
            identities=await self._identities(who),
            origin=self._site.addresses.origin,
            given={"name": "", "title": "", **(given or {})},
        )

    async def _delete_page(self, request: Request, who: LoggedIn, pod: str, *, problem: str = "") -> Response:
        identities = [one for one, _ in await self._identities(who)]
        if pod and not any(one.pod == pod for one in identities):
            raise NotFound(NO_SUCH_POD)
        whole = not pod or len(identities) == 1
        return self._site.render(
            request,
            "identity/delete.html",
            who,
            status=400 if problem else 200,
            notices=[Notice("danger", problem)] if problem else [],
            account=who.account,
            pod="" if whole else pod,
            pods=[one.pod for one in identities if whole or one.pod == pod],
            name=who.account.name if whole else pod,
            origin=self._site.addresses.origin,
        )


def _require_title(title: str) -> None:
    if not 0 < len(title) <= MAX_DISPLAY_NAME:
        raise BadRequest(NAME_MISSING)
