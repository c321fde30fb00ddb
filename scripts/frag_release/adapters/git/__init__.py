"""Repositories as local clones, read with git: no network, no token, and no evidence of CI."""

from __future__ import annotations

import datetime
import os
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ...domain import changes
from ...domain.evidence import (
    Answer,
    Answers,
    Blob,
    Lifetime,
    NotOffered,
    Placement,
    Run,
    Unknown,
    Unseen,
    Workflow,
    WrongKind,
    answered,
    seen,
)
from ...domain.facts import PublicRelease, Released
from ...domain.release_record import ReleaseRecord
from ...domain.tickets import Issue
from ..http.retry import Deadline
from ..ports import Repository, RunHistory, Writer
from .objects import (
    History,
    dates_of,
    each_answered,
    encoded,
    files_at,
    is_object_id,
    missing,
    not_an_id,
    peel,
    read_branches,
    read_changes,
    read_history,
    read_tags,
)
from .process import Git
from .writer import LocalWriter

_NAME = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9_.-]+/(?!\.{1,2}\Z)[A-Za-z0-9_.-]+")

NO_RUNS = Unknown(
    "a local clone has no evidence of CI",
    "Set check-ci: false to do without it, or leave local empty to read it from GitHub.",
)


class LocalForge:
    """The clones in `folder`, as OWNER/NAME, OWNER/NAME.git, NAME or NAME.git, bare or not.

    `environment` provides git's PATH and HOME (default: that of this process). `own` are clones in other places, by
    OWNER/NAME.
    """

    def __init__(
        self,
        folder: Path,
        deadline: Deadline,
        environment: Mapping[str, str] | None = None,
        own: Mapping[str, Path] | None = None,
    ) -> None:
        self._folder = folder
        self._own = own or {}
        self._deadline = deadline
        self._environment = os.environ if environment is None else environment

    def read_with_component_token(self, names: Collection[str]) -> None:
        """Do nothing: a clone needs no token."""

    @property
    def runs(self) -> RunHistory:
        """The history of CI runs: always `Unknown`."""
        return _NoRuns()

    def repository(self, name: str) -> Repository:
        """The repository `OWNER/NAME`; without a clone of it, each of its answers is an `Unknown`."""
        return LocalRepository(name, self._git(name))

    def writer(self, name: str) -> Writer:
        """The writer for the clone of `OWNER/NAME`."""
        return LocalWriter(name, self._git(name))

    def release_record(self, repository: str, tag: str) -> Answer[ReleaseRecord | None]:
        """Always None: a clone has tags, but no releases."""
        return None

    def release_records(self, repository: str, tags: Collection[str]) -> Answer[Mapping[str, Answer[ReleaseRecord]]]:
        """Always empty: a clone has tags, but no releases."""
        return {}

    def deployments(self, name: str) -> None:
        """Always None: a clone has no deployment records."""

    def released(self, repository: str) -> Answer[Released]:
        """Always `Unknown`: a clone has tags, but no releases."""
        return Unknown(f"a local clone has no releases, so those of {repository} cannot be listed")

    def rolled_back(self, repository: str) -> Answer[bool]:
        """Always `NotOffered`: a clone has no deployment records."""
        return NotOffered(f"a local clone has no deployment records of {repository}")

    def public_release(self, repository: str, tag: str) -> Answer[PublicRelease | None]:
        """Always `NotOffered`: a clone has tags, but no releases."""
        return NotOffered(f"a local clone has no releases, so that of {tag} of {repository} cannot be looked up")

    def issue(self, repository: str, number: int) -> Answer[Issue]:
        """Always `Unknown`: a clone has no issues."""
        return Unknown(
            f"a local clone has no issues, so issue {number} of {repository} cannot be read",
            "Give the versions as inputs, or leave local empty to read the issue from GitHub.",
        )

    def _git(self, name: str) -> Git:
        try:
            clone = self._own.get(name) or _find_clone(self._folder, name)
        except Unseen as error:
            return Git(self._folder, self._deadline, self._environment, error.unknown)
        return Git(clone, self._deadline, self._environment)


class _NoRuns:
    def tag_runs(self, repository: str, tags: Collection[str]) -> Answers[Sequence[Run]]:
        """Always `NO_RUNS`, for each tag."""
        return dict.fromkeys(tags, NO_RUNS)

    def branch_lifetimes(self, repository: str, names: Collection[str]) -> Answers[Sequence[Lifetime]]:
        """Always `NO_RUNS`, for each name."""
        return dict.fromkeys(names, NO_RUNS)

    def workflows(self, repository: str) -> Answer[Sequence[Workflow]]:
        """Always `NO_RUNS`."""
        return NO_RUNS


class LocalRepository:
    """One clone. The number of git processes for a question is independent of the size of its batch."""

    def __init__(self, name: str, git: Git) -> None:
        self._name = name
        self._git = git

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""
        return self._name

    def is_private(self) -> Answer[bool]:
        """Always False: anyone who can read the clone may read its contents."""
        return False

    @answered
    def default_branch(self) -> str:
        """The default branch of the cloned repository, or the one checked out in the clone if that is unknown."""
        branches = read_branches(self._git)
        if branches.default is not None:
            return branches.default.decode("utf-8", "replace")
        if not branches.heads:
            raise Unseen(Unknown(f"{self._git.clone} has no branches", "Push or fetch its branches."))
        reason = f"the default branch of {self._git.clone} is unknown{self._dangling()}"
        set_head = self._git.remedy("remote set-head origin --auto")
        raise Unseen(Unknown(reason, f"Name the branch in the inputs, or run {set_head}."))

    def _dangling(self) -> str:
        """Return the name of a deleted branch that `origin/HEAD` points at, for a message; empty if there is none."""
        found = self._git.attempt("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        if isinstance(found, Unknown) or not found.startswith(b"refs/remotes/"):
            return ""
        name = found.strip().decode("utf-8", "replace").removeprefix("refs/remotes/")
        return f": origin/HEAD points at {name}, which no longer exists"

    @each_answered
    def tags(self, names: Collection[str]) -> Answers[str | None]:
        """The commit of each tag; None if the clone has no tag of exactly that name."""
        targets = self._targets(names)
        peeled = peel(self._git, targets.values()) if targets else {}
        return {name: self._commit(name, targets.get(name), peeled) for name in names}

    def _targets(self, tags: Collection[str]) -> Mapping[str, str]:
        known = read_tags(self._git)
        return {name: known[encoded(name)] for name in tags if encoded(name) in known}

    def _commit(self, tag: str, target: str | None, peeled: Mapping[str, tuple[str, str, int]]) -> Answer[str | None]:
        if target is None:
            return None
        if target not in peeled:
            return missing(self._git, f"the object that the tag {tag!r} points at")
        kind, object_id, _ = peeled[target]
        if kind == "commit":
            return object_id
        return WrongKind(
            f"the tag {tag!r} of {self._name} points at a {kind}, not at a commit",
            "Delete the tag and push it again, on the commit that it is for.",
        )

    @each_answered
    def tag_objects(self, names: Collection[str]) -> Answers[str | None]:
        """The id of each annotated tag's tag object; None for a tag without one."""
        targets, commits = self._targets(names), self.tags(names)
        objects = {name: target for name, target in targets.items() if target != commits[name]}
        return {name: commits[name] if isinstance(commits[name], Unknown) else objects.get(name) for name in names}

    @each_answered
    def tag_dates(self, names: Collection[str]) -> Answers[datetime.datetime | None]:
        """When each tag was made: the date in an annotated tag, or that of its commit."""
        targets = self._targets(names)
        dates = dates_of(self._git, targets.values())
        return {name: dates[targets[name]] if name in targets else None for name in names}

    @answered
    def tags_starting(self, prefixes: Collection[str]) -> Sequence[str]:
        """The names of all tags that start with one of `prefixes`; `Unknown` in a shallow clone: it may lack some."""
        seen(self._cut_short())
        known = read_tags(self._git)
        starts = tuple(encoded(prefix) for prefix in prefixes)
        return [name.decode("utf-8", "replace") for name in sorted(known) if name.startswith(starts)]

    @each_answered
    def branches(self, names: Collection[str]) -> Answers[str | None]:
        """The head commit of each branch; None if there is no branch of exactly that name."""
        known = read_branches(self._git)
        return {name: known.heads.get(encoded(name)) for name in names}

    @each_answered
    def placements(self, commits: Collection[str], branches: Sequence[str]) -> Answers[Placement]:
        """Which of `branches` contain each commit, and when it was committed.

        A shallow clone can only show that a branch contains a commit: that none does is `Unknown` there.
        """
        known = read_branches(self._git)
        heads = {name: known.heads[encoded(name)] for name in branches if encoded(name) in known.heads}
        if not heads:
            raise Unseen(self._no_branch(branches))
        history = read_history(self._git, [*heads.values(), *filter(is_object_id, commits)])
        reached = {name: history.reached_from(head) for name, head in heads.items()}
        found = {commit: self._placement(commit, history, reached) for commit in commits}
        return self._only_if_complete(found)

    def _placement(self, commit: str, history: History, reached: Mapping[str, Collection[str]]) -> Answer[Placement]:
        if not is_object_id(commit):
            return not_an_id(commit)
        if commit not in history.parents:
            return missing(self._git, f"the commit {commit}")
        containing = frozenset(name for name, commits in reached.items() if commit in commits)
        return Placement(containing, history.committed[commit])

    def _only_if_complete(self, found: Answers[Placement]) -> Answers[Placement]:
        def contained(answer: Answer[Placement]) -> bool:
            return isinstance(answer, Placement) and bool(answer.branches)

        if all(map(contained, found.values())):
            return found
        cut = self._cut_short()
        return {commit: cut if cut and not contained(answer) else answer for commit, answer in found.items()}

    @answered
    def _cut_short(self) -> None:
        """Return `Unknown` if the clone is shallow, or if that could not be determined."""
        if self._git.ask("rev-parse", "--is-shallow-repository").strip() != b"false":
            reason = f"{self._git.clone} is a shallow clone, without the older commits and tags"
            fetch = self._git.remedy("fetch --unshallow --tags")
            raise Unseen(Unknown(reason, f"Run {fetch}, or check it out with fetch-depth: 0."))

    def _no_branch(self, branches: Sequence[str]) -> Unknown:
        return Unknown(
            f"{self._git.clone} has no branch {' or '.join(map(repr, branches))}",
            f"Correct the name of the branch, or run {self._git.remedy('fetch origin')}.",
        )

    def files(self, path: str, commits: Collection[str]) -> Answers[Blob | None]:
        """The file at `path` in each commit; a symbolic link, a folder or a submodule is an `Unknown`."""
        return files_at(self._git, path, commits)

    @answered
    def current_file(self, path: str) -> Blob | None:
        """The file at `path` on the default branch, or in the checked-out commit if that branch is unknown."""
        branch = self.default_branch()
        head = self._checked_out() if isinstance(branch, Unknown) else seen(self.branches([branch])[branch])
        return None if head is None else seen(self.files(path, [head])[head])

    def _checked_out(self) -> str | None:
        found = self._git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return None if isinstance(found, Unknown) else found.decode("ascii", "replace").strip()

    @answered
    def log(self, branch: str, limit: int) -> Sequence[str]:
        """The newest `limit` (at most 100) commits of a branch, newest first."""
        head = seen(self.branches([branch])[branch])
        if head is None:
            raise Unseen(self._no_branch([branch]))
        output = self._git.ask("rev-list", f"--max-count={min(limit, 100)}", "--stdin", lines=[head.encode()])
        return output.decode("ascii").split()

    @answered
    def branches_starting(self, prefix: str) -> Sequence[str]:
        """The names of all branches that start with `prefix`, sorted."""
        heads = sorted(read_branches(self._git).heads)
        return [name.decode("utf-8", "replace") for name in heads if name.startswith(encoded(prefix))]

    @answered
    def history(self, old: str, new: str) -> changes.History:
        """The commits between two commits, newest first. `Unknown` in a shallow clone, which may lack some."""
        for commit in (old, new):
            if not is_object_id(commit):
                raise Unseen(not_an_id(commit))
        seen(self._cut_short())
        return read_changes(self._git, old, new)


def _find_clone(folder: Path, name: str) -> Path:
    """Return the folder of the clone of OWNER/NAME; one that also names the owner goes first."""
    if not _NAME.fullmatch(name):
        raise Unseen(Unknown(f"{name!r} is not the name of a repository", "Name it as OWNER/NAME."))
    places = [name, f"{name}.git", name.partition("/")[2], f"{name.partition('/')[2]}.git"]
    for place in places:
        if _is_clone(folder / place):
            return folder / place
    reason = f"{folder} has no clone of {name}, neither as {', '.join(places[:-1])} nor as {places[-1]}"
    clone = f"git clone URL-OF-{name.replace('/', '-')} {shlex.quote(str(folder / places[2]))}"
    raise Unseen(Unknown(reason, f"Clone it: {clone}"))


def _is_clone(place: Path) -> bool:
    """Whether git itself would treat `place` as a repository, instead of a folder above it."""
    bare = os.path.isfile(place / "HEAD") and os.path.isdir(place / "objects")
    return bare or os.path.exists(place / ".git")
