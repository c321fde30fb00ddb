"""What GitHub Actions did for tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial

from ..clients.http import Http
from ..domain.evidence import Answer, Answers, Run, Unknown
from .github_api import ACTIONS, RepositoryApi
from .github_payloads import WorkflowRun, WorkflowRuns
from .github_refs import distinct

_MOST_RUNS = 1000
"""A filtered list ends here, whatever there is (OpenAPI `actions/list-workflow-runs-for-repo`)."""
_PAGE = 100


class GithubRuns:
    """Workflow runs by repository; `find` gives the API of a repository by its name."""

    def __init__(self, http: Http, find: Callable[[str], RepositoryApi]) -> None:
        self._http = http
        self._find = find

    def tag_runs(self, repository: str, tags: Collection[str]) -> Answers[Sequence[Run]]:
        """All push runs of each tag, in their latest attempt; never from a memory."""
        names = distinct(tags)
        api = self._find(repository)
        return dict(zip(names, self._http.parallel([partial(_runs, api, name) for name in names]), strict=True))


def _runs(api: RepositoryApi, tag: str) -> Answer[Sequence[Run]]:
    what = f"the workflow runs of the tag {tag}"
    query: dict[str, str | int] = {
        "branch": tag,
        "event": "push",
        "per_page": _PAGE,
        "exclude_pull_requests": "true",
    }
    first = api.get("/actions/runs", what, query, permission=ACTIONS)
    if isinstance(first, Unknown):
        return first
    pages = api.pages(first, what, _MOST_RUNS // _PAGE, ACTIONS)
    if isinstance(pages, Unknown):
        return pages
    found: dict[int, WorkflowRun] = {}
    total = 0
    for page in pages:
        payload = api.read(page, WorkflowRuns, what)
        if isinstance(payload, Unknown):
            return payload
        total = max(total, payload["total_count"])
        found.update((run["id"], run) for run in payload["workflow_runs"])
    return _complete(api, tag, total, list(found.values()))


def _complete(api: RepositoryApi, tag: str, total: int, runs: Sequence[WorkflowRun]) -> Answer[Sequence[Run]]:
    if total >= _MOST_RUNS:
        return Unknown(f"the tag {tag} of {api.name} has {_MOST_RUNS:,} runs or more, of which GitHub shows no more")
    if len(runs) < total:
        return Unknown(f"of the {total} runs of the tag {tag} of {api.name} only {len(runs)} were sent")
    # The filter is GitHub's; whether a run is of this very tag is judged here, letter by letter.
    return [run_of(run) for run in runs if run["head_branch"] == tag and run["event"] == "push"]


_SUFFIX = re.compile(r"(\.ya?ml)@.*\Z", re.DOTALL)


def file_of(path: str) -> str:
    """Return the path of a run's workflow file without the `@REF` that GitHub may put behind it."""
    return _SUFFIX.sub(r"\1", path)


def run_of(run: WorkflowRun) -> Run:
    """Return a run as the rules judge it."""
    return Run(
        workflow=file_of(run["path"]),
        name=run["name"] or "",
        number=run["run_number"],
        head_sha=run["head_sha"],
        status=run["status"] or "",
        conclusion=run["conclusion"],
        url=run["html_url"],
        id=run["id"],
    )
