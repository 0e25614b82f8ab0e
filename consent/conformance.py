"""Does a delivered document say what the grant lets a service add, completely and in the right form?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from consent.filtering import granted
from consent.model import DataItem
from pods.errors import Unprocessable
from pods.protocol.rdf import DEFAULT_GRAPH, RDF_TYPE, Literal, NamedNode, Quad, Term, node
from vocab.shapes import SHAPES, Property, Shape, cents
from vocab.terms import XSD

_INTEGER, _DECIMAL, _DATE_TIME = (str(XSD[name]) for name in ("integer", "decimal", "dateTime"))


def fitting(quads: Sequence[Quad], items: Sequence[DataItem]) -> DataItem:
    """Return the item whose shape the document is an instance of.

    Raises Unprocessable unless there is exactly one instance, every statement lies on a granted property, every
    granted property that the shape requires is there, and each value has the form that the shape says.
    """
    for item in items:
        shape = SHAPES[item.shape]
        subjects = [
            quad.subject
            for quad in quads
            if quad.predicate == RDF_TYPE and quad.object == node(shape.target_class)
        ]
        if len(subjects) == 1 and isinstance(subjects[0], NamedNode) and shape.document is None:
            _require_covered(quads, shape, item)
            _require_form(quads, shape, item, subjects[0])
            return item
    names = ", ".join(item.shape for item in items if SHAPES[item.shape].document is None)
    raise Unprocessable(f"The document must hold exactly one instance of: {names or 'nothing may be added'}.")


def _require_covered(quads: Sequence[Quad], shape: Shape, item: DataItem) -> None:
    covered = granted(quads, shape, item.properties, owner="")
    if len(covered) == len(set(quads)) and all(quad.graph_name == DEFAULT_GRAPH for quad in quads):
        return
    known = {predicate for one in shape.properties if one.name in item.properties for predicate in one.path}
    other = sorted({quad.predicate.value for quad in quads} - known - {RDF_TYPE.value})
    raise Unprocessable(
        "The document says more than the granted properties: "
        + (", ".join(other) if other else "a statement does not belong to the instance")
        + f". Granted are {', '.join(item.properties)}."
    )


def _require_form(quads: Sequence[Quad], shape: Shape, item: DataItem, subject: NamedNode) -> None:
    for one in shape.properties:
        if one.name not in item.properties:
            continue
        values = [
            quad.object
            for quad in quads
            if quad.predicate.value == one.path[-1] and (quad.subject == subject) == (len(one.path) == 1)
        ]
        if one.required and not values:
            raise Unprocessable(f"{shape.name}.{one.name} is required and missing.")
        for value in values:
            if isinstance(value, NamedNode | Literal) and _fits(one, value):
                continue
            _wrong(shape, one)


def _fits(one: Property, value: Term) -> bool:
    if one.kind in ("code", "iri"):
        known = one.codes is None or any(code.iri == _text(value) for code in one.codes.codes)
        return isinstance(value, NamedNode) and (one.kind == "iri" or known)
    if not isinstance(value, Literal):
        return False
    datatype = value.datatype.value
    match one.kind:
        case "integer":
            return datatype == _INTEGER
        case "money":
            return datatype in (_DECIMAL, _INTEGER) and _is_money(value.value)
        case "date":
            return datatype == _DATE_TIME and value.value.endswith("Z")
        case _:
            return value.language is not None or datatype == str(XSD.string)


def _is_money(text: str) -> bool:
    try:
        cents(text)
    except ValueError:
        return False
    return True


def _text(value: Term) -> str:
    return value.value


def _wrong(shape: Shape, one: Property) -> NoReturn:
    raise Unprocessable(
        f"{shape.name}.{one.name} has a value that is no {one.kind}, or none of its code list."
    )
