"""The draft of what the authority must be told of a breach (GDPR art. 33(3)), as Markdown; it names no person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from consent.rights.breach_extent import Extent
from consent.rights.breach_sql import Breach
from consent.rights.deadlines import BREACH_HOURS, ROME

TO_FILL = "[da completare]"


def draft(
    breach: Breach,
    extent: Extent,
    entries: Sequence[tuple[float, str]],
    told: int,
    at: float,
    *,
    controller: str = "",
) -> str:
    """Return the draft in Italian, the language of the authority; what only people know is left to be filled in.

    The authority takes notifications through its own online service: these are the answers to copy there.
    """
    hours = (breach.due_at - at) / 3600
    clock = f"mancano {hours:.0f} ore" if hours >= 0 else f"scaduto da {-hours:.0f} ore: indicare il motivo"
    places = ", ".join(f"{name} ({count})" for name, count in extent.places.items()) or "nessuno"
    people = f"{told} di {breach.affected}" if breach.affected else "nessuno da avvisare"
    sent = _moment(breach.authority_at) if breach.authority_at is not None else f"non ancora ({clock})"
    measures = "\n".join(f"- {_moment(when)}: {words}" for when, words in entries)
    lines = (
        f"# Notifica di violazione dei dati personali (bozza) – {breach.id}",
        "",
        "GDPR, articolo 33(3). Bozza ricavata dal registro delle violazioni e dal registro degli accessi. La notifica si "
        "trasmette con il servizio telematico del Garante (https://servizi.gpdp.it/databreach/s/); le informazioni non "
        "ancora note si forniscono in fasi successive (articolo 33(4)).",
        "",
        "## Titolare del trattamento",
        controller or breach.agent or TO_FILL,
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
        "- Categorie di interessati: persone che hanno un pod su questo server e hanno dato un consenso",
        f"- Interessati, secondo il registro degli accessi: {breach.affected}",
        f"- Registrazioni: {extent.uses} letture di {extent.documents} documenti",
        f"- Categorie di dati, per cartella del pod (numero di documenti): {places}",
        "- Categorie particolari di dati (articolo 9) o condanne (articolo 10): [indicare]",
        "- Riservatezza, integrità o disponibilità: riservatezza (accessi in lettura); altro: [indicare]",
        "",
        "## b) Responsabile della protezione dei dati",
        breach.contact or "[nome e recapito]",
        "",
        "## c) Probabili conseguenze",
        breach.consequences or "[da valutare]",
        "",
        "## d) Misure adottate o proposte",
        breach.measures or "[da descrivere]",
        "",
        "## Comunicazione agli interessati (articolo 34)",
        f"- Interessati già avvisati nella casella del pod: {people}",
        f"- Comunicazione pubblica: {_moment(breach.public_at) if breach.public_at is not None else 'no'}",
        "",
        "## Cronologia",
        measures or "- nessuna annotazione",
        "",
    )
    return "\n".join(lines)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, ROME).strftime("%d.%m.%Y %H:%M (ora italiana)")
