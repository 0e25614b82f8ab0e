"""A pod for an account, with the words that people read if its name is taken."""

from __future__ import annotations

from pods import provision
from pods.errors import Conflict
from pods.identity.accounts import TAKEN
from pods.identity.site import Site
from pods.model import WebId
from pods.storage.base import Transaction


def open_pod(tx: Transaction, site: Site, name: str, webid: WebId, title: str) -> None:
    """Create the pod of a WebID; raise BadRequest or Conflict on the name."""
    try:
        provision.create_pod(
            *(tx, name, webid),
            base=site.addresses.origin,
            issuer=site.addresses.issuer,
            display_name=title,
            at=site.host.clock(),
        )
    except Conflict as error:  # also the name of a removed pod, which looks like any other taken one
        raise Conflict(TAKEN) from error
