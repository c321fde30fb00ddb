"""When tags were made, by GitHub's git database API."""

from __future__ import annotations

import datetime

from ...domain.evidence import Answer, Unknown, WrongKind
from ..http.once import Once
from .api import RepositoryApi
from .compare import moment_of
from .payloads import BareCommit
from .refs import GithubRefs


class GithubDates:
    """The dates of tags and commits of one repository, each asked for once."""

    def __init__(self, api: RepositoryApi, refs: GithubRefs) -> None:
        self._api = api
        self._refs = refs
        self._known: Once[str, Answer[datetime.datetime | None]] = Once()

    def learn(self, commit: str, date: datetime.datetime) -> None:
        """Keep the date of a commit that came along with another answer."""
        self._known.put(commit, date)

    def of_tag(self, name: str) -> Answer[datetime.datetime | None]:
        """The date that an annotated tag bears, else that of its commit; None where there is none."""
        tag = self._refs.tag_object(name)
        if isinstance(tag, Unknown):
            return tag
        if tag:
            tagger = tag.get("tagger")
            return moment_of(tagger["date"]) if tagger else None
        commit = self._refs.tag(name)
        if commit is None or isinstance(commit, WrongKind):
            return None
        return commit if isinstance(commit, Unknown) else self._of_commit(commit)

    def _of_commit(self, commit: str) -> Answer[datetime.datetime | None]:
        return self._known.get(commit, lambda: self._ask(commit))

    def _ask(self, commit: str) -> Answer[datetime.datetime | None]:
        what = f"the commit {commit[:12]}"
        response = self._api.get(f"/git/commits/{commit}", what)
        found = response if isinstance(response, Unknown) else self._api.read(response, BareCommit, what)
        if isinstance(found, Unknown):
            return found
        if found["sha"] != commit:
            return self._api.mismatch(what)
        committer = found.get("committer")
        return moment_of(committer["date"]) if committer else None
