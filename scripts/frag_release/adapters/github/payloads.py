"""The parts of GitHub's replies that are read (REST API 2022-11-28).

The TypedDicts name only the fields that are used; replies have many more.
"""

from __future__ import annotations

from typing import TypedDict

from ..http.messages import parse
from ..http.messages import read_payload as read_payload  # for the other modules of GitHub


class GitObject(TypedDict):
    """What a ref or a tag object points at (`git/get-ref`, `git/get-tag`)."""

    type: str
    sha: str


class Ref(TypedDict):
    """`git/get-ref`, and one item of `git/list-matching-refs`."""

    ref: str
    object: GitObject


class Committer(TypedDict):
    """The date of a commit or a tag (ISO 8601)."""

    date: str


class TagObject(TypedDict):
    """`git/get-tag`: an annotated tag. Very old ones have no tagger."""

    sha: str
    object: GitObject
    tagger: Committer | None


class CommitFacts(TypedDict):
    """The git commit inside a commit."""

    committer: Committer | None


class NamedCommit(TypedDict):
    """A commit by its id, such as one item of `repos/list-commits`."""

    sha: str


class BareCommit(TypedDict):
    """`git/get-commit`."""

    sha: str
    committer: Committer | None


class DatedCommit(TypedDict):
    """A commit of a comparison."""

    sha: str
    commit: CommitFacts


class Comparison(TypedDict):
    """`repos/compare-commits-with-basehead`."""

    status: str
    base_commit: NamedCommit
    merge_base_commit: DatedCommit


class Content(TypedDict):
    """`repos/get-content` of a file."""

    type: str
    size: int
    encoding: str
    content: str
    sha: str


class Message(TypedDict):
    """The git commit inside a commit, for its message."""

    message: str


class CommitWithMessage(TypedDict):
    """A commit of a comparison, for its message."""

    sha: str
    commit: Message


class ComparisonPage(TypedDict):
    """One page of `repos/compare-commits-with-basehead`."""

    status: str
    base_commit: NamedCommit
    total_commits: int
    commits: list[CommitWithMessage]


class ChangedFile(TypedDict):
    """A file that a commit changes; `status` is `modified`, `added`, `removed`, `renamed` or the like."""

    filename: str
    status: str


class ComparedFiles(TypedDict):
    """The first page of `repos/compare-commits-with-basehead`: its files."""

    files: list[ChangedFile]


class RepositoryFacts(TypedDict):
    """`repos/get`."""

    default_branch: str


class FullName(TypedDict):
    """`repos/get`: the current `OWNER/NAME`."""

    full_name: str


class Numbered(TypedDict):
    """A repository by its number, which it keeps when it is renamed."""

    id: int


class WorkflowRun(TypedDict):
    """One item of `actions/list-workflow-runs-for-repo`."""

    id: int
    workflow_id: int
    path: str
    head_branch: str | None
    head_sha: str
    event: str
    status: str | None
    conclusion: str | None
    html_url: str
    created_at: str
    updated_at: str
    run_started_at: str | None
    repository: Numbered
    head_repository: Numbered | None


class WorkflowRuns(TypedDict):
    """`actions/list-workflow-runs-for-repo`."""

    total_count: int
    workflow_runs: list[WorkflowRun]


class WorkflowFile(TypedDict):
    """One item of `actions/list-repo-workflows`; `state` is `deleted` if the file is gone."""

    id: int
    name: str
    path: str
    state: str


class WorkflowFiles(TypedDict):
    """`actions/list-repo-workflows`."""

    total_count: int
    workflows: list[WorkflowFile]


class Activity(TypedDict):
    """One item of `repos/list-activities`; the time is ISO 8601."""

    ref: str
    timestamp: str
    activity_type: str


def read_error(body: bytes) -> str:
    """Return the `message` of GitHub's error reply with those of its `errors`, or an empty text."""
    document = parse(body)
    if not isinstance(document, dict):
        return ""
    errors = document.get("errors")
    details = [_detail(each) for each in errors] if isinstance(errors, list) else []
    return " ".join(each for each in (document.get("message"), *details) if isinstance(each, str))


def _detail(error: object) -> object:
    """Return one of the `errors`: its message, else its field and code."""
    if not isinstance(error, dict):
        return error
    return error.get("message") or f"{error.get('field')}: {error.get('code')}"


def read_message(body: bytes) -> str:
    """Return the `message` of GitHub's error reply, or an empty text."""
    document = parse(body)
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""
