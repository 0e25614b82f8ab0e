"""Security headers of every page: nothing from elsewhere, nothing inline, no framing, no caching."""

from __future__ import annotations

from collections.abc import Sequence

_POLICY = (
    "default-src 'self'",
    "img-src 'self' data:",  # Bootstrap Italia's stylesheet carries its small icons as data URLs
    "font-src 'self' data:",  # and the icon font of its video player
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)


def security_headers(form_targets: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers of a page.

    `form_targets` are further sources for `form-action`: browsers apply it to the redirects that follow a form,
    such as the way back from a login page to the application.
    """
    form_action = " ".join(("form-action 'self'", *form_targets))
    return {
        "Content-Security-Policy": "; ".join((*_POLICY, form_action)),
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: with it browsers send `Origin: null`, and the form guard could not tell who posts.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Vary": "Cookie, Accept-Language",
    }
