"""Code lists of trade and of participation: merchant categories, member shops, kinds, themes and roles."""

from __future__ import annotations

from vocab.codes import code_list, label

CATEGORY = code_list(
    "category",
    label("Categoria merceologica", "Merchant category"),
    [
        ("grocery", label("Alimentari confezionati", "Packaged groceries")),
        ("produce", label("Frutta e verdura", "Fruit and vegetables")),
        ("meat", label("Carne e salumi", "Meat")),
        ("fish", label("Pesce", "Fish and seafood")),
        ("bakery", label("Pane e pasticceria", "Bread and pastry")),
        ("deli", label("Gastronomia e piatti pronti", "Delicatessen and prepared food")),
        ("nutrition", label("Alimentazione e benessere", "Nutrition and wellness")),
        ("household", label("Casa e cura della persona", "Household and personal care")),
        ("beverages", label("Vini e liquori", "Wines and spirits")),
        ("garden", label("Fiori e giardino", "Flowers and garden")),
        ("fuel", label("Carburante", "Fuel")),
        ("other", label("Altro", "Other")),
    ],
)

# Invented member shops of the demo cooperative: (notation, name, neighbourhood).
_SHOPS = (
    *(
        ("forno", "Forno dell'Orologio (demo)", "orologio"),
        ("mercato-pieve", "Mercato Pieve", "pieve-modolena"),
    ),
    *(("bottega-cade", "Bottega di Cadè", "cade"), ("spaccio-cella", "Spaccio di Cella", "cella")),
    *(
        ("alimentari-rivalta", "Alimentari Rivalta", "rivalta"),
        ("emporio-canali", "Emporio Canali", "canali"),
    ),
    *(
        ("dispensa-fogliano", "La Dispensa di Fogliano", "fogliano"),
        ("crocetta", "Market Crocetta", "crocetta"),
    ),
    *(("rosta", "Cooperativa Rosta Nuova", "rosta-nuova"), ("baragalla", "Market Baragalla", "baragalla")),
    *(("strada-alta", "Bottega Strada Alta", "strada-alta"), ("belvedere", "Market Belvedere", "belvedere")),
    *(("ospizio", "Market Ospizio", "ospizio"), ("mirabello", "Emporio Mirabello", "mirabello")),
    *(("san-maurizio", "Alimentari San Maurizio", "san-maurizio"), ("masone", "Bottega di Masone", "masone")),
    *(("bagno", "Spaccio di Bagno", "bagno"), ("sesso", "Market Sesso", "sesso")),
    *(
        ("massenzatico", "Bottega di Massenzatico", "massenzatico"),
        ("gardenia", "Market Gardenia", "gardenia"),
    ),
    *(
        ("santa-croce", "Emporio Santa Croce", "santa-croce"),
        ("esagono", "Bottega Esagono", "centro-storico"),
    ),
    *(
        ("piazza-zanti", "Bottega di Piazza Zanti", "cavriago"),
        ("corte-tegge", "Market Corte Tegge", "cavriago"),
    ),
)

SHOP = code_list(
    "shop",
    label("Negozio aderente", "Member shop"),
    [
        (notation, label(name if name.endswith("(demo)") else f"{name} (demo)"), neighbourhood)
        for notation, name, neighbourhood in _SHOPS
    ],
)

KIND = code_list(
    "participation-kind",
    label("Tipo di partecipazione", "Kind of participation"),
    [
        ("attendance", label("Presenza a un'iniziativa", "Attendance")),
        ("volunteering", label("Volontariato", "Volunteering")),
        ("proposal", label("Lavoro su una proposta", "Work on a proposal")),
    ],
)

THEME = code_list(
    "theme",
    label("Tema", "Theme"),
    [
        ("green", label("Cura del verde", "Green care")),
        ("mobility", label("Traffico e piste ciclabili", "Traffic and cycle paths")),
        ("safety", label("Decoro e sicurezza", "Decay and safety")),
        ("youth", label("Spazi per i giovani", "Spaces for the young")),
        ("maintenance", label("Manutenzioni", "Maintenance")),
        ("learning", label("Biblioteche e doposcuola", "Libraries and after-school")),
        ("night-life", label("Sosta e vita notturna", "Parking and night life")),
        ("food", label("Cucina e pasti condivisi", "Shared meals")),
        ("culture", label("Cultura e laboratori", "Culture and workshops")),
        ("digital", label("Digitale facile", "Digital help")),
    ],
)

ROLE = code_list(
    "role",
    label("Ruolo", "Role"),
    [
        ("participant", label("Partecipante", "Participant")),
        ("volunteer", label("Volontario/a", "Volunteer")),
        ("organiser", label("Organizzatore/trice", "Organiser")),
        ("proposer", label("Proponente", "Proposer")),
        ("facilitator", label("Facilitatore/trice", "Facilitator")),
        ("reviewer", label("Revisore", "Reviewer")),
    ],
)
