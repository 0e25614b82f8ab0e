"""The public register as pages: who asks for data, and for what, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from consent.bases import handling
from consent.http.words import OFFERED, basis_words
from consent.model import Controller, ControllerState, DataItem, OutputMode, PurposeDeclaration, Verification
from consent.processing import ProcessingRecord
from consent.processor import ProcessorRecord
from consent.rights.breach_sql import Breach
from vocab.pages import Navigation, Pages, Translator, msg
from vocab.pages.language import language_of
from vocab.pages.qr import qr_svg
from vocab.shapes import SHAPES

MODES = {
    OutputMode.ROWS: (
        msg("The service reads these"),
        msg("It sees the values themselves, of the things listed here and of nothing else."),
    ),
    OutputMode.CLAIM: (
        msg("Only a computed result leaves"),
        msg("A published rule is computed beside your pod; the service gets sums, never the single entries."),
    ),
    OutputMode.AGGREGATE_ONLY: (
        msg("Only statistics over many people leave"),
        msg("Nobody sees your data; they count in figures over many people, with noise added."),
    ),
    OutputMode.APPEND: (
        msg("The service adds these"),
        msg("It can put such documents into your pod and read nothing there."),
    ),
}
KINDS = {
    "administration": msg("Public administration"),
    "cooperative": msg("Cooperative"),
    "shop": msg("Shop"),
    "association": msg("Association"),
    "other": msg("Organisation"),
}


class RegisterPages:
    """Renders the register on the pod host at `origin`."""

    def __init__(self, origin: str) -> None:
        self._pages = Pages(
            [Path(__file__).resolve().parent],
            name="register",
            origin=origin,
            tagline=msg("Public register of purposes"),
            home="/.consent/purposes",
            navigation=[
                Navigation(msg("Purposes"), "/.consent/purposes", "purposes"),
                Navigation(msg("Organisations"), "/.consent/controllers", "controllers"),
                Navigation(msg("Records of processing"), "/.consent/processing-records", "records"),
                Navigation(msg("Breaches"), "/.consent/breaches", "breaches"),
            ],
            static_url="/.static",
            about="/.about",
        )

    def purposes(
        self, request: Request, purposes: Sequence[PurposeDeclaration], controllers: Sequence[Controller]
    ) -> Response:
        """Return the list of purposes, the newest version of each."""
        names = {controller.iri: controller.name for controller in controllers}
        latest: dict[str, PurposeDeclaration] = {}
        for purpose in purposes:
            known = latest.get(purpose.identifier)
            if known is None or known.version < purpose.version:
                latest[purpose.identifier] = purpose
        return self._render(
            request, "register/purposes.html", active="purposes", purposes=list(latest.values()), names=names
        )

    def purpose(
        self, request: Request, purpose: PurposeDeclaration, controller: Controller, *, ask: str = ""
    ) -> Response:
        """Return one version in plain words; `ask` is the address that asks for it, if it can be asked for."""
        _ = self.translator(request)
        label = _("QR code that asks for this consent")
        return self._render(
            request,
            "register/purpose.html",
            active="purposes",
            basis=basis_words(purpose.legal_basis, self.translator(request)),
            offered=OFFERED[handling(purpose.legal_basis)],
            purpose=purpose,
            ask=ask,
            qr=qr_svg(ask, label) if ask else "",
            controller=controller,
            kind=KINDS[controller.kind],
            items=[_described(item, language_of(request)) for item in purpose.items],
        )

    def controllers(
        self,
        request: Request,
        controllers: Sequence[Controller],
        verified: Mapping[str, Verification],
        purposes: Sequence[PurposeDeclaration],
    ) -> Response:
        """Return every organisation with its contacts, keys and all versions of what it published."""
        return self._render(
            request,
            "register/controllers.html",
            active="controllers",
            controllers=[
                (
                    controller,
                    KINDS[controller.kind],
                    verified.get(controller.iri),
                    [purpose for purpose in purposes if purpose.controller == controller.iri],
                )
                for controller in controllers
                if controller.state is ControllerState.APPROVED
            ],
            # Anybody with a WebID can register under any name: unchecked names stand on no page.
            waiting=sum(controller.state is not ControllerState.APPROVED for controller in controllers),
        )

    def breaches(self, request: Request, breaches: Sequence[tuple[Breach, str]], at: float) -> Response:
        """Return what was made public of breaches, each with the name of the organisation concerned."""
        return self._render(request, "register/breaches.html", active="breaches", breaches=breaches, at=at)

    def records(
        self,
        request: Request,
        records: Sequence[ProcessingRecord],
        particulars: Callable[[ProcessingRecord], object],
        introduction: str,
    ) -> Response:
        """Return records of processing as a page."""
        return self._render(
            request,
            "register/records.html",
            active="records",
            records=[(record, particulars(record)) for record in records],
            introduction=introduction,
        )

    def on_behalf(
        self,
        request: Request,
        shared: Sequence[object],
        each: Sequence[tuple[ProcessorRecord, Sequence[object]]],
        title: str,
        introduction: str,
    ) -> Response:
        """Return the records of the operator as a processor."""
        return self._render(
            request,
            "register/on_behalf.html",
            active="records",
            shared=shared,
            each=each,
            title=title,
            introduction=introduction,
        )

    def assessment(
        self,
        request: Request,
        record: ProcessingRecord,
        draft: Callable[[Translator], object],
        disclaimer: str,
    ) -> Response:
        """Return the draft of an assessment as a page."""
        return self._render(
            request,
            "register/assessment.html",
            active="records",
            purpose=record.purpose,
            sections=draft(self.translator(request)),
            disclaimer=disclaimer,
        )

    def translator(self, request: Request) -> Translator:
        """Return the messages of the reader's language."""
        return self._pages.translator(request)

    def _render(self, request: Request, template: str, **context: Any) -> Response:
        headers = {"vary": "accept, accept-language, cookie"}
        return self._pages.render(request, template, headers=headers, **context)


def _described(item: DataItem, language: str) -> dict[str, Any]:
    shape = SHAPES[item.shape]
    title, text = MODES[item.mode]
    names = [shape.by_name[name].label[language] for name in item.properties]
    return {"shape": shape.label[language], "names": names, "mode": title, "text": text}
