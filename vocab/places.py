"""Code lists of places: districts (ambiti), neighbourhoods and Case di Quartiere of Reggio Emilia and Cavriago.

Names of districts, neighbourhoods and houses are real. Two facts are not in the published sources and are
assumed here: the district of San Zenone, and in which neighbourhood some houses lie (see docs/vocabulary.md).
"""

from __future__ import annotations

import re
import unicodedata

from vocab.codes import code_list, label

_DISTRICTS = {
    "a": "Ambito A",
    "b": "Ambito B",
    "c": "Ambito C",
    "d": "Ambito D",
    "e": "Ambito E",
    "f": "Ambito F",
    "g": "Ambito G",
    "h": "Ambito H",
    "centro": "Ambito Centro storico",
    "cavriago": "Comune di Cavriago",
}

_NEIGHBOURHOODS = {
    "a": "Gaida, Cadè, Cella, Roncocesi, Cavazzoli",
    "b": "Pieve Modolena, Carrozzone, Regina Pacis, Bell'Albero-Premuda, Orologio, Roncina, Santo Stefano",
    "c": "Canali, Codemondo, Coviolo, Fogliano, Rivalta, San Bartolomeo",
    "d": "Baragalla, Belvedere, Buco del Signore, Buon Pastore, Crocetta, Strada Alta, Migliolungo, "
    "Pappagnocca, Porta Castello, Rosta Nuova, San Pellegrino",
    "e": "Mirabello, Ospizio, Porta San Pietro, San Maurizio, Villaggio Stranieri",
    "f": "Bagno, Castellazzo, Corticella, Gavasseto, Marmirolo, Masone, Roncadella, Sabbione",
    "g": "Gavassa, Mancasale, Massenzatico, Pratofontana, Sesso",
    "h": "Porta Santa Croce, Santa Croce, Tondo, Gardenia, Tribunale, San Prospero Strinati",
    "centro": "Centro storico, San Zenone",
    "cavriago": "Cavriago",
}

# (name, neighbourhood)
_VENUES = (
    *(("Orologio", "orologio"), ("La Mirandola", "ospizio"), ("Orti Spallanzani", "tribunale")),
    *(("Tricolore", "san-maurizio"), ("Catomes Tot", "centro-storico"), ("Fogliano", "fogliano")),
    *(("Sergio Stranieri", "villaggio-stranieri"), ("Rosta Nuova", "rosta-nuova")),
    *(("Buco Magico", "buco-del-signore"), ("Carrozzone", "carrozzone"), ("Gattaglio", "porta-castello")),
    *(("Foscato", "santa-croce"), ("Quaresimo", "codemondo"), ("XXV Aprile", "massenzatico")),
    *(("Fenulli", "crocetta"), ("Primavera", "masone"), ("Pigal", "regina-pacis")),
    *(("Papa Giovanni XXIII", "pappagnocca"), ("Rondò", "cavazzoli"), ("Pablo Neruda", "cade")),
    *(("Pieve Modolena", "pieve-modolena"), ("Orti Montenero", "mirabello"), ("Tasselli", "tondo")),
    ("Centro culturale Multiplo", "cavriago"),
)


def slug(name: str) -> str:
    """Return a name as a notation: `Bell'Albero-Premuda` becomes `bell-albero-premuda`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


DISTRICT = code_list(
    "district",
    label("Ambito", "District"),
    [(notation, label(name)) for notation, name in _DISTRICTS.items()],
)

NEIGHBOURHOOD = code_list(
    "neighbourhood",
    label("Quartiere", "Neighbourhood"),
    [
        (slug(name), label(name), district)
        for district, names in _NEIGHBOURHOODS.items()
        for name in names.split(", ")
    ],
)

VENUE = code_list(
    "venue",
    label("Casa di Quartiere", "Neighbourhood house"),
    [(slug(name), label(name), neighbourhood) for name, neighbourhood in _VENUES],
)


def district_of(neighbourhood: str) -> str:
    """Return the notation of the district in which a neighbourhood lies; KeyError if there is none such."""
    district = NEIGHBOURHOOD.by_notation[neighbourhood].broader
    if district is None:
        raise KeyError(neighbourhood)
    return district
