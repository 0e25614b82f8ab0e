"""The kinds of work that are measured: what each request asks, and what must be there before."""

from collections.abc import Callable
from dataclasses import dataclass

TURTLE = "text/turtle"
JSON_LD = "application/ld+json"
N3 = "text/n3"
TRIPLES = 40
MEMBERS = 200
# javascript-solid-server takes the stored syntax from the name, and answers in JSON-LD only for .jsonld.
READ = {TURTLE: "bench/forty.ttl", JSON_LD: "bench/forty.jsonld"}
LISTED = "bench/listed/"
PREFIX = "@prefix dc: <http://purl.org/dc/terms/> .\n"


def forty_triples() -> str:
    """Return a Turtle document of exactly TRIPLES triples, like a small order with its lines."""
    lines = ["@prefix ex: <https://example.org/terms#> .", "<#order> ex:orderNumber 1001 ."]
    for number in range((TRIPLES - 1) // 3):
        lines += [
            f'<#line-{number}> ex:name "Article {number}" ;',
            f"  ex:orderQuantity {number % 5 + 1} ;",
            f"  ex:price {number}.25 .",
        ]
    return "\n".join(lines) + "\n"


def counter(value: int) -> str:
    """Return the triple whose text a patch counts up.

    javascript-solid-server deletes text of few vocabularies only, and ends a statement at the dot inside an IRI:
    the measurement asks for what it can do.
    """
    return f'<#it> dc:title "{value}" .'


def raise_counter(value: int) -> str:
    """Return the N3 Patch (Solid Protocol §5.3.1) that raises the counter from `value` by one."""
    return (
        f"{PREFIX}@prefix solid: <http://www.w3.org/ns/solid/terms#> .\n"
        "_:patch a solid:InsertDeletePatch ;\n"
        f"  solid:deletes {{ {counter(value)} }} ;\n"
        f"  solid:inserts {{ {counter(value + 1)} }} .\n"
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a measurement; the path is below the pod's storage."""

    method: str
    path: str
    body: str = ""
    content_type: str = ""
    accept: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work: how connection c asks for the n-th time in run r, and the budgets of the design, §11.

    `before` gives what each connection needs beforehand; the ratios are Portico's rate over a peer's, the last one
    that of a worker a core.
    """

    name: str
    request: Callable[[str, int, int], Request]
    css_ratio: float
    jss_ratio: float
    every_core: float
    before: Callable[[str, int], Request] | None = None


def _read(media_type: str) -> Callable[[str, int, int], Request]:
    return lambda _run, _connection, _number: Request("GET", READ[media_type], accept=media_type)


def _list(_run: str, _connection: int, _number: int) -> Request:
    return Request("GET", LISTED, accept=TURTLE)


def _create(run: str, connection: int, number: int) -> Request:
    return Request("PUT", f"bench/new/{run}/{connection}-{number}.ttl", forty_triples(), TURTLE)


def patch_target(run: str, connection: int) -> Request:
    """Return the request that makes what one connection patches."""
    return Request("PUT", f"bench/patched/{run}-{connection}.ttl", PREFIX + counter(0), TURTLE)


def patch(run: str, connection: int, number: int) -> Request:
    """Return the n-th patch of that connection."""
    return Request("PATCH", patch_target(run, connection).path, raise_counter(number), N3)


def grown(number: int) -> str:
    """Return the path of the n-th of very many documents, a thousand to a container."""
    return f"bench/grown/{number // 1000}/{number % 1000}.ttl"


def _read_one_of_many(run: str, connection: int, number: int) -> Request:
    # The run is called after how many there are. Steps of a large prime lead all over them, each time elsewhere.
    return Request("GET", grown((connection * 104_729 + number * 15_485_863) % int(run)), accept=TURTLE)


PURCHASE = "purchases/2017-10/b1.ttl"
GRANTED = Work(
    "GET through a grant",
    lambda _run, _connection, _number: Request("GET", PURCHASE, accept=TURTLE),
    css_ratio=0,
    jss_ratio=0,
    every_core=0,
)
GROWN = Work("GET one of many", _read_one_of_many, css_ratio=0, jss_ratio=0, every_core=0)
WORKS = (
    Work("GET a private 40-triple Turtle", _read(TURTLE), css_ratio=40, jss_ratio=1.5, every_core=3),
    Work("the same as JSON-LD", _read(JSON_LD), css_ratio=50, jss_ratio=1.2, every_core=2.5),
    Work("GET a container of 200", _list, css_ratio=150, jss_ratio=1.2, every_core=2.5),
    Work("PUT a new resource", _create, css_ratio=25, jss_ratio=1.5, every_core=2),
    Work("PATCH (N3)", patch, css_ratio=35, jss_ratio=1.5, every_core=2, before=patch_target),
)


def seeds() -> list[Request]:
    """Return what every server holds before the first measurement."""
    members = (
        Request("PUT", f"{LISTED}member-{number:03}.ttl", PREFIX + counter(number), TURTLE)
        for number in range(MEMBERS)
    )
    return [*(Request("PUT", path, forty_triples(), TURTLE) for path in READ.values()), *members]
