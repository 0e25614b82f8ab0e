"""Pages that every part of Portico shares: layout, forms, languages, money and dates, security headers."""

from vocab.pages.about import about_routes
from vocab.pages.catalogues import Catalogues, Translator, msg
from vocab.pages.forms import ForgedForm
from vocab.pages.rendering import Navigation, Notice, Pages, User
from vocab.pages.statics import static_routes

__all__ = [
    "Catalogues",
    "ForgedForm",
    "Navigation",
    "Notice",
    "Pages",
    "Translator",
    "User",
    "about_routes",
    "msg",
    "static_routes",
]
