"""Rights over a log of years: everybody who was served is told, and no commit opens the whole log."""

from __future__ import annotations

import pytest

from consent.rights import disclosures
from consent.rights.disclosures import TAIL, LongLog, Looked, Scope
from consent.rights.model import RequestEvent, RightKind
from consent.rights.requests import Asked, Rights
from pods import activity
from pods.activity import retention
from pods.model import PUBLIC, Agent, WebId
from pods.storage.base import Pod
from tests.consent_host import Town
from tests.pod_host import ORIGIN
from tests.rights_town import HOST, of_person

OLD, NEW, LATE = (WebId(f"{ORIGIN}/{name}/profile/card#me") for name in ("old", "new", "late"))
EVERYTHING = Scope()


def served(host: Town, agent: WebId, times: int, *, path: str = "/anna/purchases/2017-10/b77.ttl") -> Pod:
    """Write lines into anna's log: data that was handed to somebody."""
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        for _ in range(times):
            activity.append(
                *(tx, pod.key),
                agent=Agent(agent),
                path=path,
                action="read",
                decision=activity.PERMIT,
                grant=f"{ORIGIN}/.consent/grants/g",
                at=host.clock(),
            )
    return pod


def looked_through(host: Town, pod: Pod, resource: str = "", before: Looked | None = None) -> Looked:
    return disclosures.look(host.core.store, LongLog(pod, resource), before)


def found(host: Town, pod: Pod, scope: Scope, looked: Looked | None) -> set[str]:
    with host.core.store.reading() as tx:
        return set(disclosures.recipients(tx, pod, scope, looked))


async def test_everybody_in_a_long_log_is_told_to_erase(host: Town) -> None:
    served(host, OLD, 1)
    served(host, NEW, 2 * TAIL)
    anna = of_person(host, "anna")
    asked = await anna.ask(RightKind.ERASURE, HOST, "Please erase everything.")
    assert {duty.recipient for duty in asked.duties} == {OLD, NEW}


async def test_a_commit_opens_no_more_than_the_end_of_a_long_log(host: Town) -> None:
    pod = served(host, OLD, TAIL + 1)
    rights = Rights(ORIGIN, host.added.consents)
    asked = Asked(RightKind.ERASURE, HOST, "Please erase everything.")
    with pytest.raises(LongLog), host.core.store.writing() as tx:
        rights.ask(tx, pod, Agent(pod.owner), asked, host.clock())
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM rights_request")[0][0] == 0  # nothing was begun
    looked = looked_through(host, pod)
    with host.core.store.writing() as tx:
        rights.ask(tx, pod, Agent(pod.owner), asked, host.clock(), looked=looked)
        assert tx.execute("SELECT recipient FROM rights_duty") == [(OLD,)]


async def test_a_correction_that_the_operator_answers_is_told_to_who_read_it_long_ago(host: Town) -> None:
    pod = served(host, OLD, TAIL + 1)
    asked = await of_person(host, "anna").ask(RightKind.RECTIFICATION, HOST, "It was 12.40.")
    rights = Rights(ORIGIN, host.added.consents)

    def answered(looked: Looked | None) -> None:
        with host.core.store.writing() as tx:
            found = rights.of_person(tx, pod, asked.id)
            rights.step(
                tx, found, RequestEvent.ANSWER, host.clock(), text="Yes.", agent=PUBLIC, looked=looked
            )

    disclosures.after_looking(host.core.store, answered)
    (duty,) = (await of_person(host, "anna").one(asked.id)).duties
    assert duty.recipient == OLD


async def test_who_is_served_while_the_log_is_looked_through_is_told_too(host: Town) -> None:
    pod = served(host, OLD, TAIL + 1)
    looked = looked_through(host, pod)
    served(host, LATE, 1)
    assert found(host, pod, EVERYTHING, looked) == {OLD, LATE}


async def test_what_was_looked_at_is_not_looked_at_again(host: Town) -> None:
    pod = served(host, OLD, TAIL + 1)
    looked = looked_through(host, pod)
    served(host, LATE, TAIL + 1)
    with pytest.raises(LongLog):
        found(host, pod, EVERYTHING, looked)
    with host.core.store.writing() as tx:
        retention.empty(tx, retention.of_pod(tx, pod.key, looked.upto))
    again = looked_through(host, pod, before=looked)
    assert found(host, pod, EVERYTHING, again) == {OLD, LATE}


async def test_what_was_looked_for_in_one_place_counts_for_that_place_alone(host: Town) -> None:
    pod = served(host, OLD, TAIL + 1)
    served(host, NEW, 1, path="/anna/profile/private.ttl")
    place = "/anna/profile/"
    looked = looked_through(host, pod, place)
    assert found(host, pod, Scope(resource=place), looked) == {NEW}
    with pytest.raises(LongLog):
        found(host, pod, EVERYTHING, looked)
