"""The steps of the tour: the main job of the platform, each step with what must hold after it."""

from __future__ import annotations

from typing import Any

import httpx

from apps.cli import programmes
from apps.cli.citizens import Citizen
from apps.cli.scenes import Town, agree, opt_in
from apps.cli.teller import Teller
from consent.client import AccessRefused
from consent.model import GrantState, LogLine
from pods.client import SolidError

GUEST = "marco"
"""The citizen whom the tour follows; giulia stays as she is, for visitors with a browser."""

NEWCOMERS = 20  # people who agree during the tour
RHO = 0.1  # zCDP; the programme has 4.0 in all
DISTRICT_QUESTION = {
    "measure": {"function": "people"},
    "group_by": ["Profile.district"],
    "where": [{"property": "Participation.kind", "in": ["attendance", "volunteering"]}],
    "period": programmes.YEAR,
}
RUN = {"first": "2017-10", "last": "2017-10"}


class Tour:
    """Walks through the running platform from outside, over HTTP alone."""

    def __init__(self, town: Town, teller: Teller) -> None:
        self._town = town
        self._teller = teller
        self._question = town.record.purposes[programmes.NEIGHBOURHOOD]
        self._refund = town.record.purposes[programmes.RETURN]

    async def walk(self) -> None:
        """Perform every step."""
        guest = await self._opt_in()
        await self._ask()
        await self._withdraw(guest)
        await self._forbidden_reads(guest)
        await self._value_back(guest)
        await self._log(guest)

    async def _opt_in(self) -> Citizen:
        tell, town = self._teller, self._town
        names = [name for name in town.record.people[-NEWCOMERS:] if name not in ("giulia", GUEST)]
        tell.step(f"{len(names) + 1} people log in and agree, each for themselves")
        await opt_in(town, names, [self._question, self._refund])
        guest = await town.people().citizen(GUEST, town.record.password)
        with tell.wire():
            await agree(guest, self._question)
            await agree(guest, self._refund)
        given = {str(grant.purpose.iri): grant.state for grant in await guest.owner.grants()}
        tell.expect(given.get(self._question) is GrantState.GIVEN, "the question's grant is in force")
        tell.expect(given.get(self._refund) is GrantState.GIVEN, "the refund's grant is in force")
        return guest

    async def _ask(self) -> None:
        tell = self._teller
        tell.step("The administration asks one question over everybody who opted in")
        with tell.wire():
            release = await self._answer(RHO)
        self._show(release)
        tell.expect(bool(release["cells"]), "the answer has a cell for each district")
        tell.expect("mechanism" in release, "the answer names its mechanism and interval")

    async def _withdraw(self, guest: Citizen) -> None:
        tell = self._teller
        tell.step(f"{GUEST} withdraws, and the question is asked again")
        before = len(await self._aggregate_lines(guest))
        grant = next(one for one in await guest.owner.grants() if one.purpose.iri == self._question)
        with tell.wire():
            await guest.owner.withdraw(grant.id)
        state = next(one.state for one in await guest.owner.grants() if one.id == grant.id)
        tell.expect(state is GrantState.WITHDRAWN, "the grant is withdrawn, in one request")
        again = await self._answer(RHO)
        tell.expect(
            again["cached"] is True, "the same question of the day gives the same answer and costs nothing"
        )
        await self._answer(RHO + 0.001 * (1 + before % 50))  # another question, so it is computed anew
        after = len(await self._aggregate_lines(guest))
        tell.expect(before > 0, "the log shows the question that used the data before")
        tell.expect(after == before, "no later question touched the pod")

    async def _forbidden_reads(self, guest: Citizen) -> None:
        tell, town = self._teller, self._town
        tell.step("Somebody tries to read without a grant, and with a purpose that nobody agreed to")
        target = f"{town.settings.pod_url}/{GUEST}/profile/private.ttl"
        known = len(await self._refusals(guest))
        with tell.wire():
            nobody = await town.http.get(target)
        tell.expect(
            nobody.status_code == httpx.codes.UNAUTHORIZED, "without a token: 401, and a ticket to ask with"
        )
        service = town.service("coop")
        for purpose, why in (
            (self._refund, "a purpose of its own that covers no rows"),
            (self._question, "another's"),
        ):
            try:
                with tell.wire():
                    answer = await service.read(target, purpose)
                refused, told = answer.is_error, f"{answer.status_code}"
            except (AccessRefused, SolidError) as error:
                refused, told = True, str(error)
            tell.expect(refused, f"with {why}: refused ({told[:90]})")
        seen = len(await self._refusals(guest)) - known
        tell.expect(seen == 2, f"{GUEST} sees both attempts in the log, with the reason")

    async def _value_back(self, guest: Citizen) -> None:
        tell, town = self._teller, self._town
        tell.step("The cooperative runs its value-back programme for October")
        place = f"/programmes/{programmes.RETURN}/1"
        with tell.wire():
            run = await town.valueback("POST", f"{place}/runs", RUN)
            run = await town.valueback("POST", f"/runs/{run['id']}/advance")
        again = await town.valueback("POST", f"/runs/{run['id']}/advance")
        tell.expect(again["given"] == run["given"], "run again, it pays nobody twice")
        tell.expect(
            run["share"] + run["pool"] == run["given"], "members' shares and the pool add up to the whole"
        )
        tell.say(
            f"{run['members']} members, {run['receipts']} receipts: {run['share'] / 100:.2f} € back to members, "
            f"{run['pool'] / 100:.2f} € to the common pool"
        )
        tell.step(f"{GUEST}'s statement lies in the pod, with a ballot for the pool")
        statement = await self._statement(guest, run["id"])
        tell.expect(statement is not None, "the statement of the run is there")
        if statement is not None:
            graph = await guest.solid.get_graph(statement)
            told = {
                str(predicate).rpartition("#")[2].rpartition("/")[2]: str(value)
                for _, predicate, value in graph
            }
            tell.say(
                f"eligible {told.get('eligibleAmount')} €, share {told.get('price')} €, {told.get('eligibleCount')} receipts"
            )
            vote = {"ballot": told.get("ballot", ""), "project": "orti"}
            answer = await town.http.post(f"{town.settings.apps_url}/valueback/api/votes", json=vote)
            tell.expect(answer.status_code in (201, 409), "the ballot is good for one vote")
            twice = await town.http.post(f"{town.settings.apps_url}/valueback/api/votes", json=vote)
            tell.expect(twice.is_client_error, "and for one only")

    async def _log(self, guest: Citizen) -> None:
        tell = self._teller
        tell.step(f"What {GUEST} sees: who read what, under which grant, and what was refused")
        lines = await guest.owner.log(limit=12)
        for line in reversed(lines):
            title = line.purpose_title.get("it", "")
            sign = "read" if line.permitted else "REFUSED"
            tell.say(
                f"{sign:<8} {line.action:<16} {line.agent_name or line.agent or 'nobody known':<36} {title}"
            )
        tell.expect(
            any(line.permitted and line.purpose == self._refund for line in lines), "the claim is in the log"
        )
        numbers = [line.seq for line in lines]
        unbroken = list(range(numbers[0], numbers[0] - len(numbers), -1))
        tell.expect(numbers == unbroken, "lines are numbered without a gap")

    async def _answer(self, rho: float) -> dict[str, Any]:
        service = self._town.service("comune")
        declared = await service.purpose(self._question)
        query = {**DISTRICT_QUESTION, "programme": declared.programme, "rho": round(rho, 6)}
        return await service.query(query, self._question)

    async def _aggregate_lines(self, guest: Citizen) -> list[LogLine]:
        return [
            line for line in await guest.owner.log(limit=200) if line.permitted and line.action == "aggregate"
        ]

    async def _refusals(self, guest: Citizen) -> list[LogLine]:
        return [line for line in await guest.owner.log(limit=200) if not line.permitted and line.reason]

    async def _statement(self, guest: Citizen, run: str) -> str | None:
        """Return the address of the statement of a run, found as a Solid client finds it: by containers."""
        root = f"{self._town.settings.pod_url}/{GUEST}/value/"
        contains = "http://www.w3.org/ns/ldp#contains"
        for container in [str(o) for _, p, o in await guest.solid.get_graph(root) if str(p) == contains]:
            members = await guest.solid.get_graph(container) if container.endswith("/") else ()
            for document in [str(o) for _, p, o in members if str(p) == contains]:
                if any(run in str(value) for _, _, value in await guest.solid.get_graph(document)):
                    return document
        return None

    def _show(self, release: dict[str, Any]) -> None:
        for cell in release["cells"]:
            value = (
                "withheld" if cell["withheld"] else f"{cell['value']} (from {cell['low']} to {cell['high']})"
            )
            self._teller.say(f"{'/'.join(cell['key']):<12} {value}")
        left = release.get("budget", {})
        self._teller.say(f"budget: {left}")
