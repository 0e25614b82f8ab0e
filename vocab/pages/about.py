"""Pages that every site of the public sector owes its readers: accessibility, privacy, source code."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vocab.pages.catalogues import msg
from vocab.pages.rendering import Pages

_Section = tuple[str, tuple[str, ...]]

ABOUT: dict[str, tuple[str, tuple[_Section, ...]]] = {
    "accessibility": (
        msg("Accessibility statement"),
        (
            (
                "",
                (
                    msg(
                        "These pages are built to the Web Content Accessibility Guidelines 2.2, level AA, "
                        "which includes what EN 301 549 asks of public bodies."
                    ),
                    msg(
                        "Every page works with a keyboard, without JavaScript, at 400 % zoom and on a narrow "
                        "screen. Each chart has the same figures in a table beside it."
                    ),
                ),
            ),
            (
                msg("What we check"),
                (
                    msg(
                        "Each page is checked in a real browser with axe before a release. Automatic checks find "
                        "only part of the barriers: if you meet one, please tell the body that runs this site."
                    ),
                    msg(
                        "The body that runs this site publishes its yearly statement on form.agid.gov.it, and "
                        "answers reports within 30 days. After that you can turn to the Difensore civico per il "
                        "digitale."
                    ),
                ),
            ),
        ),
    ),
    "privacy": (
        msg("Privacy notice"),
        (
            (
                "",
                (
                    msg(
                        "Your data is in your own pod. This site reads it only while you use it, or under a "
                        "consent that you gave; it keeps no copy."
                    ),
                    msg(
                        "This site sets only technical cookies: for your session, for the language and against "
                        "forged forms. It loads nothing from other sites and measures no visits."
                    ),
                ),
            ),
            (
                msg("Your rights"),
                (
                    msg(
                        "In your wallet you can see every consent and every read of your data, withdraw a consent "
                        "in one step, correct what is yours and take everything with you."
                    ),
                    msg(
                        "Each request names the organisation that is responsible and its data protection officer: "
                        "they answer your requests. You can complain to the Garante per la protezione dei dati "
                        "personali."
                    ),
                ),
            ),
        ),
    ),
    "source": (
        msg("Source code"),
        (
            (
                "",
                (
                    msg(
                        "Portico is free software under the European Union Public Licence 1.2. Anyone may use, "
                        "study, change and pass it on; public bodies find it in the catalogue of Developers "
                        "Italia through its publiccode.yml."
                    ),
                ),
            ),
        ),
    ),
}


def about_routes(pages: Pages) -> list[BaseRoute]:
    """Return the three pages that the footer links to."""

    async def about(request: Request) -> Response:
        _ = pages.translator(request)
        title, sections = ABOUT[request.path_params["page"]]
        shown = [(_(heading) if heading else "", [_(text) for text in texts]) for heading, texts in sections]
        return pages.render(request, "pages/about.html", title=_(title), sections=shown)

    async def missing(request: Request) -> Response:
        _ = pages.translator(request)
        return pages.problem(request, 404, _("Page not found"), _("There is no page at this address."))

    async def choose(request: Request) -> Response:
        known = request.path_params["page"] in ABOUT
        return await (about(request) if known else missing(request))

    return [Route(f"{pages.about}/{{page}}", choose)]
