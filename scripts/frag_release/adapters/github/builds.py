"""Workflow runs of one repository on GitHub: found, followed, timed, and started. Artifacts are only listed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypedDict

from ...domain.builds import Artifact, Build, Job, PendingDeployment
from ...domain.evidence import PUSH, SUCCESS, WAITING, Approval, Denied, Lifetime, Run, Unknown, Unseen, answered, seen
from ...domain.refs import numbers_of
from ..http.messages import Response
from .api import ACTIONS, RepositoryApi
from .payloads import WorkflowRun
from .refs import parse_time
from .runs import PAGE, branch_lifetimes, file_of, run_of, runs_by_event, whole_list
from .writes import Advice, Refusal, Step, Write, send_unanswered

_PAST_PAGE = 30
_WHOLE: Mapping[str, str | int] = {"per_page": PAGE, "exclude_pull_requests": "true"}
_EVENTS = ("push", "workflow_dispatch")
_ADVICE = Advice(
    (
        Refusal(
            re.compile(r"does not have .?workflow_dispatch|workflow_dispatch. trigger", re.I),
            "Add workflow_dispatch to the triggers of the build workflow on the default branch, and release from a "
            "commit that also has it. Or pass the token of an app or a person in the input token, delete the tag and "
            "run this again: the push of the tag then starts the build.",
            right=False,
        ),
        Refusal(
            re.compile(r"disabled workflow", re.I),
            "The build workflow is disabled: enable it (Actions > that workflow > Enable workflow), then run this "
            "again: it continues from there.",
            right=False,
        ),
        Refusal(
            re.compile(r"Required inputs?\b.*not provided", re.I),
            "The build of a release is started without inputs, so each required input needs a default: add it under "
            "workflow_dispatch of the build workflow, and release from a commit that has it. Or start the build by "
            "hand: Actions > the build workflow > Run workflow, with the tag as its ref; then run this again.",
            right=False,
        ),
        Refusal(
            re.compile(r"No ref found", re.I),
            "The tag was deleted meanwhile. Run this again: it creates the tag again.",
            right=False,
        ),
    ),
    "To start the build of the tag, the workflow's own token needs actions: write under permissions of its job. The "
    "token of an app or a person does not need it: with such a token, the push of the tag starts the build.",
)


class ArtifactRun(TypedDict):
    """The run that an artifact is from."""

    id: int | None
    head_sha: str | None


class ArtifactFacts(TypedDict):
    """One item of `actions/list-workflow-run-artifacts`; times are ISO 8601."""

    id: int
    name: str
    created_at: str | None
    workflow_run: ArtifactRun | None


class ArtifactPage(TypedDict):
    """`actions/list-workflow-run-artifacts`."""

    total_count: int
    artifacts: list[ArtifactFacts]


def read_artifacts(api: RepositoryApi, build: Build) -> list[Artifact]:
    """Return what all attempts of a run have uploaded: one request per hundred. Raises Unseen."""
    what = f"the artifacts of the run {build.id}"
    first = api.get(f"/actions/runs/{build.id}/artifacts", what, {"per_page": PAGE}, permission=ACTIONS)
    return whole_list(api, first, ArtifactPage, _artifacts, what=what, noun="artifacts")


def _artifacts(page: ArtifactPage) -> tuple[int, Iterable[tuple[int, Artifact]]]:
    return page["total_count"], ((each["id"], _artifact(each)) for each in page["artifacts"])


def _artifact(facts: ArtifactFacts) -> Artifact:
    run = facts.get("workflow_run")
    return Artifact(
        name=facts["name"],
        created=parse_time(facts.get("created_at") or ""),
        run=(run.get("id") or 0) if run else 0,
        head_sha=(run.get("head_sha") or "") if run else "",
    )


class FollowedRun(WorkflowRun):
    """`actions/get-workflow-run`. `run_started_at` is that of the newest attempt, and may be missing."""

    run_attempt: int
    run_started_at: str | None


class FollowedRuns(TypedDict):
    """`actions/list-workflow-runs`."""

    total_count: int
    workflow_runs: list[FollowedRun]


class WorkflowJob(TypedDict):
    """One item of `actions/list-jobs-for-workflow-run`; times are ISO 8601."""

    id: int
    name: str
    status: str
    conclusion: str | None
    started_at: str | None
    completed_at: str | None
    html_url: str | None


class WorkflowJobs(TypedDict):
    """`actions/list-jobs-for-workflow-run`."""

    total_count: int
    jobs: list[WorkflowJob]


class NamedEnvironment(TypedDict):
    """The environment of a pending deployment."""

    name: str


class UserOrTeam(TypedDict):
    """A user has a `login`, a team a `name`."""

    login: str | None
    name: str | None


class Reviewer(TypedDict):
    """Who may approve; `type` is `User` or `Team`."""

    type: str
    reviewer: UserOrTeam


class PendingFacts(TypedDict):
    """One item of `actions/get-pending-deployments-for-run`; the timer is in minutes, its start ISO 8601."""

    environment: NamedEnvironment
    wait_timer: int
    wait_timer_started_at: str | None
    reviewers: list[Reviewer]


class Login(TypedDict):
    """Who reviewed a run."""

    login: str


class ReviewFacts(TypedDict):
    """One item of `actions/get-reviews-for-run`; `state` is `approved`, `rejected` or `pending`."""

    state: str
    user: Login
    environments: list[NamedEnvironment]


class GithubBuilds:
    """What GitHub Actions does in one repository; never cached."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    @answered
    def of_commit(self, commit: str, branches: Sequence[str]) -> Sequence[Run]:
        """All runs of a commit on one of `branches`, and those of releases; none of pull requests."""
        what = f"the workflow runs of {commit[:12]}"
        query = {"head_sha": commit, **_WHOLE}
        runs = self._runs(lambda more: self._api.get("/actions/runs", what, query | more, permission=ACTIONS), what)
        # A pull request's run has the same head, but tests its merge into another branch.
        own = [each for each in runs if not each["event"].startswith("pull_request")]
        here = [each for each in own if each["head_branch"] in branches or each["event"] == "release"]
        return [run_of(each) for each in here if each["head_sha"] == commit]

    @answered
    def of_tag(self, workflow: str, tag: str, commit: str) -> Sequence[Build]:
        """The runs of a workflow that belong to a tag at a commit: those of its push first, and then newest first.

        Among pushes, runs that failed or have not ended come before those that passed, so that none is hidden. A run
        that was dispatched at the tag may have built something else: GitHub does not report its inputs.
        """
        what = f"the runs of {workflow} for {tag}"
        query = {"branch": tag, "head_sha": commit, **_WHOLE}
        runs = self._runs(lambda more: self._of_workflow(workflow, what, query | more), what)
        # The filters are GitHub's; whether a run belongs to the tag is decided here, by exact comparison.
        found = [build_of(each) for each in runs if each["event"] in _EVENTS]
        own = [one for one in found if (one.workflow, one.branch, one.head_sha) == (workflow, tag, commit)]
        return sorted(own, key=_rank)

    @answered
    def branch_lifetimes(self, name: str) -> Sequence[Lifetime]:
        """When a branch of that name existed; `NotOffered` if GitHub does not report it."""
        return branch_lifetimes(self._api, name)

    @answered
    def latest(self, build: Build) -> Build | None:
        """The same run as it is now, perhaps in another attempt; None if it was deleted."""
        now = read_run(self._api, build.id)
        if now is not None:
            same = (now.id, now.branch, now.head_sha) == (build.id, build.branch, build.head_sha)
            self._api.expect(same, f"the run {build.id}")
        return now

    @answered
    def jobs(self, build: Build) -> Sequence[Job]:
        """The jobs of the latest attempt."""
        return read_jobs(self._api, build.id, "latest")

    @answered
    def pending_deployments(self, build: Build) -> Sequence[PendingDeployment]:
        """The environments whose rules the run waits for."""
        what = f"what the run {build.id} waits for"
        response = self._api.get(f"/actions/runs/{build.id}/pending_deployments", what, permission=ACTIONS)
        return list(map(_pending, self._api.read(response, list[PendingFacts], what)))

    @answered
    def approvals(self, run: int) -> Sequence[Approval]:
        """Who approved a run: `actions/get-reviews-for-run`, without those who rejected it."""
        what = f"who approved the run {run}"
        response = self._api.get(f"/actions/runs/{run}/approvals", what, permission=ACTIONS)
        found = self._api.read(response, list[ReviewFacts], what)
        approved = [one for one in found if one["state"] == "approved"]
        return [Approval(one["user"]["login"], [each["name"] for each in one["environments"]]) for one in approved]

    @answered
    def unfinished(self, workflow: str) -> Sequence[Build]:
        """The runs of a workflow that are in progress or wait for an approval: one request for each status."""
        what, found = f"the runs of {workflow} that have not ended", list[Build]()
        for status in ("in_progress", WAITING):
            found += self._newest(workflow, what, status)
        return sorted(found, key=lambda one: one.id)

    @answered
    def artifacts(self, build: Build) -> Sequence[Artifact]:
        """What all attempts of the run have uploaded."""
        return read_artifacts(self._api, build)

    @answered
    def past(self, workflow: str, limit: int) -> Sequence[Sequence[Job]]:
        """The jobs of the last runs that passed: those of releases, and others if there are too few."""
        found = self._newest(workflow, f"the runs of {workflow}", SUCCESS)
        # A branch's build has other jobs than a release's: no deployment to production, for example.
        # Tags of either format count: this only selects runs for an estimate of the usual time.
        asked = sorted(found, key=lambda one: numbers_of(one.branch.removeprefix("v"), "") is None)[:limit]
        answers = self._api.http.parallel([lambda build=each: self.jobs(build) for each in asked])  # type: ignore[misc]
        return [answer for answer in answers if not isinstance(answer, Unknown)]

    def start(self, workflow: str, tag: str) -> None:
        """Start a workflow at a tag with the event `workflow_dispatch`."""
        path = f"/actions/workflows/{_file(workflow)}/dispatches"
        write = Write(Step.RELEASE, "POST", path, f"a run of {workflow} at {tag}", {"ref": tag}, _ADVICE)
        send_unanswered(self._api, write, self._own_token)

    def _newest(self, workflow: str, what: str, status: str) -> list[Build]:
        first = self._of_workflow(workflow, what, {"status": status, **_WHOLE, "per_page": _PAST_PAGE})
        return list(map(build_of, self._api.read(first, FollowedRuns, what)["workflow_runs"]))

    def _of_workflow(self, workflow: str, what: str, query: Mapping[str, str | int]) -> Response:
        path = f"/actions/workflows/{_file(workflow)}/runs"
        response = self._api.get(path, what, query, permission=ACTIONS)
        if response.status != 404:
            return response
        self._api.confirm_absence()
        missing = f"{self._api.name} has no workflow {_file(workflow)}"
        remedy = f"Check the input workflow-file: the file must be on the default branch. The token needs {ACTIONS}."
        raise Unseen(Denied(f"{missing}, or the token in {self._api.given_as} may not see it", remedy))

    def _runs(self, ask: Callable[[dict[str, str | int]], Response], what: str) -> list[FollowedRun]:
        def listed(event: str) -> list[FollowedRun]:
            first = ask({"event": event} if event else {})
            return whole_list(self._api, first, FollowedRuns, _listed, what=what, noun="runs")

        # A commit that stays the head of its branch collects scheduled runs, and those of issues.
        return runs_by_event(self._api, listed, _EVENTS)


def _listed(page: FollowedRuns) -> tuple[int, Iterable[tuple[int, FollowedRun]]]:
    return page["total_count"], ((each["id"], each) for each in page["workflow_runs"])


def _rank(build: Build) -> tuple[bool, bool, bool, int]:
    """The sort key of a run of a tag. Dispatched runs may have different inputs: the newest counts."""
    is_push = build.event == PUSH
    return not is_push, is_push and build.passed, is_push and not build.is_over, -build.id


def _file(workflow: str) -> str:
    """The name of a workflow's file without its folder, as GitHub's API takes it."""
    return workflow.rpartition("/")[2]


def read_run(api: RepositoryApi, number: int) -> Build | None:
    """Return a run of a repository; None if there is none of that number. Raises Unseen."""
    run = api.one(f"/actions/runs/{number}", f"the run {number}", FollowedRun, permission=ACTIONS)
    return build_of(run) if run else None


def build_of(run: FollowedRun) -> Build:
    """Return a run as a `Build`."""
    return Build(
        id=run["id"],
        workflow=file_of(run["path"]),
        event=run["event"],
        branch=run["head_branch"] or "",
        head_sha=run["head_sha"],
        attempt=run["run_attempt"],
        status=run["status"] or "",
        conclusion=run["conclusion"],
        url=run["html_url"],
        started=parse_time(run.get("run_started_at") or ""),
        created=parse_time(run["created_at"]),
    )


def _pending(facts: PendingFacts) -> PendingDeployment:
    began = parse_time(facts["wait_timer_started_at"] or "")
    timer = datetime.timedelta(minutes=max(0, facts["wait_timer"]))
    return PendingDeployment(
        facts["environment"]["name"],
        [name for each in facts["reviewers"] if (name := _reviewer(each))],
        began + timer if began and timer else None,
    )


def _reviewer(one: Reviewer) -> str:
    name = one["reviewer"].get("login") or one["reviewer"].get("name") or ""
    return f"the team {name}" if name and one["type"] == "Team" else name


def read_jobs(api: RepositoryApi, run: int, attempts: Literal["latest", "all"]) -> list[Job]:
    """Return the jobs of a run's latest attempt, or of all attempts; raises Unseen if a page or a job is lost.

    Between two requests a re-run may move jobs to other pages; a single page is one answer.
    """
    what = f"the jobs of the run {run}"
    query: dict[str, str | int] = {"filter": attempts, "per_page": PAGE}
    first = api.get(f"/actions/runs/{run}/jobs", what, query, permission=ACTIONS)
    if not seen(api.next_page(first, what)):
        return [_job_of(each) for each in api.read(first, WorkflowJobs, what)["jobs"]]
    return list(map(_job_of, whole_list(api, first, WorkflowJobs, _jobs, what=what, noun="jobs")))


def _jobs(page: WorkflowJobs) -> tuple[int, Iterable[tuple[int, WorkflowJob]]]:
    return page["total_count"], ((each["id"], each) for each in page["jobs"])


def _job_of(job: WorkflowJob) -> Job:
    """Return a job as a `Job`."""
    return Job(
        name=job["name"],
        status=job["status"],
        conclusion=job["conclusion"],
        started=parse_time(job["started_at"] or ""),
        completed=parse_time(job["completed_at"] or ""),
        url=job["html_url"] or "",
    )
