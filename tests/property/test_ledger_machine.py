"""The ledger against a model of dictionaries, over random bookings and clocks (hypothesis)."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from apps.database import Database
from apps.ledger import ledger, reading
from apps.ledger.model import AccountId, Entry, HoldId, LedgerError, TxnId
from apps.ledger.schema_sql import SCHEMA
from apps.ledger.verify import findings

FUND, POOL = AccountId("fund"), AccountId("pool")
MEMBERS = [AccountId(f"member:{number}") for number in range(3)]
START = 1_772_366_400
AMOUNTS = st.integers(1, 120)


@dataclass
class ModelHold:
    source: AccountId
    target: AccountId
    amount: int
    expires: int
    outcome: str | None = None


class LedgerMachine(RuleBasedStateMachine):
    """Each rule predicts whether the ledger accepts; a surprise in either direction fails."""

    txns: Bundle[TxnId] = Bundle("txns")
    holds: Bundle[HoldId] = Bundle("holds")
    calls: Bundle[tuple[str, tuple[Entry, ...], TxnId]] = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = Database(self.folder / "ledger.sqlite", [SCHEMA])
        self.now = START
        self.keys = 0
        self.posted = dict.fromkeys([FUND, POOL, *MEMBERS], 0)
        self.booked: dict[TxnId, dict[AccountId, int]] = {}
        self.reversed: set[TxnId] = set()
        self.model_holds: dict[HoldId, ModelHold] = {}

    def teardown(self) -> None:
        for number, held in self.model_holds.items():
            if held.outcome is None and held.expires > self.now:
                self.release(number)
        self.everything_stored_equals_the_model()
        self.database.close()
        shutil.rmtree(self.folder)

    @initialize()
    def fund(self) -> None:
        with self.database.writing() as tx:
            ledger.add_asset(tx, "EUR", 2)
            ledger.open_account(tx, FUND, "EUR", "expense", at=self.now, floor=None)
            for account in (POOL, *MEMBERS):
                ledger.open_account(tx, account, "EUR", "liability", at=self.now)
        for account in (POOL, *MEMBERS):
            self.booking((Entry(FUND, -100), Entry(account, 100)))

    @rule(target=calls, member=st.sampled_from(MEMBERS), share=AMOUNTS, pool=AMOUNTS)
    def earn(self, member: AccountId, share: int, pool: int) -> tuple[str, tuple[Entry, ...], TxnId]:
        entries = (Entry(FUND, -share - pool), Entry(member, share), Entry(POOL, pool))
        key, number = self.booking(entries)
        assert number is not None
        return key, entries, number

    @rule(source=st.sampled_from([POOL, *MEMBERS]), other=st.sampled_from(MEMBERS), amount=AMOUNTS)
    def spend(self, source: AccountId, other: AccountId, amount: int) -> None:
        self.booking((Entry(source, -amount), Entry(other, amount)))

    @rule(source=st.sampled_from([POOL, *MEMBERS]))
    def spend_all_that_is_available_and_not_one_cent_more(self, source: AccountId) -> None:
        available = self.available(source)
        self.booking((Entry(source, -available - 1), Entry(FUND, available + 1)))
        if available:
            self.booking((Entry(source, -available), Entry(FUND, available)))

    @rule(call=calls)
    def replay(self, call: tuple[str, tuple[Entry, ...], TxnId]) -> None:
        key, entries, number = call
        assert self.attempt(key, entries) == number

    @rule(call=calls, more=AMOUNTS)
    def replay_with_a_changed_body(self, call: tuple[str, tuple[Entry, ...], TxnId], more: int) -> None:
        key, entries, _ = call
        changed = (Entry(FUND, entries[0].amount - more), Entry(POOL, -entries[0].amount + more))
        assert self.attempt(key, changed) is None

    @rule(target=txns, call=calls)
    def choose(self, call: tuple[str, tuple[Entry, ...], TxnId]) -> TxnId:
        return call[2]

    @rule(number=txns)
    def reverse(self, number: TxnId) -> None:
        opposite = {account: -amount for account, amount in self.booked[number].items()}
        allowed = number not in self.reversed and self.fits(opposite)
        with self.database.writing() as tx:
            try:
                result = ledger.reverse(tx, self.key(), number, about="return", at=self.now)
            except LedgerError:
                assert not allowed
                return
        assert allowed
        self.reversed.add(number)
        self.move(result, opposite)

    @rule(
        target=holds,
        source=st.sampled_from([POOL, *MEMBERS]),
        other=st.sampled_from([POOL, *MEMBERS]),
        amount=AMOUNTS,
        seconds=st.integers(0, 30),
    )
    def hold(self, source: AccountId, other: AccountId, amount: int, seconds: int) -> Any:
        allowed = source != other and seconds > 0 and amount <= self.available(source)
        expires = self.now + seconds
        with self.database.writing() as tx:
            try:
                number = ledger.hold(tx, self.key(), source, other, amount, expires_at=expires, at=self.now)
            except LedgerError:
                assert not allowed
                return multiple()
        assert allowed
        self.sweep()
        self.model_holds[number] = ModelHold(source, other, amount, expires)
        return number

    @rule(number=holds, part=st.integers(1, 130))
    def settle(self, number: HoldId, part: int) -> None:
        held = self.model_holds[number]
        allowed = held.outcome is None and held.expires > self.now and part <= held.amount
        with self.database.writing() as tx:
            try:
                result = ledger.settle(tx, self.key(), number, part, about="voucher", at=self.now)
            except LedgerError:
                assert not allowed
                return
        assert allowed
        held.outcome = "settled"
        self.move(result, {held.source: -part, held.target: part})

    @rule(number=consumes(holds))
    def release(self, number: HoldId) -> None:
        held = self.model_holds[number]
        allowed = held.outcome is None and held.expires > self.now
        with self.database.writing() as tx:
            try:
                ledger.release(tx, self.key(), number, at=self.now)
            except LedgerError:
                assert not allowed
                return
        assert allowed
        held.outcome = "released"

    @rule(seconds=st.integers(1, 40))
    def tick(self, seconds: int) -> None:
        self.now += seconds

    @rule(number=holds, before=st.booleans())
    def tick_to_the_expiry_of(self, number: HoldId, before: bool) -> None:
        self.now = max(self.now, self.model_holds[number].expires - (1 if before else 0))

    @rule()
    def sweeper(self) -> None:
        with self.database.writing() as tx:
            ledger.expire(tx, at=self.now)
        self.sweep()

    @invariant()
    def everything_stored_equals_the_model(self) -> None:
        with self.database.reading() as tx:
            stored = reading.balances(tx)
            assert {account: one.posted for account, one in stored.items()} in ({}, self.posted)
            for account, one in stored.items():
                assert one.held == self.held(account)
            outcomes = {held.id: held.outcome for held in reading.holds(tx)}
            assert outcomes == {number: held.outcome for number, held in self.model_holds.items()}
            assert findings(tx) == []
        assert sum(self.posted.values()) == 0

    def booking(self, entries: tuple[Entry, ...]) -> tuple[str, TxnId | None]:
        moves: dict[AccountId, int] = {}
        for entry in entries:
            moves[entry.account] = moves.get(entry.account, 0) + entry.amount
        moves = {account: amount for account, amount in moves.items() if amount}
        allowed = bool(moves) and self.fits(moves)
        key = self.key()
        number = self.attempt(key, entries)
        assert (number is not None) == allowed
        if number is not None:
            self.move(number, moves)
        return key, number

    def attempt(self, key: str, entries: tuple[Entry, ...]) -> TxnId | None:
        with self.database.writing() as tx:
            try:
                return ledger.post(tx, key, entries, about="post", at=self.now)
            except LedgerError:
                return None

    def move(self, number: TxnId, moves: dict[AccountId, int]) -> None:
        self.sweep()
        self.booked[number] = moves
        for account, amount in moves.items():
            self.posted[account] += amount

    def sweep(self) -> None:
        for held in self.model_holds.values():
            if held.outcome is None and held.expires <= self.now:
                held.outcome = "expired"

    def held(self, account: AccountId) -> int:
        open_holds = [held for held in self.model_holds.values() if held.outcome is None]
        return sum(held.amount for held in open_holds if held.source == account)

    def available(self, account: AccountId) -> int:
        live = [h for h in self.model_holds.values() if h.outcome is None and h.expires > self.now]
        return self.posted[account] - sum(held.amount for held in live if held.source == account)

    def fits(self, moves: dict[AccountId, int]) -> bool:
        return all(
            account == FUND or self.available(account) + amount >= 0 for account, amount in moves.items()
        )

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
