"""The price of consent: an aggregate question over everybody's pod, against the same SQL on one central table."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from pathlib import Path

import duckdb
import httpx

from apps.cli import programmes, stage
from apps.cli.operator import operator_core
from apps.cli.scenes import Town
from apps.imports.mapping import mapping_tables
from apps.imports.source import CompleteJourney
from apps.settings import AppSettings
from apps.town.people import People
from consent import controllers
from consent.main import extension
from consent.model import PurposeDeclaration
from pods.model import Agent
from pods.settings import PodSettings
from tests.bench.portico import command_line
from tests.bench.servers import running

ROUNDS = 9  # questions, and runs of the SQL; the median of each is compared
VALID = "2030-12-31"
QUESTION = {
    "measure": {"function": "sum", "property": "Purchase.lineAmount"},
    "group_by": ["Profile.district", "Purchase.category"],
    "where": [],
    "period": programmes.YEAR,
}
UPPER = 100_000
CENTRAL = f"""
    SELECT district, category, count(*), sum(v) FROM (
        SELECT household_id, district, category, least(greatest(sum(cents), 0), {UPPER}) AS v
        FROM line WHERE day BETWEEN '2017-01-01' AND '2017-12-31' GROUP BY household_id, district, category)
    GROUP BY district, category"""
"""The question on the bare table: each person's contribution bounded, then added up. No consent, no noise."""


def price(folder: Path, origin: str) -> float:
    """Return how many times as long the question takes over HTTP, on the data that the import left in `folder`."""
    settings = AppSettings(data=folder, pod_url=origin)
    host = PodSettings(data=folder, pod_url=origin, consent_clients=("urn:bench:wallet",))
    portico = {"PORTICO_POD_URL": origin, "PORTICO_DATA": str(folder)}
    serve = [command_line(), "serve", "pods", "--data", str(folder), "--port", origin.rpartition(":")[2]]
    with running(serve, folder.parent, origin, portico):
        asked = asyncio.run(_ask(settings, host))
    return asked / central(folder)


async def _ask(settings: AppSettings, host: PodSettings) -> float:
    record = stage.demo_record(settings)
    if record is None:
        raise RuntimeError("the import left no record of the town")
    async with httpx.AsyncClient(timeout=600, trust_env=False) as http:
        town = Town(http, settings, record)
        service, one = town.service("comune"), town.organisation("comune")
        await service.register(one.title, one.kind, *programmes.CONTACTS["comune"])
        with operator_core(host) as core, core.store.writing() as tx:
            controllers.approve(tx, str(one.webid))
        purpose = await service.publish(programmes.neighbourhood_life(one.title, VALID))
        everybody_agrees(host, record.people, purpose)
        taken = []
        for number in range(ROUNDS + 1):  # another price makes another question, so that none is stored
            query = {**QUESTION, "programme": purpose.programme, "rho": 0.01 + number / 10_000}
            started = time.perf_counter()
            await service.query(query, purpose.iri)
            taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])  # the first one makes the projection


def everybody_agrees(host: PodSettings, people: list[str], purpose: PurposeDeclaration) -> None:
    """Give everybody's consent inside the trust zone: what a wallet sends, without thousands of log-ins."""
    with operator_core(host) as core:
        consents = extension(core).consents
        for start in range(0, len(people), 500):
            with core.store.writing() as tx:
                for name in people[start : start + 500]:
                    pod = tx.pod(name)
                    if pod is None:
                        raise RuntimeError(f"the import left no pod {name}")
                    agent = Agent(pod.owner, host.consent_clients[0], core.settings.pod_url + "/")
                    end = core.clock() + 90 * 86_400
                    consents.give(tx, pod, agent, purpose.iri, purpose.items, end, core.clock())


def central(folder: Path) -> float:
    """Return the median time of the SQL on one table with all lines, made from the package's files."""
    data = CompleteJourney()
    connection = duckdb.connect(str(folder.parent / f"central-{os.getpid()}.duckdb"))
    try:
        people = list(People(aliases=stage.CITIZENS).households(data.households(), data.demographics()))
        for name, table in mapping_tables(people, data.stores(), data.departments()).items():
            connection.register(name, table)
        paths = data.files
        connection.execute(
            f"""CREATE TABLE line AS SELECT household_id, people.district, categories.category,
                CAST(transaction_timestamp AS DATE) AS day, CAST(round(sales_value * 100) AS BIGINT) AS cents
            FROM read_parquet('{paths["transactions"]}') LEFT JOIN read_parquet('{paths["products"]}') AS product
                USING (product_id)
            JOIN people USING (household_id) JOIN categories ON categories.department = coalesce(product.department, '')"""
        )
        taken = []
        for _ in range(ROUNDS + 1):
            started = time.perf_counter()
            connection.execute(CENTRAL).fetchall()
            taken.append(time.perf_counter() - started)
        return statistics.median(taken[1:])
    finally:
        connection.close()
        data.close()
