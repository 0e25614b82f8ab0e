"""The draft of what the authority must be told of a breach (GDPR art. 33(3)), as Markdown; it names no person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from consent.rights.breach_extent import Extent
from consent.rights.breach_sql import Breach
from consent.rights.deadlines import BREACH_HOURS, ROME
from vocab.shapes import SHAPES

_ITALIAN = """\
# Notifica di violazione dei dati personali (bozza) – {id}

GDPR, articolo 33(3). Bozza ricavata dal registro delle violazioni e dal registro degli accessi. La notifica si \
trasmette con il servizio telematico del Garante (https://servizi.gpdp.it/databreach/s/); le informazioni non ancora \
note si forniscono in fasi successive (articolo 33(4)).

## Titolare del trattamento
{controller}

## Tempi
- Conoscenza della violazione: {aware}
- Termine di {hours} ore: {due}
- Notifica all'autorità: {sent}

## a) Natura della violazione
{nature}

- Accesso da parte di: {agent}
- Per mezzo del client: {client}
- Dal {begins} al {ends}
- Categorie di interessati: persone che hanno un pod su questo server e hanno dato un consenso
- Interessati, secondo il registro degli accessi: {affected}
- Registrazioni: {uses} letture di {documents} documenti
- Categorie di dati coinvolte: {data}
- Categorie di dati, per cartella del pod (numero di documenti): {places}
- Categorie particolari di dati (articolo 9) o condanne (articolo 10): [indicare]
- Riservatezza, integrità o disponibilità: riservatezza (accessi in lettura); altro: [indicare]

## b) Responsabile della protezione dei dati
{contact}

## c) Probabili conseguenze
{consequences}

## d) Misure adottate o proposte
{measures}

## Comunicazione agli interessati (articolo 34)
- Interessati già avvisati nella casella del pod: {told}
- Comunicazione pubblica: {public}

## Cronologia
{entries}
"""
_ENGLISH = """\
# Notification of a personal data breach (draft) – {id}

GDPR, article 33(3). A draft made from the register of breaches and the access log. In Italy the notification goes \
through the authority's online service (https://servizi.gpdp.it/databreach/s/), in Italian; what is not known yet may \
follow in phases (article 33(4)).

## Controller
{controller}

## Times
- Aware of the breach: {aware}
- End of the {hours} hours: {due}
- Notification to the authority: {sent}

## a) Nature of the breach
{nature}

- Accessed by: {agent}
- Through the client: {client}
- From {begins} to {ends}
- Categories of data subjects: people who have a pod on this server and gave a consent
- Data subjects, by the access log: {affected}
- Records: {uses} reads of {documents} documents
- Categories of data concerned: {data}
- Categories of data, by folder of the pod (number of documents): {places}
- Special categories of data (article 9) or convictions (article 10): [to be stated]
- Confidentiality, integrity or availability: confidentiality (reads); other: [to be stated]

## b) Data protection officer
{contact}

## c) Likely consequences
{consequences}

## d) Measures taken or proposed
{measures}

## Communication to the data subjects (article 34)
- Data subjects told in the inbox of their pod: {told}
- Public communication: {public}

## What was done
{entries}
"""
_TEXTS: Mapping[str, str] = {"it": _ITALIAN, "en": _ENGLISH}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "it": {
        "fill": "[da completare]",
        "left": "non ancora (mancano {hours:.0f} ore)",
        "over": "non ancora (scaduto da {hours:.0f} ore: indicare il motivo)",
        "of": "{told} di {affected}",
        "nobody": "nessuno da avvisare",
        "none": "nessuno",
        "agent": "qualunque agente",
        "client": "qualunque client",
        "data": "tutte quelle servite",
        "no": "no",
        "no entries": "- nessuna annotazione",
        "moment": "%d.%m.%Y %H:%M (ora italiana)",
    },
    "en": {
        "fill": "[to be completed]",
        "left": "not yet ({hours:.0f} hours left)",
        "over": "not yet (over since {hours:.0f} hours: give the reason)",
        "of": "{told} of {affected}",
        "nobody": "nobody to tell",
        "none": "none",
        "agent": "any agent",
        "client": "any client",
        "data": "all that were served",
        "no": "no",
        "no entries": "- nothing noted",
        "moment": "%d.%m.%Y %H:%M (Italian time)",
    },
}


def draft(
    breach: Breach,
    extent: Extent,
    entries: Sequence[tuple[float, str]],
    told: int,
    at: float,
    *,
    controller: str = "",
    language: str = "it",
) -> str:
    """Return the draft, in Italian for the authority or in English; what only people know is left to be filled in.

    The authority takes notifications through its own online service: these are the answers to copy there.
    """
    words = _WORDS[language]

    def moment(when: float) -> str:
        return datetime.fromtimestamp(when, ROME).strftime(words["moment"])

    hours = (breach.due_at - at) / 3600
    clock = words["left" if hours >= 0 else "over"].format(hours=abs(hours))
    return _TEXTS[language].format(
        id=breach.id,
        controller=controller or breach.agent or words["fill"],
        hours=BREACH_HOURS,
        aware=moment(breach.aware_at),
        due=moment(breach.due_at),
        sent=moment(breach.authority_at) if breach.authority_at is not None else clock,
        nature=breach.nature,
        agent=breach.agent or words["agent"],
        client=breach.client or words["client"],
        begins=moment(breach.begins),
        ends=moment(breach.ends),
        affected=breach.affected,
        uses=extent.uses,
        documents=extent.documents,
        data=", ".join(SHAPES[shape].label[language] for shape in breach.data) or words["data"],
        places=", ".join(f"{name} ({count})" for name, count in extent.places.items()) or words["none"],
        contact=breach.contact or words["fill"],
        consequences=breach.consequences or words["fill"],
        measures=breach.measures or words["fill"],
        told=words["of"].format(told=told, affected=breach.affected) if breach.affected else words["nobody"],
        public=moment(breach.public_at) if breach.public_at is not None else words["no"],
        entries="\n".join(f"- {moment(when)}: {text}" for when, text in entries) or words["no entries"],
    )
