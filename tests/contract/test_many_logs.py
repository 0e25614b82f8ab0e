"""What every store promises: one event that is about many pods has a line in each of their logs, after the others."""

from typing import Any

from pods import activity
from pods.activity.writing import ROWS
from pods.model import Agent, WebId
from pods.storage.opening import Database

ASKER = Agent(WebId("https://comune.example/#it"))
MANY = 2 * ROWS + 3


def test_one_event_in_many_logs_follows_what_each_of_them_says(worker: Database) -> None:
    told: dict[str, Any] = {"path": "/x", "decision": activity.PERMIT, "at": 7_200.0}
    with worker.store.writing() as tx:
        pods = [tx.add_pod(f"p{n}", WebId(f"https://pods.example/p{n}#me"), 1.0).key for n in range(MANY)]
        for number, pod in enumerate(pods):
            for _ in range(number % 3):  # a third of the logs begins with the event
                activity.append(tx, pod, agent=ASKER, action="read", **told)
        grants = [f"https://pods.example/.consent/grants/{pod}" for pod in pods]
        activity.append_many(tx, pods, agent=ASKER, action="aggregate", grants=grants, **told)
    with worker.store.reading() as tx:
        newest = [activity.newest(tx, pod, limit=1)[0] for pod in pods]
        assert [(one.pod, one.seq, one.grant) for one in newest] == [
            (pod, number % 3 + 1, grant) for number, (pod, grant) in enumerate(zip(pods, grants, strict=True))
        ]
        assert {(one.action, one.agent) for one in newest} == {("aggregate", ASKER.webid)}
        assert all(activity.verify(tx, pod) for pod in pods)
