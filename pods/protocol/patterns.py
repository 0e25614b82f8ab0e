"""Tokens of N3 and SPARQL, and blocks of triples with variables: what both patch languages share.

The parser behind `rdf` reads no variables. So each `?name` outside strings, IRIs and comments is written as
an IRI of a reserved scheme, the block is parsed as N3 or Turtle, and the IRIs become variables again.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NamedTuple

import pyoxigraph as ox

from pods.errors import BadContent, Unprocessable
from pods.protocol.patch import Pattern, Variable
from pods.protocol.rdf import BlankNode, Literal, NamedNode, Quad, Term

VARIABLE_SCHEME = "x-portico-variable:"
MAX_PATCH = 1024 * 1024  # bytes; a patch is a change, not an upload
MAX_TOKENS = 100_000  # words of a SPARQL Update, space counted; some tenths of a second

# Every alternative is decided at its first character and never tried again (possessive quantifiers, closing
# marks that may be missing): what a stranger sends is read in linear time. The parser refuses what is left open.
# The last alternative, which never matches, takes back what a failed one took: releases of Python 3.11 forget to.
_STRING = r"""(?:\"\"\"(?:[^"\\]|\\.|\"{1,2}(?!\")|(?!))*+(?:\"\"\")?|'''(?:[^'\\]|\\.|'{1,2}(?!')|(?!))*+(?:''')?
          |"(?:[^"\\\n]|\\.|(?!))*+"?|'(?:[^'\\\n]|\\.|(?!))*+'?)"""
_IRI = r"""<[^<>"{}|^`\s]*+>"""
_OPAQUE = re.compile(rf"{_STRING}|{_IRI}|\#[^\n]*+|([?$]\w++)", re.VERBOSE | re.DOTALL)
"""What can hold a question mark that begins no variable; a variable is the group."""

_TOKEN = re.compile(
    rf"""(?P<space>\s++|\#[^\n]*+)
      | (?P<string>{_STRING})
      | (?P<iri>{_IRI})
      | (?P<variable>[?$]\w++)
      | (?P<open>\{{) | (?P<close>\}})
      | (?P<term>[\w\-]*+:(?:[\w\-:%]|\\.|\.(?=[\w\-:%\\])|(?!))*+|[+\-]?(?:\d++\.\d++|\.?\d++)(?:[eE][+\-]?\d++)?)
      | (?P<name>[^\W\d_][\w\-]*+|[@]\w[\w\-]*+)
      | (?P<mark>\^\^|[^\w\s])""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A piece of text with its kind, the name of a group of the pattern above."""

    kind: str
    text: str


def tokens(content: bytes) -> Iterator[Token]:
    """Yield the tokens of a patch, space included; raise BadContent where none begins."""
    text = _decoded(content)
    position = count = 0
    while position < len(text):
        count += 1
        if count > MAX_TOKENS:
            raise BadContent(f"A patch has at most {MAX_TOKENS} words; send it in parts.")
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadContent(f"The patch cannot be read from character {position} on.")
        yield Token(match.lastgroup or "mark", match[0])
        position = match.end()


def n3_without_variables(content: bytes) -> str:
    """Return an N3 document with each variable written as an IRI that the parser takes."""
    text = _decoded(content)
    return text if "?" not in text and "$" not in text else _OPAQUE.sub(_outside_text, text)


def _outside_text(match: re.Match[str]) -> str:
    return f"<{VARIABLE_SCHEME}{match[1][1:]}>" if match[1] else match[0]


def _decoded(content: bytes) -> str:
    if len(content) > MAX_PATCH:
        raise BadContent(f"A patch has at most {MAX_PATCH} bytes.")
    if VARIABLE_SCHEME.encode() in content:
        raise BadContent(f"IRIs of the scheme {VARIABLE_SCHEME} cannot stand in a patch.")
    try:
        return content.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadContent("The patch is not UTF-8.") from error


def without_variables(token: Token) -> str:
    """Return the token's text, a variable written as an IRI that the parser takes."""
    if token.kind == "variable":
        return f"<{VARIABLE_SCHEME}{token.text[1:]}>"
    return token.text


def parsed(text: str, base: str, *, n3: bool = False) -> list[Quad]:
    """Return the quads of a block in which variables are written as IRIs; raise BadContent."""
    try:
        return list(
            ox.parse(
                text,
                format=ox.RdfFormat.N3 if n3 else ox.RdfFormat.TURTLE,
                base_iri=base,
                rename_blank_nodes=not n3,
            )
        )
    except (SyntaxError, ValueError) as error:
        raise BadContent(f"The patch does not parse: {error}") from error


def pattern(quad: Quad, *, blank_nodes_match: bool) -> Pattern:
    """Return the quad as a pattern; blank nodes of a where clause match anything, as variables do."""
    subject, predicate, value = quad.subject, quad.predicate, quad.object
    return (
        _term(subject, blank_nodes_match),
        _term(predicate, blank_nodes_match),
        # Most objects are literals, and no literal stands for anything else.
        value if type(value) is Literal else _term(value, blank_nodes_match),
    )


def variables(patterns: tuple[Pattern, ...]) -> set[Variable]:
    """Return the variables that stand in the patterns."""
    return {term for one in patterns for term in one if isinstance(term, Variable)}


def _term(term: object, blank_nodes_match: bool) -> Term | Variable:
    if type(term) is NamedNode:  # quicker than isinstance, and nobody can derive from these classes
        iri = term.value
        return Variable(iri.removeprefix(VARIABLE_SCHEME)) if iri.startswith(VARIABLE_SCHEME) else term
    if isinstance(term, BlankNode):
        return Variable(f"_:{term.value}") if blank_nodes_match else term
    if isinstance(term, Literal):
        return term
    raise Unprocessable("The patch uses triple terms (RDF 1.2); this host keeps RDF 1.1.")
