"""SPARQL 1.1 Update, the part that patches one document: INSERT DATA, DELETE DATA, DELETE/INSERT WHERE.

Everything else of the language is refused by name: graphs other than the default one, LOAD and SERVICE
(which fetch), filters and paths (whose cost has no bound).
"""

from __future__ import annotations

from collections.abc import Sequence

from pods.errors import BadContent, Unprocessable
from pods.protocol import patterns
from pods.protocol.patch import Patch, Pattern, Step
from pods.protocol.patterns import Token
from pods.protocol.rdf import BlankNode

MAX_OPERATIONS = 100  # in one request
_KEYWORDS = frozenset({"PREFIX", "BASE", "INSERT", "DELETE", "DATA", "WHERE", "A", "TRUE", "FALSE"})


def read(content: bytes, base: str) -> Patch:
    """Return the patch; raise BadContent if it does not parse, Unprocessable for what is not supported."""
    found = [token for token in patterns.tokens(content) if token.kind != "space"]
    for token in found:
        if token.kind == "name" and not token.text.startswith("@") and token.text.upper() not in _KEYWORDS:
            raise Unprocessable(f"{token.text} is not supported in a patch; use INSERT, DELETE and WHERE.")
    return _Reader(found, base).patch()


class _Reader:
    def __init__(self, found: Sequence[Token], base: str) -> None:
        self._tokens = found
        self._position = 0
        self._base = base
        self._prologue = ""

    def patch(self) -> Patch:
        steps: list[Step] = []
        while True:
            self._read_prologue()
            if self._peek() == "":
                break
            steps.append(self._operation())
            if len(steps) > MAX_OPERATIONS:
                raise Unprocessable(f"A patch has at most {MAX_OPERATIONS} operations.")
            if self._peek() == ";":
                self._position += 1
            elif self._peek() != "":
                raise BadContent(f"Expected ';' or the end of the update, found {self._peek()!r}.")
        if not steps:
            raise Unprocessable("The update holds no operation.")
        return Patch(tuple(steps), strict=False)

    def _operation(self) -> Step:
        verb = self._take()
        if verb not in ("INSERT", "DELETE"):
            raise BadContent(f"Expected INSERT or DELETE, found {verb!r}.")
        if self._peek() == "DATA":
            self._position += 1
            block = self._block(blank_nodes_match=False)
            if patterns.variables(block):
                raise Unprocessable(f"{verb} DATA must not hold variables.")
            return _step(deletes=block) if verb == "DELETE" else _step(inserts=block)
        if verb == "DELETE" and self._peek() == "WHERE":
            self._position += 1
            block = self._block(blank_nodes_match=False)
            return _step(where=block, deletes=block)
        deletes: tuple[Pattern, ...] = ()
        inserts: tuple[Pattern, ...] = ()
        if verb == "DELETE":
            deletes = self._block(blank_nodes_match=False)
            if self._peek() == "INSERT":
                self._position += 1
                verb = "INSERT"
        if verb == "INSERT":
            inserts = self._block(blank_nodes_match=False)
        if self._take() != "WHERE":
            raise BadContent("Expected WHERE after the templates.")
        return _step(self._block(blank_nodes_match=True), deletes, inserts)

    def _block(self, *, blank_nodes_match: bool) -> tuple[Pattern, ...]:
        if self._take() != "{":
            raise BadContent("Expected '{'.")
        words: list[str] = []
        while (token := self._next()).kind != "close":
            if token.kind == "open":
                raise Unprocessable("Groups inside a block are not supported in a patch.")
            words.append(patterns.without_variables(token))
        # SPARQL lets the last full stop of a block away, Turtle does not.
        stop = "" if not words or words[-1] == "." else " ."
        quads = patterns.parsed(f"{self._prologue}\n{_joined(words)}{stop}", self._base)
        return tuple(patterns.pattern(quad, blank_nodes_match=blank_nodes_match) for quad in quads)

    def _read_prologue(self) -> None:
        while self._peek() in ("PREFIX", "BASE"):
            words = [self._next().text for _ in range(3 if self._peek() == "PREFIX" else 2)]
            self._prologue += " ".join(words) + "\n"

    def _peek(self) -> str:
        if self._position >= len(self._tokens):
            return ""
        token = self._tokens[self._position]
        return token.text.upper() if token.kind == "name" else token.text

    def _take(self) -> str:
        word = self._peek()
        self._next()
        return word

    def _next(self) -> Token:
        if self._position >= len(self._tokens):
            raise BadContent("The update ends too early.")
        self._position += 1
        return self._tokens[self._position - 1]


def _joined(words: Sequence[str]) -> str:
    """Return the words as text again: a language tag or a datatype must touch its string."""
    text = ""
    for word in words:
        text += word if word.startswith("@") or word == "^^" or text.endswith("^^") else f" {word}"
    return text


def _step(
    where: tuple[Pattern, ...] = (), deletes: tuple[Pattern, ...] = (), inserts: tuple[Pattern, ...] = ()
) -> Step:
    # SPARQL 1.1 Update, 3.1.3: blank nodes are not allowed in a DELETE template.
    if any(isinstance(term, BlankNode) for one in deletes for term in one):
        raise Unprocessable("Blank nodes cannot be deleted by name; match them with a variable in WHERE.")
    unknown = patterns.variables((*deletes, *inserts)) - patterns.variables(where)
    if unknown:
        names = ", ".join(sorted(f"?{variable.name}" for variable in unknown))
        raise Unprocessable(f"The variables {names} do not occur in WHERE.")
    return Step(where, deletes, inserts)
