"""Standing preferences over HTTP: silence for `never`, a draft for `allow`, and nothing for the controller to see."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from consent.grants_sql import Grants
from consent.model import GrantState, PurposeDeclaration
from pods import activity
from pods.model import Path
from tests.consent_host import PROGRAMME, ROWS, Town, declaration, item
from tests.pod_host import ORIGIN

PLACE = "/.consent/preferences"
SUMS = item("Purchase", ("orderedAt", "seller"), "aggregateOnly")


async def put(host: Town, rules: Any, **who: str) -> httpx.Response:
    """Send rules as anna's wallet does."""
    headers = {"content-type": "application/json"}
    return await host.person("anna", **who).request(
        "PUT", PLACE, content=orjson.dumps(rules), headers=headers
    )


async def call(host: Town, method: str, place: str, body: Any) -> httpx.Response:
    """Send something as anna's wallet does."""
    headers = {"content-type": "application/json"}
    return await host.person("anna").request(method, place, content=orjson.dumps(body), headers=headers)


def state(host: Town, name: str, purpose: PurposeDeclaration) -> GrantState | None:
    """Return where a purpose stands with somebody."""
    with host.core.store.reading() as tx:
        pod = tx.pod(name)
        assert pod is not None
        found = Grants(ORIGIN).by_purpose(tx, pod.key, purpose.iri)
    return found.state if found is not None else None


async def test_never_refuses_without_a_question_and_the_person_sees_it_in_the_log(host: Town) -> None:
    coop = await host.organisation("coop")
    host.person("bob")
    purpose = await coop.service.publish(declaration([ROWS]))
    assert (await put(host, [{"choice": "never", "shape": "Purchase"}])).status_code == 200
    await coop.service.invite(purpose.iri)
    assert await host.owner("anna").requests() == []
    assert [one.purpose.iri for one in await host.owner("bob").requests()] == [purpose.iri]
    assert state(host, "anna", purpose) is GrantState.REFUSED
    with host.core.store.reading() as tx:
        assert tx.children(Path("/anna/inbox/")) == []
        pod = tx.pod("anna")
        assert pod is not None
        line = next(
            line for line in activity.newest(tx, pod.key, limit=5) if line.action == "consent refused"
        )
    assert (line.agent, line.client) == (pod.owner, ORIGIN + PLACE)


async def test_the_controller_gets_the_same_answers_whether_or_not_somebody_said_never(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    other = await coop.service.publish(declaration([ROWS], identifier="other"))
    tokens = host.person("coop")
    answers = []
    for rules, iri in (([], purpose.iri), ([{"choice": "never"}], other.iri)):
        await put(host, rules)
        invited = await tokens.request(
            "POST",
            "/.consent/invitations",
            content=orjson.dumps({"purpose": iri}),
            headers={"content-type": "application/json"},
        )
        listed = await tokens.request("GET", f"/.consent/grants?purpose={iri}")
        answers.append((invited.status_code, invited.content, listed.status_code, listed.content))
    assert answers[0] == answers[1]


async def test_allow_prepares_an_answer_and_gives_nothing(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([SUMS], programme=PROGRAMME))
    await put(host, [{"choice": "allow", "mode": "aggregateOnly"}])
    await coop.service.invite(purpose.iri)
    assert state(host, "anna", purpose) is GrantState.ASKED
    drafts = (await host.person("anna").get("/.consent/delegations/drafts")).json()
    assert [(one["purpose"], one["prepared_by"]) for one in drafts] == [(purpose.iri, ORIGIN + PLACE)]
    body = {name: drafts[0][name] for name in ("purpose", "items", "expires_at")}
    headers = {"content-type": "application/json"}
    given = await host.person("anna").request(
        "POST", "/.consent/grants", content=orjson.dumps(body), headers=headers
    )
    assert given.status_code == 201
    assert state(host, "anna", purpose) is GrantState.GIVEN


async def test_rules_are_kept_whole_and_replaced_whole(host: Town) -> None:
    await put(host, [{"choice": "never"}, {"choice": "ask", "controller_kind": "administration"}])
    shown = (await host.person("anna").get(PLACE)).json()
    assert [(rule["choice"], rule["controller_kind"]) for rule in shown] == [
        ("never", ""),
        ("ask", "administration"),
    ]
    await put(host, [])
    assert (await host.person("anna").get(PLACE)).json() == []


async def test_rules_that_nobody_could_mean_are_refused(host: Town) -> None:
    wrong: list[Any] = [
        *({}, [1], [{}], [{"choice": "maybe"}], [{"choice": "never", "shape": "Nothing"}]),
        *([{"choice": "never", "colour": "red"}], [{"choice": "never"}, {"choice": "ask"}]),
        [{"choice": "never"}] * 101,
        *([{"choice": "allow", "basis": "gdpr:A9-2-a"}], [{"choice": "allow", "basis": "gdpr:A6-1-f"}]),
        *(
            [{"choice": "allow", "mode": "rows"}],
            [{"choice": "allow", "mode": "append", "shape": "Purchase"}],
        ),
    ]
    for rules in wrong:
        assert (await put(host, rules)).status_code == 400, rules


async def test_other_apps_do_not_see_or_change_preferences(host: Town) -> None:
    assert (await put(host, [], client="https://app.example/id")).status_code == 403
    assert (await host.person("anna", client="https://app.example/id").get(PLACE)).status_code == 403


async def test_a_preview_says_what_rules_would_do_and_changes_nothing(host: Town) -> None:
    coop = await host.organisation("coop")
    rows = await coop.service.publish(declaration([ROWS]))
    sums = await coop.service.publish(declaration([SUMS], identifier="sums", programme=PROGRAMME))
    await put(host, [{"choice": "never", "mode": "rows"}])
    rules = [{"choice": "ask", "mode": "rows", "shape": "Purchase"}, {"choice": "allow"}]
    shown = await call(host, "POST", PLACE + "/preview", rules)
    assert {one["purpose"]: (one["before"], one["after"]) for one in shown.json()} == {
        rows.iri: ("never", "ask"),
        sums.iri: ("ask", "allow"),
    }
    assert {one["controller_name"] for one in shown.json()} == {"Coop"}
    assert [rule["choice"] for rule in (await host.person("anna").get(PLACE)).json()] == ["never"]


async def test_a_preview_leaves_out_old_versions_and_organisations_that_may_not_ask(host: Town) -> None:
    coop, late = await host.organisation("coop"), await host.organisation("late")
    await coop.service.publish(declaration([ROWS]))
    second = await coop.service.publish(declaration([ROWS], version=2))
    await late.service.publish(declaration([ROWS], identifier="late"))
    with host.core.store.writing() as tx:
        tx.execute("UPDATE controller SET state = 'pending' WHERE iri = ?", (late.webid,))
    shown = await call(host, "POST", PLACE + "/preview", [{"choice": "never"}])
    assert [one["purpose"] for one in shown.json()] == [second.iri]


async def test_what_a_rule_refused_is_listed_and_the_person_can_still_give(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await put(host, [{"choice": "never"}])
    await coop.service.invite(purpose.iri)
    (decided,) = (await host.person("anna").get(PLACE + "/decisions")).json()
    assert (decided["purpose"], decided["choice"], decided["state"], decided["open"]) == (
        *(purpose.iri, "never", "refused"),
        True,
    )
    await host.give("anna", purpose)
    assert state(host, "anna", purpose) is GrantState.GIVEN
    (after,) = (await host.person("anna").get(PLACE + "/decisions")).json()
    assert (after["state"], after["open"]) == ("given", False)


async def test_what_the_person_refused_themself_is_no_decision_of_a_rule(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.owner("anna").refuse(purpose.iri)
    assert (await host.person("anna").get(PLACE + "/decisions")).json() == []


async def test_what_a_rule_prepared_is_listed_until_it_is_confirmed(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([SUMS], programme=PROGRAMME))
    await put(host, [{"choice": "allow"}])
    await coop.service.invite(purpose.iri)
    listed = (await host.person("anna").get(PLACE + "/decisions")).json()
    assert [(one["choice"], one["state"], one["open"]) for one in listed] == [("allow", "prepared", True)]
    await host.give("anna", purpose)
    assert (await host.person("anna").get(PLACE + "/decisions")).json() == []


async def test_special_categories_are_asked_about_whatever_a_wide_rule_allows(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([SUMS], programme=PROGRAMME, legal_basis="gdpr:A9-2-a"))
    await put(host, [{"choice": "allow"}])
    await coop.service.invite(purpose.iri)
    assert state(host, "anna", purpose) is GrantState.ASKED
    assert (await host.person("anna").get("/.consent/delegations/drafts")).json() == []
