"""A claim counts verified receipts of the programme's issuers, each once, and gives away sums only."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import pytest

from consent.claims import claims_sql
from consent.claims.evaluation import Left, Stale, is_answered, require_allowed, settle
from consent.claims.reading import MAX_RECEIPT_BYTES, MAX_RECEIPTS, Deadline, find
from consent.claims.rules import CLAIM_RULES, loaded
from consent.claims.sealing import ResultSeal
from consent.claims.terms import asked
from consent.declarations import declaration, digest
from consent.model import DataItem, Grant, GrantId, GrantState, OutputMode, Pairwise, PurposeIri
from consent.receipts import signing
from consent.receipts.derive import target
from consent.receipts.keys import IssuerKey, jwks, key_ring
from consent.receipts.model import Instant, Notation, ParticipationReceipt, PurchaseLine, PurchaseReceipt
from consent.registry_sql import Purposes
from consent.schema_sql import SCHEMAS
from pods.errors import BadContent, Conflict, Forbidden, Unprocessable
from pods.identity.keys import SigningKeys
from pods.model import Path, WebId
from pods.storage.base import Pod, Transaction
from pods.storage.sqlite import SqliteStore
from vocab.claim_rules import RULE_TEXTS
from vocab.shapes import SHAPES

ORIGIN = "http://localhost:8080"
COOP = f"{ORIGIN}/coop/profile/card#me"
FORNO = IssuerKey.generate("http://localhost:8082/valueback/shops/forno")
MARKET = IssuerKey.generate("http://localhost:8082/valueback/shops/ospizio")
STRANGER = IssuerKey.generate("http://localhost:8082/valueback/shops/elsewhere")
HOUSE = IssuerKey.generate("http://localhost:8082/checkin/casa-orologio")
EVERYBODY = key_ring(key.public() for key in (FORNO, MARKET, STRANGER, HOUSE))
PURCHASES, MINUTES, TIMES = CLAIM_RULES
NOW = 1_772_366_400.0
OCTOBER = {"from": "2017-10", "to": "2017-10"}


def programme(rule: str = PURCHASES, name: str = "ristorno") -> dict[str, Any]:
    return {
        "id": f"http://localhost:8082/valueback/programmes/{name}/1",
        "rule": rule,
        "issuers": [{"iri": key.issuer, "jwks": jwks([key.public()])} for key in (FORNO, MARKET, HOUSE)],
        "minimum_trust": 3,
        "period": {"from": "2017-01", "to": "2017-12"},
        "share_bp": 200,
    }


def request(document: dict[str, Any], period: dict[str, str] | None = None) -> dict[str, Any]:
    return {"rule": document["rule"], "programme": document, "period": period or OCTOBER}


def purchase(number: int, cents: int, day: str = "2017-10-03", key: IssuerKey = FORNO) -> bytes:
    at = Instant(f"{day}T09:15:00Z")
    line = PurchaseLine(Notation("bakery"), 1, cents)
    receipt = PurchaseReceipt(f"r{number}", key.issuer, f"{number:032x}", at, at, key.issuer, (line,), cents)
    return signing.sign(receipt, key)


def help_given(number: int, minutes: int, kind: str = "volunteering") -> bytes:
    at = Instant("2017-10-05T15:00:00Z")
    receipt = ParticipationReceipt(
        f"p{number}", HOUSE.issuer, f"{number:032x}", at, Notation(kind), Notation("green"), at, minutes
    )
    return signing.sign(receipt, HOUSE)


class Town:
    """A pod database with people who hold receipts and consent to programmes."""

    def __init__(self, tx: Transaction, seal: ResultSeal) -> None:
        self.tx = tx
        self.seal = seal
        self.purposes = Purposes(ORIGIN)

    def pod(self, name: str) -> Pod:
        webid = WebId(f"{ORIGIN}/{name}/profile/card#me")
        return self.tx.pod(name) or self.tx.add_pod(name, webid, NOW)

    def holds(self, name: str, *receipts: bytes, folder: str = "", suffix: str = "") -> None:
        for jws in receipts:
            container, base = target(signing.verify(jws, EVERYBODY))
            path = Path(f"{self.pod(name).root}{folder or container}{base}{suffix}.jws")
            self.tx.write(path, signing.MEDIA_TYPE, jws, NOW)

    def declare(self, document: dict[str, Any], *, text: str | None = None) -> PurposeIri:
        identifier = document["id"].split("/")[-2]
        shown = text if text is not None else f"Regolamento {digest(document)}"
        plain = {
            "id": identifier,
            "version": 1,
            "title": {"it": "Ristorno", "en": "Patronage refund"},
            "text": {"it": shown, "en": shown},
            "consequence_of_refusal": {"it": "Nessuna", "en": "None"},
            "legal_basis": "gdpr:A6-1-a",
            "items": [{"shape": "Purchase", "properties": ["total"], "mode": "claim"}],
            "recipients": [],
            "retention_days": 3650,
            "valid_until": "2030-01-01",
        }
        purpose = declaration(plain, COOP, ORIGIN)
        if self.purposes.by_iri(self.tx, purpose.iri) is None:
            self.purposes.add(self.tx, purpose, NOW)
        return purpose.iri

    def grant(self, name: str, document: dict[str, Any], *, text: str | None = None) -> Grant:
        rule = CLAIM_RULES[document["rule"]]
        pod, purpose = self.pod(name), self.declare(document, text=text)
        return Grant(
            id=GrantId(f"{0xA0 + pod.key:032x}"),
            iri=f"{ORIGIN}/.consent/grants/{0xA0 + pod.key:032x}",
            pod=pod.key,
            subject=pod.owner,
            controller=WebId(COOP),
            purpose=purpose,
            items=(DataItem(rule.text.shape, rule.text.reads, OutputMode.CLAIM),),
            state=GrantState.GIVEN,
            given_at=NOW,
            expires_at=NOW + 1000,
            epoch=1,
            pairwise=Pairwise(f"pair-{name}"),
            digest="",
            notice_digest="",
        )

    def evaluate(
        self, name: str, grant: Grant, body: Any, between: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Return what leaves of a claim, as the host does it: allowed, read, then settled."""
        return dict(self.left(name, grant, body, between).result)

    def left(self, name: str, grant: Grant, body: Any, between: Callable[[], None] = lambda: None) -> Left:
        """Return the result with its signed bytes."""
        pod, wanted = self.pod(name), asked(body)
        require_allowed(self.tx, grant, wanted)
        known = is_answered(self.tx, grant, wanted)
        found = None if known else find(self.tx, pod, wanted, Deadline(lambda: 0.0))
        between()
        return settle(self.tx, pod, grant, wanted, found, NOW, self.seal)

    def claim(
        self, name: str, document: dict[str, Any] | None = None, period: dict[str, str] | None = None
    ) -> dict[str, Any]:
        document = document or programme()
        return self.evaluate(name, self.grant(name, document), request(document, period))


@pytest.fixture
def town(tmp_path: FilePath) -> Iterator[Town]:
    store = SqliteStore(tmp_path / "pods.sqlite", [*SCHEMAS, *claims_sql.SCHEMAS])
    keys = SigningKeys.open(tmp_path / "keys.json", clock=lambda: NOW)
    with store.writing() as tx:
        tx.execute(
            "INSERT INTO controller VALUES (?, 'Coop', 'cooperative', '', '', '{}', 'approved', 0)", (COOP,)
        )
        yield Town(tx, ResultSeal(keys, ORIGIN))
    store.close()


def test_the_sum_and_the_number_of_the_period_leave(town: Town) -> None:
    town.holds("anna", purchase(1, 1250), purchase(2, 301, key=MARKET), purchase(3, 99, "2017-11-01"))
    result = town.claim("anna")
    assert (result["amount"], result["count"], result["unit"]) == (1551, 2, "EUR")
    assert len(set(result["nullifiers"])) == 2


def test_no_date_no_shop_and_no_single_amount_leaves(town: Town) -> None:
    town.holds("anna", purchase(1, 1250), purchase(2, 301, key=MARKET))
    text = json.dumps(town.claim("anna"))
    for secret in ("2017-10-03", FORNO.issuer, "bakery", f"{1:032x}", "anna/"):
        assert secret not in text
    # As a word: three digits come in digests too, now and then.
    assert not {"1250", "301"} & set(re.findall(r"\w+", text))


def test_a_receipt_that_two_people_hold_counts_for_the_first_alone(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    town.holds("bruno", purchase(1, 1250), purchase(2, 40))
    assert town.claim("anna")["amount"] == 1250
    second = town.claim("bruno")
    assert (second["amount"], second["count"]) == (40, 1)


def test_a_receipt_stored_twice_in_a_pod_counts_once(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    town.holds("anna", purchase(1, 1250), suffix="-copy")
    town.holds("anna", purchase(1, 1250), folder="purchases/2017-11/")
    assert town.claim("anna", period={"from": "2017-10", "to": "2017-11"})["amount"] == 1250


def test_the_same_receipt_counts_in_another_programme(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    first, second = town.claim("anna"), town.claim("anna", programme(name="progetti"))
    assert first["amount"] == second["amount"] == 1250
    assert set(first["nullifiers"]).isdisjoint(second["nullifiers"])


def test_a_repeated_request_gets_the_first_answer_even_if_receipts_arrived(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    first = town.claim("anna")
    town.holds("anna", purchase(2, 999))
    assert town.claim("anna") == first


def test_a_month_is_answered_once_so_that_differences_tell_nothing(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    town.claim("anna")
    with pytest.raises(Conflict):
        town.claim("anna", period={"from": "2017-10", "to": "2017-11"})
    assert town.claim("anna", period={"from": "2017-11", "to": "2017-11"})["amount"] == 0


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (purchase(1, 1250)[:-4] + b"AAAA", "a changed signature"),
        (purchase(1, 1250, key=STRANGER), "an issuer outside the programme"),
        (b"not a receipt", "no receipt at all"),
        (signing.seal(b"{}", FORNO), "a signed nothing"),
    ],
)
def test_what_does_not_verify_counts_nothing(town: Town, broken: bytes, why: str) -> None:
    root = town.pod("anna").root
    town.tx.write(Path(f"{root}purchases/2017-10/x.jws"), signing.MEDIA_TYPE, broken, NOW)
    assert town.claim("anna")["amount"] == 0, why


def test_a_receipt_of_another_month_in_the_folder_of_this_one_counts_nothing(town: Town) -> None:
    town.holds("anna", purchase(1, 1250, "2017-09-30"), folder="purchases/2017-10/")
    assert town.claim("anna")["amount"] == 0


def test_hours_given_are_of_the_same_rank_as_money_spent(town: Town) -> None:
    town.holds("anna", help_given(1, 90), help_given(2, 60), help_given(3, 45, "attendance"))
    assert town.claim("anna", programme(MINUTES, "ore"))["amount"] == 150
    assert town.claim("anna", programme(TIMES, "presenze"))["amount"] == 1


def test_terms_that_nobody_agreed_to_are_refused(town: Town) -> None:
    agreed = programme()
    grant = town.grant("anna", agreed)
    narrowed = {**agreed, "issuers": agreed["issuers"][:1]}
    with pytest.raises(Forbidden, match="fingerprint"):
        town.evaluate("anna", grant, request(narrowed))


def test_a_grant_that_lacks_a_property_the_rule_reads_is_not_enough(town: Town) -> None:
    document = programme()
    narrow = replace(
        town.grant("anna", document), items=(DataItem("Purchase", ("total",), OutputMode.CLAIM),)
    )
    with pytest.raises(Forbidden, match="orderedAt"):
        town.evaluate("anna", narrow, request(document))


@pytest.mark.parametrize("mode", [OutputMode.ROWS, OutputMode.AGGREGATE_ONLY, OutputMode.APPEND])
def test_no_other_mode_allows_a_claim(town: Town, mode: OutputMode) -> None:
    document = programme()
    other = DataItem("Purchase", CLAIM_RULES[PURCHASES].text.reads, mode)
    grant = replace(town.grant("anna", document), items=(other,))
    with pytest.raises(Forbidden):
        town.evaluate("anna", grant, request(document))


def changed(**parts: Any) -> dict[str, Any]:
    return {**request(programme()), **parts}


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (None, BadContent),
        (changed(surprise=1), BadContent),
        (changed(period={"from": "2017-10-01", "to": "2017-10-02"}), BadContent),
        (changed(period={"from": "2017-10", "to": "2017-09"}), BadContent),
        (changed(period={"from": "2016-01", "to": "2017-12"}), BadContent),
        (changed(period={"from": "2018-01", "to": "2018-01"}), Unprocessable),
        (changed(rule=MINUTES), BadContent),
        (changed(programme={**programme(), "rule": "https://example.org/any"}), BadContent),
        (changed(programme={**programme(), "minimum_trust": 0}), BadContent),
        (changed(programme={**programme(), "issuers": []}), BadContent),
        (changed(programme={**programme(), "issuers": [{"iri": "x"}]}), BadContent),
    ],
)
def test_an_unclear_request_is_refused_with_a_place(town: Town, asked: Any, error: type[Exception]) -> None:
    grant = town.grant("anna", programme())
    with pytest.raises(error):
        town.evaluate("anna", grant, asked)


def test_the_owner_can_see_what_left_word_for_word(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    result = town.claim("anna")
    (left,) = claims_sql.of_pod(town.tx, town.pod("anna").key)
    assert (left.at, left.result) == (NOW, result)
    assert left.purpose.endswith("/ristorno/1")


def test_every_published_rule_is_computed() -> None:
    assert set(RULE_TEXTS) == set(CLAIM_RULES)
    for rule in RULE_TEXTS.values():
        assert set(rule.reads) <= set(SHAPES[rule.shape].by_name)


PUBLISHED = {
    PURCHASES: "sha256-bb4642ae9ba1b7d41e4bb78ff0c8508a508101ffa04a88b38c600cc22d41eac6",
    MINUTES: "sha256-23c131f69ebe42e6e8e6b48d2a040df0385fae81c0aa188bb46b3ae82acda416",
    TIMES: "sha256-ff7171c8af978c82c1b1ffe69b604892d7cd59f0d3f10a1da0b92e90958cbaf0",
}


def test_a_published_rule_is_never_edited() -> None:
    """A digest that changes here is a rule that changed under those who consented: publish another version."""
    assert {iri: rule.digest for iri, rule in CLAIM_RULES.items()} == PUBLISHED


@pytest.mark.parametrize(
    "change", [{"adds": "seller_secret"}, {"moment": "when"}, {"where": (("buyer", "anna"),)}]
)
def test_a_rule_that_names_what_the_language_does_not_know_is_not_loaded(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        loaded(replace(RULE_TEXTS[PURCHASES], **change))


def test_a_rule_whose_condition_does_not_hold_counts_nothing(town: Town) -> None:
    town.holds("anna", help_given(1, 90, "attendance"))
    assert town.claim("anna", programme(MINUTES, "ore"))["count"] == 0


def test_a_rule_that_takes_too_long_is_stopped_and_computes_nothing(town: Town) -> None:
    town.holds("anna", *(purchase(number, 100) for number in range(1, 6)))
    ticks = iter(range(100))
    wanted = asked(request(programme()))
    with pytest.raises(Unprocessable, match="more than 2 seconds"):
        find(town.tx, town.pod("anna"), wanted, Deadline(lambda: float(next(ticks)), 2.0))
    assert claims_sql.of_pod(town.tx, town.pod("anna").key) == []
    assert town.claim("anna")["count"] == 5


def test_too_many_receipts_are_refused_before_one_is_read(town: Town) -> None:
    root = town.pod("anna").root
    for number in range(MAX_RECEIPTS + 1):
        town.tx.write(Path(f"{root}purchases/2017-10/n{number}.jws"), signing.MEDIA_TYPE, b"x", NOW)
    with pytest.raises(Unprocessable, match="more than 4000 receipts"):
        town.claim("anna")


def test_a_file_that_is_too_large_to_be_a_receipt_is_not_read(town: Town) -> None:
    root = town.pod("anna").root
    large = b"x" * (MAX_RECEIPT_BYTES + 1)
    town.tx.write(Path(f"{root}purchases/2017-10/large.jws"), signing.MEDIA_TYPE, large, NOW)
    town.holds("anna", purchase(1, 1250))
    assert find(town.tx, town.pod("anna"), asked(request(programme())), Deadline(lambda: 0.0)).basis == tuple(
        (entry.path, entry.etag)
        for entry in town.tx.children(Path(f"{root}purchases/2017-10/"))
        if not entry.path.endswith("large.jws")
    )


def test_a_receipt_that_comes_or_goes_while_the_rule_runs_makes_it_stale(town: Town) -> None:
    town.holds("anna", purchase(1, 1250), purchase(2, 300))
    grant, body = town.grant("anna", programme()), request(programme())
    month = Path(f"{town.pod('anna').root}purchases/2017-10/")

    def one_is_deleted() -> None:
        town.tx.delete(town.tx.children(month)[0].path, NOW)

    with pytest.raises(Stale):
        town.evaluate("anna", grant, body, one_is_deleted)
    with pytest.raises(Stale):
        town.evaluate("anna", grant, body, lambda: town.holds("anna", purchase(3, 40)))
    assert town.evaluate("anna", grant, body)["count"] == 2


def test_the_result_names_rule_digest_grant_purpose_and_epoch(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    document = programme()
    grant = replace(town.grant("anna", document), epoch=7)
    result = town.evaluate("anna", grant, request(document))
    assert result["rule"] == PURCHASES
    assert result["rule_digest"] == CLAIM_RULES[PURCHASES].digest
    assert (result["grant"], result["purpose"], result["epoch"]) == (grant.id, grant.purpose, 7)


def test_the_same_request_gets_the_same_bytes(town: Town) -> None:
    town.holds("anna", purchase(1, 1250))
    grant, body = town.grant("anna", programme()), request(programme())
    assert town.left("anna", grant, body).signed == town.left("anna", grant, body).signed


def test_a_result_whose_key_was_dropped_is_signed_anew(town: Town, tmp_path: FilePath) -> None:
    town.holds("anna", purchase(1, 1250))
    grant, body = town.grant("anna", programme()), request(programme())
    before = town.left("anna", grant, body)
    SigningKeys.rotate(tmp_path / "keys.json", at=NOW, compromised=True)
    town.seal = ResultSeal(SigningKeys.open(tmp_path / "keys.json", clock=lambda: NOW), ORIGIN)
    after = town.left("anna", grant, body)
    assert after.result == before.result
    assert town.seal.holds(after.signed)
    assert not town.seal.holds(before.signed)
    (kept,) = claims_sql.of_pod(town.tx, town.pod("anna").key)
    assert kept.signed == after.signed
