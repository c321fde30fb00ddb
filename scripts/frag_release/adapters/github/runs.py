"""Runs of GitHub Actions under the names of tags, lifetimes of branches, and lists that must be complete."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TypeVar

from ...dataclass import replace
from ...domain.evidence import (
    Answers,
    Lifetime,
    NotOffered,
    Run,
    TooLong,
    Unknown,
    Unseen,
    Workflow,
    answered,
    lifetimes,
    seen,
)
from ...domain.refs import Ref
from ..http import Http
from ..http.messages import Response, quoted
from .api import ACTIONS, RepositoryApi
from .payloads import Activity, WorkflowFiles, WorkflowRun, WorkflowRuns
from .refs import distinct, parse_time

PAGE = 100
MOST_PAGES = 10
"""A filtered list ends at 1,000 items, even if there are more (OpenAPI `actions/list-workflow-runs-for-repo`)."""

_TOO_MANY = "Running this again does not help. Use another commit, which has fewer runs, under a new tag."

_Page = TypeVar("_Page")
_Item = TypeVar("_Item")
_AT_A_REF = (
    *("push", "workflow_dispatch", "create", "release", "deployment", "deployment_status", "registry_package"),
    "dynamic",
)
"""The events that start runs at any ref of the repository (docs: "Events that trigger workflows")."""
# Not CONTENTS: read access to the activity is not documented to prove read access to contents.
_ACTIVITY = "contents: read (for the activity of the repository)"
_NOT_OFFERED = (404, 422)
_T = TypeVar("_T")
_SUFFIX = re.compile(r"(\.ya?ml)@.*\Z", re.DOTALL)


def runs_by_event(api: RepositoryApi, listed: Callable[[str], list[_Item]], events: Sequence[str]) -> list[_Item]:
    """Return all runs by `listed` or, if those are too many, the runs of each of `events`.

    So runs that do not count, such as those of pull requests or of a schedule, cannot crowd out the others.
    """
    ask = answered(listed)
    found = ask("")
    if not isinstance(found, TooLong):
        return seen(found)
    runs: list[_Item] = []
    for each in api.http.parallel([partial(ask, event) for event in events]):
        runs += seen(replace(each, remedy=_TOO_MANY) if isinstance(each, TooLong) else each)
    return runs


def whole_list(
    api: RepositoryApi,
    first: Response,
    page_kind: type[_Page],
    items_of: Callable[[_Page], tuple[int, Iterable[tuple[int, _Item]]]],
    *,
    what: str,
    noun: str,
) -> list[_Item]:
    """Return the items of all pages, each once; raises Unseen if there are fewer than the list's total.

    `items_of` returns that total, and the page's items with their ids: an item that moves to the next page between
    two requests is sent twice.
    """
    payload = api.read(first, page_kind, what)
    if items_of(payload)[0] >= PAGE * MOST_PAGES:
        shown = f"{api.name} has {PAGE * MOST_PAGES:,} {noun} or more, and GitHub lists no more"
        raise Unseen(TooLong(f"{shown}, when asked for {what}"))
    rest = [api.read(page, page_kind, what) for page in api.pages(first, what, MOST_PAGES, ACTIONS)[1:]]
    listed = [items_of(each) for each in (payload, *rest)]
    found = {number: item for _, items in listed for number, item in items}
    most = max(total for total, _ in listed)
    if len(found) < most:
        raise Unseen(Unknown(f"GitHub sent only {len(found)} of {most} {noun} when asked for {what} of {api.name}"))
    return list(found.values())


class GithubRuns:
    """Workflow runs by repository; `find` returns the API of a repository by its name."""

    def __init__(self, http: Http, find: Callable[[str], RepositoryApi]) -> None:
        self._http = http
        self._find = find

    def tag_runs(self, repository: str, tags: Collection[str]) -> Answers[Sequence[Run]]:
        """All runs at refs of each name except those of pull requests, in their latest attempt; never cached."""
        return self._each(_runs, repository, tags)

    def branch_lifetimes(self, repository: str, names: Collection[str]) -> Answers[Sequence[Lifetime]]:
        """When a branch of each name existed; `NotOffered` if GitHub returns 404 or 422."""
        return self._each(branch_lifetimes, repository, names)

    @answered
    def workflows(self, repository: str) -> Sequence[Workflow]:
        """All workflows, with the names in their files."""
        api, what = self._find(repository), "the workflows"
        first = api.get("/actions/workflows", what, {"per_page": PAGE}, permission=ACTIONS)
        return whole_list(api, first, WorkflowFiles, _workflows, what=what, noun="workflows")

    def _each(
        self, ask: Callable[[RepositoryApi, str], Sequence[_T]], repository: str, names: Collection[str]
    ) -> Answers[Sequence[_T]]:
        asked, api = distinct(names), self._find(repository)
        answers = self._http.parallel([partial(answered(ask), api, name) for name in asked])
        return dict(zip(asked, answers, strict=True))


def branch_lifetimes(api: RepositoryApi, name: str) -> Sequence[Lifetime]:
    """When a branch of that name existed (`repos/list-activities`).

    Raises Unseen, with `NotOffered` if GitHub returns 404 or 422. Neither proves that there was none: what GitHub
    returns for a name that never existed is not documented.
    """
    what, ref = f"the activity of a branch {name}", Ref.of_branch(name).text
    query: dict[str, str | int] = {"ref": ref, "per_page": PAGE}
    answer = answered(api.get)("/activity", what, query, permission=_ACTIVITY)
    # A plan without the activity does not count as `NotOffered`, which rules tolerate.
    first = seen(Unknown(answer.reason, answer.remedy) if isinstance(answer, NotOffered) else answer)
    if first.status in _NOT_OFFERED:
        reason = f"GitHub answered {first.status} ({quoted(api.words(first))}) when asked for {what}"
        raise Unseen(NotOffered(reason))
    return _lifetimes(api, api.pages(first, what, MOST_PAGES, _ACTIVITY), ref, what)


def _lifetimes(api: RepositoryApi, pages: Sequence[Response], ref: str, what: str) -> Sequence[Lifetime]:
    found = []
    for page in pages:
        for each in api.read(page, list[Activity], what):
            time = parse_time(each["timestamp"])
            if time is None:
                raise api.mismatch(what)
            # The filter is GitHub's; whether it is this branch is decided here, by exact comparison.
            found += [(each["activity_type"], time)] if each["ref"] == ref else []
    # They come newest first, even within one second; the sort is stable.
    found.reverse()
    return lifetimes(sorted(found, key=lambda one: one[1]))


def _runs(api: RepositoryApi, tag: str) -> Sequence[Run]:
    # The branch of a pull request may have the name of the tag, even from a stranger.
    found = runs_by_event(api, partial(_listed, api, tag), _AT_A_REF)
    # The filters are GitHub's; whether a run belongs to the tag is decided here, by exact comparison.
    return [run_of(run) for run in found if run["head_branch"] == tag and _at_own_ref(run)]


def _listed(api: RepositoryApi, tag: str, event: str) -> list[WorkflowRun]:
    what = f"the workflow runs of the tag {tag}"
    query: dict[str, str | int] = {"branch": tag, "per_page": PAGE, "exclude_pull_requests": "true"}
    first = api.get("/actions/runs", what, {**query, "event": event} if event else query, permission=ACTIONS)
    return whole_list(api, first, WorkflowRuns, _runs_of, what=what, noun="runs")


def _runs_of(page: WorkflowRuns) -> tuple[int, Iterable[tuple[int, WorkflowRun]]]:
    return page["total_count"], ((run["id"], run) for run in page["workflow_runs"])


def _workflows(page: WorkflowFiles) -> tuple[int, Iterable[tuple[int, Workflow]]]:
    listed = ((each["id"], each) for each in page["workflows"])
    return page["total_count"], (
        (number, Workflow(number, each["path"], each["name"], each["state"] == "deleted")) for number, each in listed
    )


def _at_own_ref(run: WorkflowRun) -> bool:
    """Whether a run builds a ref of the repository itself, not a pull request."""
    own = run["head_repository"] is not None and run["head_repository"]["id"] == run["repository"]["id"]
    return own and not run["event"].startswith("pull_request")


def file_of(path: str) -> str:
    """Return the path of a run's workflow file without the `@REF` that GitHub may append."""
    return _SUFFIX.sub(r"\1", path)


def run_of(run: WorkflowRun) -> Run:
    """Return a run as a `Run`."""
    created = parse_time(run["created_at"])
    return Run(
        workflow=file_of(run["path"]),
        head_sha=run["head_sha"],
        status=run["status"] or "",
        conclusion=run["conclusion"],
        url=run["html_url"],
        id=run["id"],
        workflow_id=run["workflow_id"],
        event=run["event"],
        created=created,
        started=parse_time(run["run_started_at"]) if run["run_started_at"] else created,
        changed=parse_time(run["updated_at"]),
    )
