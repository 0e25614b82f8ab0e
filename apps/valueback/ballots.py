"""Ballots: a signed credential for one vote of one member in one run, and the vote itself."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

from joserfc.jwk import OKPKey

from apps.valueback import programmes_sql, runs_sql, votes_sql
from apps.valueback.model import AlreadyVoted, BadVote, Phase
from pods.protocol import jose
from vocab.pages import msg

TYPE = "ballot+jwt"
_ALG = "EdDSA"


class Ballots:
    """Makes and takes credentials. Ed25519 signatures are deterministic: a repeated statement is the same bytes."""

    def __init__(self, key: OKPKey, origin: str) -> None:
        self._key = key
        self._public = jose.public_key(
            {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x")}
        )
        self._origin = origin

    def credential(self, run_id: str, pairwise: str) -> str:
        """Return the credential that a member's statement carries."""
        claims = {"iss": self._origin, "run": run_id, "sub": voter(run_id, pairwise)}
        return jose.sign(claims, {"alg": _ALG, "typ": TYPE}, self._key)

    def cast(
        self,
        tx: sqlite3.Connection,
        unverified_credential: str,
        project: str,
        *,
        at: float,
        run_id: str | None = None,
    ) -> str:
        """Count a vote and return the run; raise BadVote, and then nothing is counted.

        One write transaction marks the voter and adds to the sum; no row holds both.
        """
        claims = self._verified(unverified_credential)
        run = runs_sql.run(tx, str(claims["run"]))
        if run_id is not None and run.id != run_id:
            raise BadVote(
                msg("the credential is for another run; open the address that your statement names")
            )
        if run.phase is not Phase.VOTING or run.vote_until is None or at >= run.vote_until:
            raise BadVote(msg("the vote of this run is not open"))
        if programmes_sql.by_iri(tx, run.programme).project(project) is None:
            raise BadVote(msg("choose one of the projects of this programme"), field="project")
        if not votes_sql.mark_voter(tx, str(claims["sub"])):
            raise AlreadyVoted(msg("this credential has voted; a vote cannot be changed"))
        votes_sql.count_vote(tx, run.id, project)
        return run.id

    def _verified(self, unverified_credential: str) -> dict[str, Any]:
        try:
            jws = jose.parse(unverified_credential.strip())
        except jose.BadJose as error:
            raise BadVote(
                msg("it is not one that this site gave out; copy it from your statement")
            ) from error
        genuine = self._public.verifies(jws.header.alg, jws.signing_input, jws.signature)
        if jws.header.typ != TYPE or not genuine or jws.claims.get("iss") != self._origin:
            raise BadVote(msg("it is not one that this site gave out; copy it from your statement"))
        return dict(jws.claims)


def voter(run_id: str, pairwise: str) -> str:
    """Return under what a vote is marked as cast: another name in every run."""
    return hashlib.sha256(f"portico voter\n{run_id}\n{pairwise}".encode()).hexdigest()
