"""Branches and tags by GitHub's git database API (exact names only, annotated tags peeled), and what is on a branch."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Sequence

from ...dataclass import dataclass
from ...domain.evidence import Answer, TooLong, Unknown, Unseen, WrongKind, answered, seen
from ...domain.refs import BRANCHES, TAGS
from ..http import SingleFlight
from ..http.messages import quoted
from .api import RepositoryApi
from .payloads import Comparison, GitObject, Ref, TagObject, read_message

_ON_BRANCH = ("identical", "behind")
_OFF_BRANCH = ("ahead", "diverged")
_MAX_BYTES = 32 * 1024 * 1024
"""The first page of a comparison lists up to 300 files with their changes."""
COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST_LEVELS = 10
MOST_REFS = 30_000
"""The most tags or branches that are listed at once."""
# A ref takes up to 500 bytes, and how many of them GitHub puts on a page is not documented: 30 at the least.
_MOST_BYTES = 500 * MOST_REFS
_MOST_PAGES = MOST_REFS // 30
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(^|/)\.|\.lock(/|$)|^/|/$|\.$|^@$")


@dataclass(frozen=True)
class Position:
    """Whether a commit is on a branch, and if it is, when it was committed."""

    contained: bool
    committed: datetime.datetime | None = None


def compare(api: RepositoryApi, head: str, commit: str) -> Position:
    """Place `commit` relative to the branch whose head is `head`; both full commit ids. Raises Unseen.

    The reply's `status` is the place of the second relative to the first (OpenAPI
    `repos/compare-commits-with-basehead`): `behind` is an ancestor.
    """
    what = f"the commit {commit[:12]} against the branch head {head[:12]}"
    response = api.get(f"/compare/{head}...{commit}", what, {"per_page": 1}, max_bytes=_MAX_BYTES)
    # The only sign of "no shared history"; for a missing commit, the message is a plain "Not Found".
    if response.status == 404 and read_message(response.body).startswith("No common ancestor between"):
        return Position(False)
    if response.status == 404:
        api.confirm_absence()
        raise Unseen(Unknown(f"{api.name} does not have {what}"))
    return _position(api, api.read(response, Comparison, what), head, commit, what)


def _position(api: RepositoryApi, found: Comparison, head: str, commit: str, what: str) -> Position:
    base = found["merge_base_commit"]
    api.expect(found["base_commit"]["sha"] == head, what)
    if found["status"] in _OFF_BRANCH and base["sha"] != commit:
        return Position(False)
    if found["status"] in _ON_BRANCH and base["sha"] == commit:
        committer = base["commit"]["committer"]
        return Position(True, parse_time(committer["date"]) if committer else None)
    raise api.mismatch(what)


def parse_time(text: str) -> datetime.datetime | None:
    """Return the time of a date in GitHub's replies (ISO 8601); None if it is not one."""
    try:
        # Python 3.10 does not parse the Z.
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class GithubRefs:
    """The refs of one repository, each requested once; raises Unseen for what cannot be read."""

    def __init__(self, api: RepositoryApi) -> None:
        self._api = api
        self._found: SingleFlight[str, Answer[GitObject | None]] = SingleFlight()
        self._listed: dict[str, GitObject] = {}
        self._objects: SingleFlight[str, Answer[TagObject]] = SingleFlight()
        self._starting: SingleFlight[str, Answer[Sequence[str]]] = SingleFlight()

    def branch(self, name: str) -> str | None:
        """The head of a branch, or None."""
        found = self._target(BRANCHES + name)
        if found is None:
            return None
        self._api.expect(found["type"] == "commit", f"the branch {name}")
        return found["sha"]

    def tag(self, name: str) -> str | None:
        """The commit of a tag, peeled by one request for each level; None if there is no such tag."""
        found = self._target(TAGS + name)
        for _ in range(_MOST_LEVELS):
            if found is None:
                return None
            if found["type"] == "commit":
                return found["sha"]
            if found["type"] != "tag":
                raise Unseen(self._no_commit(name, found["type"]))
            found = self._object(name, found["sha"])["object"]
        raise Unseen(Unknown(f"the tag {name} of {self._api.name} is a chain of more than {_MOST_LEVELS} tag objects"))

    def tag_object(self, name: str) -> TagObject | None:
        """The object of an annotated tag; None for a lightweight tag, or if there is no such tag."""
        sha = self.tag_object_id(name)
        return self._object(name, sha) if sha else None

    def tag_object_id(self, name: str) -> str | None:
        """The id of the object of an annotated tag; None as in `tag_object`."""
        found = self._target(TAGS + name)
        return found["sha"] if found and found["type"] == "tag" else None

    def tags_starting(self, prefix: str) -> Sequence[str]:
        """The names of the tags that start with `prefix`; what they point at is kept for `tag`."""
        return seen(self._starting.get(prefix, lambda: self._list_tags(prefix)))

    @answered
    def _list_tags(self, prefix: str) -> Sequence[str]:
        if prefix and not _possible(TAGS + prefix + "x"):
            return []
        # GitHub returns 404 for a trailing slash; what matches only without it is filtered out below.
        start = (TAGS + prefix).rstrip("/")
        refs = self._list(start, f"the tags that start with {quoted(prefix)}" if prefix else "all tags")
        wanted = [each for each in refs if each["ref"].startswith(TAGS + prefix)]
        self._listed.update((each["ref"], each["object"]) for each in wanted)
        return [each["ref"][len(TAGS) :] for each in wanted]

    def branches_starting(self, prefix: str) -> Sequence[str]:
        """The names of the branches that start with `prefix`, as they are now."""
        if prefix and not _possible(BRANCHES + prefix + "x"):
            return []
        what = f"the branches that start with {quoted(prefix)}" if prefix else "all branches"
        refs = self._list((BRANCHES + prefix).rstrip("/"), what)
        return sorted(each["ref"][len(BRANCHES) :] for each in refs if each["ref"].startswith(BRANCHES + prefix))

    def _list(self, start: str, what: str) -> list[Ref]:
        first = self._api.get(f"/git/matching-refs/{start[len('refs/') :]}", what, max_bytes=_MOST_BYTES)
        if _is_empty_repository(first.status, first.body):
            return []
        pages = self._api.first_pages(first, what, _MOST_PAGES, max_bytes=_MOST_BYTES)
        if not pages.is_all:
            raise self._too_long(start)
        found = self._api.items(pages.found, Ref, what)
        if len(found) > MOST_REFS:
            raise self._too_long(start)
        if not found and start == BRANCHES.rstrip("/"):
            # Only an empty repository has no branch, and GitHub answers its list with 409.
            raise self._api.gone(what)
        self._api.expect(all(_is_ref(each, start) for each in found), what)
        return found

    def _too_long(self, start: str) -> Unseen:
        kind = "tags" if start.startswith(TAGS.rstrip("/")) else "branches"
        reason = f"{self._api.name} has more than {MOST_REFS:,} {kind}"
        return Unseen(TooLong(reason, f"Delete {kind} that are no longer needed."))

    def _target(self, ref: str) -> GitObject | None:
        if not _possible(ref):
            return None
        return seen(self._found.get(ref, lambda: self._listed.get(ref) or self._ask(ref)))

    @answered
    def _ask(self, ref: str) -> GitObject | None:
        what = f"the {'tag' if ref.startswith(TAGS) else 'branch'} {ref.split('/', 2)[2]}"
        response = self._api.get(f"/git/ref/{ref[len('refs/') :]}", what)
        if response.status == 404:
            self._api.confirm_absence()
            return None
        if _is_empty_repository(response.status, response.body):
            return None
        found = self._api.read(response, Ref, what)
        self._api.expect(found["ref"] == ref and _is_ref(found, ref), what)
        return found["object"]

    def _object(self, name: str, sha: str) -> TagObject:
        return seen(self._objects.get(sha, lambda: self._ask_object(name, sha)))

    @answered
    def _ask_object(self, name: str, sha: str) -> TagObject:
        what = f"the annotated tag {name}"
        tag = self._api.read(self._api.get(f"/git/tags/{sha}", what), TagObject, what)
        self._api.expect(tag["sha"] == sha and COMMIT.fullmatch(tag["object"]["sha"]) is not None, what)
        return tag

    def _no_commit(self, name: str, kind: str) -> WrongKind:
        return WrongKind(
            f"the tag {name} of {self._api.name} points at a {kind[:20]}, not at a commit",
            "Delete the tag and push it again, on the intended commit.",
        )


def _possible(ref: str) -> bool:
    """Whether git allows this name (git-check-ref-format); a forbidden name is never requested."""
    return bool(ref.split("/", 2)[2]) and len(ref) <= 1024 and not _FORBIDDEN.search(ref)


def _is_ref(found: Ref, start: str) -> bool:
    return found["ref"].startswith(start) and COMMIT.fullmatch(found["object"]["sha"]) is not None


def _is_empty_repository(status: int, body: bytes) -> bool:
    return status == 409 and "empty" in read_message(body).lower()


def distinct(names: Collection[str]) -> list[str]:
    """The names without repeats, in their order."""
    return list(dict.fromkeys(names))
