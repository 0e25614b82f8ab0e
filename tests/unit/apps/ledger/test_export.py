"""The exported books satisfy beancount, which shares no code with the ledger."""

import subprocess
import sys
from pathlib import Path
from random import Random

from apps.database import Database
from apps.ledger import ledger, reading
from apps.ledger.export import beancount
from apps.ledger.model import AccountId, Entry
from apps.ledger.schema_sql import SCHEMA

DAY = 86_400.0
START = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def a_year(path: Path) -> list[str]:
    """Book a year of awards, payouts and reversals from a fixed seed and return it as beancount lines."""
    random = Random(7)
    database = Database(path, [SCHEMA])
    with database.writing() as tx:
        ledger.add_asset(tx, "EUR", 2)
        ledger.add_asset(tx, "HOUR", 0)
        fund, pool, hours, given = (AccountId(name) for name in ("fund", "pool", "hours", "given"))
        ledger.open_account(tx, fund, "EUR", "expense", at=START, floor=None)
        ledger.open_account(tx, pool, "EUR", "liability", at=START)
        ledger.open_account(tx, hours, "HOUR", "equity", at=START, floor=None)
        ledger.open_account(tx, given, "HOUR", "liability", at=START)
        for day in range(365):
            at = START + day * DAY
            member = AccountId(f"member:{random.randrange(40)}")
            ledger.open_account(tx, member, "EUR", "liability", at=START)
            share, part = random.randrange(1, 5000), random.randrange(1, 3000)
            entries = [Entry(fund, -share - part), Entry(member, share), Entry(pool, part)]
            entries += [Entry(hours, -2), Entry(given, 2)]
            number = ledger.post(tx, f"award-{day}", entries, about=f'day "{day}"', at=at)
            if day % 50 == 0:
                ledger.reverse(tx, f"back-{day}", number, about="return", at=at + 60)
        assert reading.balance(tx, pool).posted > 0
        lines = list(beancount(tx, 'Ristorno "2026"'))
    database.close()
    return lines


def bean_check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from beancount.scripts.check import main; main()", "-C", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_year_of_books_passes_bean_check(tmp_path: Path) -> None:
    text = tmp_path / "year.beancount"
    text.write_text("\n".join(a_year(tmp_path / "ledger.sqlite")) + "\n", "utf-8")
    answer = bean_check(text)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_bean_check_would_notice_one_wrong_cent(tmp_path: Path) -> None:
    lines = a_year(tmp_path / "ledger.sqlite")
    wrong = next(number for number, line in enumerate(lines) if " balance " in line and ".01" not in line)
    account = lines[wrong].split()[2]
    lines[wrong] = f"{lines[wrong].split()[0]} balance {account} 0.01 EUR"
    text = tmp_path / "year.beancount"
    text.write_text("\n".join(lines) + "\n", "utf-8")
    assert bean_check(text).returncode != 0
