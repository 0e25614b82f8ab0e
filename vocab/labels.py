"""What terms are called when people read them: labels of our own terms, of codes, and of well-known vocabularies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from vocab.codes import Label, label
from vocab.documents import terms
from vocab.shapes import CODE_LISTS, SHAPES
from vocab.terms import PREFIXES

_WORDS: Mapping[str, tuple[str, str]] = {
    "acl:Authorization": ("Autorizzazione", "Authorization"),
    "acl:AuthenticatedAgent": ("Chiunque abbia effettuato l'accesso", "Everybody who has logged in"),
    "acl:Append": ("Aggiungere", "Append"),
    "acl:Control": ("Decidere gli accessi", "Control"),
    "acl:Read": ("Leggere", "Read"),
    "acl:Write": ("Scrivere", "Write"),
    "acl:accessTo": ("Vale per", "Access to"),
    "acl:agent": ("A chi", "Agent"),
    "acl:agentClass": ("A quale categoria", "Class of agents"),
    "acl:agentGroup": ("A quale gruppo", "Group"),
    "acl:default": ("Vale per tutto ciò che sta in", "Default for"),
    "acl:mode": ("Che cosa è permesso", "Mode"),
    "acl:origin": ("Dall'origine web", "Origin"),
    "as:Announce": ("Annuncio", "Announcement"),
    "as:Note": ("Nota", "Note"),
    "as:Offer": ("Richiesta", "Offer"),
    "as:actor": ("Da parte di", "Actor"),
    "as:content": ("Contenuto", "Content"),
    "as:object": ("Oggetto", "Object"),
    "as:published": ("Pubblicato", "Published"),
    "as:summary": ("In breve", "Summary"),
    "as:target": ("Destinazione", "Target"),
    "dct:created": ("Creato", "Created"),
    "dct:creator": ("Autore", "Creator"),
    "dct:description": ("Descrizione", "Description"),
    "dct:identifier": ("Identificativo", "Identifier"),
    "dct:issued": ("Emesso", "Issued"),
    "dct:license": ("Licenza", "Licence"),
    "dct:modified": ("Modificato", "Modified"),
    "dct:publisher": ("Editore", "Publisher"),
    "dct:subject": ("Argomento", "Subject"),
    "dct:title": ("Titolo", "Title"),
    "dpv:hasPurpose": ("Finalità", "Purpose"),
    "foaf:Agent": ("Chiunque", "Everybody"),
    "foaf:Organization": ("Organizzazione", "Organisation"),
    "foaf:Person": ("Persona", "Person"),
    "foaf:PersonalProfileDocument": ("Profilo personale", "Personal profile"),
    "foaf:homepage": ("Sito", "Homepage"),
    "foaf:img": ("Immagine", "Image"),
    "foaf:knows": ("Conosce", "Knows"),
    "foaf:maker": ("Chi l'ha scritto", "Maker"),
    "foaf:mbox": ("E-mail", "E-mail"),
    "foaf:name": ("Nome", "Name"),
    "foaf:nick": ("Soprannome", "Nickname"),
    "foaf:primaryTopic": ("Parla di", "Primary topic"),
    "ldp:BasicContainer": ("Cartella", "Basic container"),
    "ldp:Container": ("Contenitore", "Container"),
    "ldp:Resource": ("Risorsa", "Resource"),
    "ldp:contains": ("Contiene", "Contains"),
    "ldp:inbox": ("Posta in arrivo", "Inbox"),
    "odrl:Agreement": ("Accordo", "Agreement"),
    "odrl:assignee": ("Concesso a", "Assignee"),
    "odrl:assigner": ("Concesso da", "Assigner"),
    "odrl:permission": ("Permesso", "Permission"),
    "pim:ConfigurationFile": ("Preferenze", "Configuration file"),
    "pim:Storage": ("Archivio personale (pod)", "Storage (pod)"),
    "pim:preferencesFile": ("Preferenze", "Preferences file"),
    "pim:storage": ("Archivio (pod)", "Storage"),
    "prov:Activity": ("Attività", "Activity"),
    "prov:startedAtTime": ("Quando", "Time"),
    "prov:used": ("Che cosa", "Used"),
    "prov:wasAssociatedWith": ("Chi", "Associated with"),
    "prov:wasDerivedFrom": ("Derivato da", "Derived from"),
    "rdf:type": ("Tipo", "Type"),
    "rdf:value": ("Valore", "Value"),
    "rdfs:comment": ("Commento", "Comment"),
    "rdfs:label": ("Etichetta", "Label"),
    "rdfs:seeAlso": ("Vedi anche", "See also"),
    "schema:Order": ("Acquisto", "Order"),
    "schema:OrderItem": ("Articolo acquistato", "Item of an order"),
    "schema:Organization": ("Organizzazione", "Organisation"),
    "schema:Person": ("Persona", "Person"),
    "schema:address": ("Indirizzo", "Address"),
    "schema:birthDate": ("Data di nascita", "Date of birth"),
    "schema:description": ("Descrizione", "Description"),
    "schema:email": ("E-mail", "E-mail"),
    "schema:endDate": ("Fine", "End"),
    "schema:familyName": ("Cognome", "Family name"),
    "schema:givenName": ("Nome", "Given name"),
    "schema:image": ("Immagine", "Image"),
    "schema:name": ("Nome", "Name"),
    "schema:orderDate": ("Data dell'acquisto", "Date of the order"),
    "schema:orderNumber": ("Numero dell'ordine", "Order number"),
    "schema:orderQuantity": ("Quantità", "Quantity"),
    "schema:orderedItem": ("Articolo", "Item"),
    "schema:price": ("Prezzo", "Price"),
    "schema:priceCurrency": ("Valuta", "Currency"),
    "schema:seller": ("Venditore", "Seller"),
    "schema:startDate": ("Inizio", "Start"),
    "schema:telephone": ("Telefono", "Telephone"),
    "schema:url": ("Indirizzo web", "Web address"),
    "skos:prefLabel": ("Nome", "Name"),
    "solid:ListedDocument": ("Documento elencato", "Listed document"),
    "solid:TypeIndex": ("Indice dei tipi", "Type index"),
    "solid:TypeRegistration": ("Voce dell'indice", "Entry of a type index"),
    "solid:UnlistedDocument": ("Documento non elencato", "Unlisted document"),
    "solid:forClass": ("Per la classe", "For class"),
    "solid:instance": ("Documento", "Instance"),
    "solid:instanceContainer": ("Cartella", "Instance container"),
    "solid:oidcIssuer": ("Fornitore di identità", "Identity provider"),
    "solid:owner": ("Titolare", "Owner"),
    "solid:privateTypeIndex": ("Indice privato dei tipi", "Private type index"),
    "solid:publicTypeIndex": ("Indice pubblico dei tipi", "Public type index"),
    "solid:storageDescription": ("Descrizione dell'archivio", "Storage description"),
    "vcard:Group": ("Gruppo", "Group"),
    "vcard:Individual": ("Persona", "Individual"),
    "vcard:bday": ("Data di nascita", "Birthday"),
    "vcard:fn": ("Nome", "Name"),
    "vcard:hasAddress": ("Indirizzo", "Address"),
    "vcard:hasEmail": ("E-mail", "E-mail"),
    "vcard:hasMember": ("Membro", "Member"),
    "vcard:hasPhoto": ("Fotografia", "Photo"),
    "vcard:hasTelephone": ("Telefono", "Telephone"),
    "vcard:locality": ("Comune", "Town"),
    "vcard:note": ("Nota", "Note"),
    "vcard:organization-name": ("Organizzazione", "Organisation"),
    "vcard:role": ("Ruolo", "Role"),
}
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+")
_LAST = re.compile(r"([^/#:?]+)[/#]?\Z")


def label_of(iri: str, language: str) -> str:
    """Return what a term is called in `it` or `en`; of a term that nobody named, the end of its IRI in words."""
    known = _known().get(iri)
    if known is not None:
        return known[language]
    last = _LAST.search(iri)
    words = _HUMPS.sub(" ", last[1]).strip() if last else ""
    return words[:1].upper() + words[1:].lower() if words else iri


def is_known(iri: str) -> bool:
    """Say whether a term has a label of its own."""
    return iri in _known()


@cache
def _known() -> Mapping[str, Label]:
    found: dict[str, Label] = {}
    for shape in SHAPES.values():
        found[shape.target_class] = shape.label
        found.update({item.path[-1]: item.label for item in shape.properties})
    for codes in CODE_LISTS.values():
        found.update({code.iri: code.label for code in codes.codes})
    for name, (it, en) in _WORDS.items():
        prefix, _, local = name.partition(":")
        found[PREFIXES[prefix] + local] = label(it, en)
    for term in terms():
        if {"it", "en"} <= term.label.keys():
            found[term.iri] = term.label
    return found
