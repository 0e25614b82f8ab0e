"""The draft of what the authority must be told of a breach (GDPR art. 33(3)), as Markdown; it names no person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from consent.rights.breach_sql import Breach
from consent.rights.deadlines import BREACH_HOURS, ROME


def draft(breach: Breach, entries: Sequence[tuple[float, str]], told: int, at: float) -> str:
    """Return the draft in Italian, the language of the authority; what only people know is left to be filled in."""
    hours = (breach.due_at - at) / 3600
    clock = f"mancano {hours:.0f} ore" if hours >= 0 else f"scaduto da {-hours:.0f} ore: indicare il motivo"
    sent = _moment(breach.authority_at) if breach.authority_at is not None else f"non ancora ({clock})"
    measures = "\n".join(f"- {_moment(when)}: {words}" for when, words in entries)
    lines = (
        f"# Notifica di violazione dei dati personali (bozza) – {breach.id}",
        "",
        "GDPR, articolo 33(3). Bozza ricavata dal registro delle violazioni e dal registro degli accessi.",
        "",
        "## Tempi",
        f"- Conoscenza della violazione: {_moment(breach.aware_at)}",
        f"- Termine di {BREACH_HOURS} ore: {_moment(breach.due_at)}",
        f"- Notifica all'autorità: {sent}",
        "",
        "## a) Natura della violazione",
        breach.nature,
        "",
        f"- Accesso da parte di: {breach.agent or 'qualunque agente'}",
        f"- Per mezzo del client: {breach.client or 'qualunque client'}",
        f"- Dal {_moment(breach.begins)} al {_moment(breach.ends)}",
        f"- Interessati, secondo il registro degli accessi: {breach.affected}",
        f"- Interessati già avvisati: {told}",
        "",
        "## b) Responsabile della protezione dei dati",
        "[nome e recapito]",
        "",
        "## c) Probabili conseguenze",
        "[da valutare]",
        "",
        "## d) Misure adottate o proposte",
        measures or "- nessuna annotata",
        "",
    )
    return "\n".join(lines)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, ROME).strftime("%d.%m.%Y %H:%M (ora italiana)")
