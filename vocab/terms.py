"""Namespaces and terms: existing vocabularies first, and our own namespace for what none of them names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rdflib import Namespace

NS = "https://w3id.org/portico/ns#"
PROBLEMS = "https://w3id.org/portico/problems#"
"""Base of the types of problem documents (RFC 9457); what follows is the code of an error."""
"""Our own terms (prefix `po`), documented in `vocab/ns.ttl` and served at `/.vocab/ns`."""

CONTEXTS = "https://w3id.org/portico/contexts/"
"""IRIs of the JSON-LD contexts are this with a name, served at `/.vocab/contexts/{name}.jsonld`."""

CODES = "https://w3id.org/portico/codes/"
"""Code lists are this with a name; a code is `{CODES}{list}#{notation}`, served at `/.vocab/codes/{list}.ttl`."""

SHAPES_NS = "https://w3id.org/portico/shapes#"
"""SHACL shapes and the data shapes that a purpose names."""

PO = Namespace(NS)
ACL = Namespace("http://www.w3.org/ns/auth/acl#")
AS = Namespace("https://www.w3.org/ns/activitystreams#")
DCT = Namespace("http://purl.org/dc/terms/")
DPV = Namespace("https://w3id.org/dpv#")
DPV_27560 = Namespace("https://w3id.org/dpv/schema/dpv-27560#")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
GDPR = Namespace("https://w3id.org/dpv/legal/eu/gdpr#")
LDP = Namespace("http://www.w3.org/ns/ldp#")
LOC = Namespace("https://w3id.org/dpv/loc#")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
ORG = Namespace("http://www.w3.org/ns/org#")
OWL = Namespace("http://www.w3.org/2002/07/owl#")
PIM = Namespace("http://www.w3.org/ns/pim/space#")
POSIX = Namespace("http://www.w3.org/ns/posix/stat#")
PROV = Namespace("http://www.w3.org/ns/prov#")
QB = Namespace("http://purl.org/linked-data/cube#")
RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
# http, not https: what Solid apps and DCAT-AP_IT write; a reader accepts both.
SCHEMA = Namespace("http://schema.org/")
SDMX_ATTRIBUTE = Namespace("http://purl.org/linked-data/sdmx/2009/attribute#")
SDMX_DIMENSION = Namespace("http://purl.org/linked-data/sdmx/2009/dimension#")
SDMX_MEASURE = Namespace("http://purl.org/linked-data/sdmx/2009/measure#")
SH = Namespace("http://www.w3.org/ns/shacl#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
SOLID = Namespace("http://www.w3.org/ns/solid/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
VF = Namespace("https://w3id.org/valueflows/ont/vf#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "acl": str(ACL),
        "as": str(AS),
        "dct": str(DCT),
        "dpv": str(DPV),
        "foaf": str(FOAF),
        "gdpr": str(GDPR),
        "ldp": str(LDP),
        "loc": str(LOC),
        "odrl": str(ODRL),
        "org": str(ORG),
        "owl": str(OWL),
        "pim": str(PIM),
        "po": NS,
        "prov": str(PROV),
        "qb": str(QB),
        "rdf": str(RDF),
        "rdfs": str(RDFS),
        "schema": str(SCHEMA),
        "sh": str(SH),
        "skos": str(SKOS),
        "solid": str(SOLID),
        "vcard": str(VCARD),
        "vf": str(VF),
        "xsd": str(XSD),
    }
)
"""The prefix that we print for each namespace."""
