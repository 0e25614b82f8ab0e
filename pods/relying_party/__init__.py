"""The relying party of Solid-OIDC: how wallet and apps log people in and act for them."""

from pods.relying_party.flow import LoginFailed, Pending, RelyingParty, client_document
from pods.relying_party.login import LoggedIn, Login, LoginNeeded
from pods.relying_party.session import Session, SessionEnded, SessionTokens
from pods.relying_party.sessions_sql import SessionStore

__all__ = [
    "LoggedIn",
    "Login",
    "LoginFailed",
    "LoginNeeded",
    "Pending",
    "RelyingParty",
    "Session",
    "SessionEnded",
    "SessionStore",
    "SessionTokens",
    "client_document",
]
