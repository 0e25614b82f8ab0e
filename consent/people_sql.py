"""Whose pod is whose, and who may be asked: rows of pods seen from consent."""

from __future__ import annotations

from consent.model import (
    DAY,
    REFUSAL_COOL_DOWN_DAYS,
    REQUEST_WINDOW_DAYS,
    REQUESTS_PER_PERSON,
    GrantState,
    Suspension,
)
from pods.model import Path, WebId
from pods.storage.base import Pod, Transaction


def own_pod(tx: Transaction, webid: str) -> Pod | None:
    """Return the pod that this WebID owns here; the first one, if there are several."""
    rows = tx.execute("SELECT key FROM pod WHERE owner = ? ORDER BY key LIMIT 1", (webid,))
    return tx.pod_by_key(rows[0][0]) if rows else None


def may_be_asked(
    tx: Transaction, purpose: str, identifier: str, at: float, *, after: int, limit: int
) -> list[Pod]:
    """Return pods whose owners may be asked for a purpose, in the order of their keys from `after` on.

    Left out are organisations, those who decided or were asked already, those who said no or "later" to any
    version of the purpose within the cool-down, and those whom this controller asked often enough lately. A grant
    that expired may be asked for again, and a question that nobody answered for as long as a no would hold.
    """
    quiet = at - REFUSAL_COOL_DOWN_DAYS * DAY
    rows = tx.execute(
        "SELECT p.key, p.name, p.owner FROM pod p WHERE p.key > ?"
        # A pod that is being removed has no owner any more.
        " AND p.owner <> ''"
        " AND NOT EXISTS (SELECT 1 FROM controller c WHERE c.iri = p.owner)"
        " AND NOT EXISTS (SELECT 1 FROM grant_ g WHERE g.pod = p.key AND g.purpose = ?"
        "  AND (g.state IN (?, ?, ?, ?) OR (g.state = ? AND g.expires_at > ?)"
        "   OR (g.state IN (?, ?) AND g.changed_at > ?)))"
        " AND NOT EXISTS (SELECT 1 FROM deferral d WHERE d.pod = p.key AND d.identifier = ? AND d.until > ?)"
        " AND (SELECT count(*) FROM request_sent s JOIN purpose u ON u.controller = s.controller"
        "  WHERE s.pod = p.key AND u.iri = ? AND s.at > ?) < ?"
        " AND NOT EXISTS (SELECT 1 FROM refusal r WHERE r.pod = p.key AND r.identifier = ? AND r.at > ?)"
        " ORDER BY p.key LIMIT ?",
        (
            *(after, purpose),
            *(GrantState.WITHDRAWN.value, GrantState.SUPERSEDED.value, GrantState.REVOKED.value),
            *(GrantState.SUSPENDED.value, GrantState.GIVEN.value, at),
            *(GrantState.ASKED.value, GrantState.DEFERRED.value, quiet),
            *(identifier, at, purpose, at - REQUEST_WINDOW_DAYS * DAY, REQUESTS_PER_PERSON),
            *(identifier, quiet, limit),
        ),
    )
    return [Pod(key, name, Path(f"/{name}/"), WebId(owner)) for key, name, owner in rows]


def resting(tx: Transaction, identifier: str, *, after: int, limit: int) -> list[int]:
    """Return keys of pods with a grant that a material change of a purpose let rest, in order from `after` on."""
    rows = tx.execute(
        "SELECT DISTINCT g.pod FROM suspension s JOIN grant_ g ON g.id = s.grant_id"
        " JOIN purpose p ON p.iri = g.purpose WHERE s.reason = ? AND p.identifier = ? AND g.state = ? AND g.pod > ?"
        " ORDER BY g.pod LIMIT ?",
        (Suspension.MATERIAL_CHANGE.value, identifier, GrantState.SUSPENDED.value, after, limit),
    )
    return [row[0] for row in rows]


def remember_refusal(tx: Transaction, pod: int, identifier: str, at: float) -> None:
    """Remember that a person said no to a purpose, in whatever version."""
    tx.execute(
        "INSERT INTO refusal (pod, identifier, at) VALUES (?, ?, ?)"
        " ON CONFLICT (pod, identifier) DO UPDATE SET at = excluded.at",
        (pod, identifier, at),
    )


def forget_refusal(tx: Transaction, pod: int, identifier: str) -> None:
    """Forget a refusal, since the person changed their mind and gave."""
    tx.execute("DELETE FROM refusal WHERE pod = ? AND identifier = ?", (pod, identifier))


def deferred_until(tx: Transaction, pod: int, identifier: str) -> float | None:
    """Return until when a person put off a purpose, in whatever version; None if they never did."""
    rows = tx.execute("SELECT until FROM deferral WHERE pod = ? AND identifier = ?", (pod, identifier))
    return float(rows[0][0]) if rows else None


def deferrals(tx: Transaction, pod: int, at: float) -> list[tuple[str, float]]:
    """Return what a person put off and has not been asked again: identifiers of purposes, and until when."""
    rows = tx.execute(
        "SELECT identifier, until FROM deferral WHERE pod = ? AND until > ? ORDER BY until", (pod, at)
    )
    return [(identifier, float(until)) for identifier, until in rows]


def remember_deferral(tx: Transaction, pod: int, identifier: str, until: float) -> None:
    """Remember that a person said "later"; the row stays when that time is over, for it is said once only."""
    tx.execute("INSERT INTO deferral (pod, identifier, until) VALUES (?, ?, ?)", (pod, identifier, until))


def forget_deferral(tx: Transaction, pod: int, identifier: str) -> None:
    """Forget a deferral, since the person answered."""
    tx.execute("DELETE FROM deferral WHERE pod = ? AND identifier = ?", (pod, identifier))


def note_request(tx: Transaction, controller: str, pod: int, at: float) -> None:
    """Note that a controller asked a person; pod 0 stands for a round to everybody."""
    tx.execute("INSERT INTO request_sent (controller, pod, at) VALUES (?, ?, ?)", (controller, pod, at))


def rounds_since(tx: Transaction, controller: str, since: float) -> list[float]:
    """Return when a controller asked everybody since a time, the oldest first; forget what is older."""
    tx.execute("DELETE FROM request_sent WHERE controller = ? AND pod = 0 AND at <= ?", (controller, since))
    rows = tx.execute(
        "SELECT at FROM request_sent WHERE controller = ? AND pod = 0 ORDER BY at", (controller,)
    )
    return [float(row[0]) for row in rows]
