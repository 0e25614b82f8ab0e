"""Rows of assisted sessions: who is admitted as a community custodian, and the codes that people opened."""

from __future__ import annotations

from dataclasses import dataclass

from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Opened:
    """A code that somebody opened: its digest, for how many minutes of help, until when it can be used."""

    digest: str
    minutes: int
    until: float
    guesses: int


def admit(tx: Transaction, webid: str, evidence: str, at: float) -> None:
    """Admit a community custodian, whose identity and mandate the operator has seen."""
    tx.execute(
        "INSERT INTO custodian (webid, evidence, at) VALUES (?, ?, ?)"
        " ON CONFLICT (webid) DO UPDATE SET evidence = excluded.evidence, at = excluded.at",
        (webid, evidence, at),
    )


def dismiss(tx: Transaction, webid: str) -> None:
    """Dismiss a custodian."""
    tx.execute("DELETE FROM custodian WHERE webid = ?", (webid,))


def is_custodian(tx: Transaction, webid: str) -> bool:
    """Say whether the operator admitted this custodian."""
    return bool(tx.execute("SELECT 1 FROM custodian WHERE webid = ?", (webid,)))


def open_code(tx: Transaction, pod: int, value: Opened) -> None:
    """Keep the code of a pod; a newer one takes its place."""
    tx.execute(
        "INSERT INTO assistance (pod, digest, minutes, until, guesses) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (pod) DO UPDATE SET digest = excluded.digest, minutes = excluded.minutes,"
        " until = excluded.until, guesses = excluded.guesses",
        (pod, value.digest, value.minutes, value.until, value.guesses),
    )


def opened(tx: Transaction, pod: int) -> Opened | None:
    """Return the open code of a pod."""
    rows = tx.execute("SELECT digest, minutes, until, guesses FROM assistance WHERE pod = ?", (pod,))
    return Opened(*rows[0]) if rows else None


def close_code(tx: Transaction, pod: int) -> None:
    """Drop the code: it was used, or guessed wrong too often."""
    tx.execute("DELETE FROM assistance WHERE pod = ?", (pod,))
