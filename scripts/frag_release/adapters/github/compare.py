"""Whether a commit is on a branch, by GitHub's comparison of two commits."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ...domain.evidence import Answer, Unknown
from .api import RepositoryApi
from .payloads import Comparison, read_message

_ON_BRANCH = ("identical", "behind")
_OFF_BRANCH = ("ahead", "diverged")
_MAX_BYTES = 32 * 1024 * 1024
"""The first page of a comparison lists up to 300 files with their changes."""


@dataclass(frozen=True)
class Position:
    """Whether a commit is on a branch, and if it is, when it was committed."""

    contained: bool
    committed: datetime.datetime | None = None


def compare(api: RepositoryApi, head: str, commit: str) -> Answer[Position]:
    """Place `commit` against the branch whose head is `head`; both full commit ids.

    The reply's `status` says where the second is, seen from the first (OpenAPI
    `repos/compare-commits-with-basehead`): `behind` is an ancestor.
    """
    what = f"the commit {commit[:12]} against the branch head {head[:12]}"
    response = api.get(f"/compare/{head}...{commit}", what, {"per_page": 1}, max_bytes=_MAX_BYTES)
    if isinstance(response, Unknown):
        return response
    # The only word for "no shared history"; a commit that is missing is a plain "Not Found".
    if response.status == 404 and read_message(response.body).startswith("No common ancestor between"):
        return Position(False)
    if response.status == 404:
        return api.absence() or Unknown(f"{api.name} does not have {what}")
    found = api.read(response, Comparison, what)
    return found if isinstance(found, Unknown) else _position(api, found, head, commit, what)


def _position(api: RepositoryApi, found: Comparison, head: str, commit: str, what: str) -> Answer[Position]:
    base = found["merge_base_commit"]
    if found["base_commit"]["sha"] != head:
        return api.mismatch(what)
    if found["status"] in _OFF_BRANCH and base["sha"] != commit:
        return Position(False)
    if found["status"] in _ON_BRANCH and base["sha"] == commit:
        committer = base["commit"]["committer"]
        return Position(True, moment_of(committer["date"]) if committer else None)
    return api.mismatch(what)


def moment_of(text: str) -> datetime.datetime | None:
    """Return the time of a date in GitHub's replies (ISO 8601); None where it is none."""
    try:
        # Python 3.10 does not know the Z.
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
