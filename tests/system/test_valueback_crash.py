"""A run that is killed at any moment goes on after the restart, and nobody is paid twice."""

import re
import time
from pathlib import Path
from random import Random

import pytest

from apps.database import Database
from apps.ledger import reading
from apps.ledger.model import AccountId
from apps.ledger.schema_sql import SCHEMA
from apps.ledger.verify import findings
from tests.valueback_town import Town, town

MEMBERS = 40
KILLS = 6
PATIENCE = 60.0

pytestmark = pytest.mark.system


def shares(found: Town) -> dict[str, str]:
    """Return what each member's one statement says."""
    said = {}
    for name in found.members:
        (content,) = found.statements(name)
        said[name] = re.findall(r'schema:price "?([0-9.]+)', content.decode())[0]
    return said


@pytest.mark.timeout(300)
def test_a_run_that_is_killed_again_and_again_pays_everybody_once(tmp_path: Path) -> None:
    with town(tmp_path, MEMBERS) as found:
        found.start()
        found.publish()
        run_id = found.begin()
        random, seen = Random(11), set()
        for _ in range(KILLS):
            found.kill()
            found.start()  # the worker takes the run on at once
            time.sleep(random.uniform(0.0, 0.9))
            seen.add(found.run(run_id)["phase"])
        deadline = time.monotonic() + PATIENCE
        while found.run(run_id)["phase"] != "voting":
            assert time.monotonic() < deadline, found.run(run_id)
            time.sleep(0.2)
        assert seen & {"collecting", "posting", "delivering"}, f"every kill came too late: {seen}"
        found.stop()

        # Member n holds three receipts of n euro and 0, 1 and 2 cents; 2 % of all of it is given.
        amounts = [3 * 100 * number + 3 for number in range(1, MEMBERS + 1)]
        whole = sum(amounts) * 200 // 10_000
        database = Database(found.data / "valueback.sqlite", [SCHEMA])
        with database.reading() as tx:
            assert findings(tx) == []
            assert reading.balance(tx, AccountId("ristorno.1:fund")).posted == -whole
            booked = [one for one in reading.txns(tx) if one.key.startswith("share:")]
            assert len(booked) == MEMBERS
            members = {
                account: one.posted for account, one in reading.balances(tx).items() if ":member:" in account
            }
        database.close()
        assert len(members) == MEMBERS
        said = sorted(int(value.replace(".", "")) for value in shares(found).values())
        assert said == sorted(members.values())
