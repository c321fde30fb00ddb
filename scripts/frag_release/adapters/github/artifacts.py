"""The artifacts of a workflow run on GitHub, by their names alone: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from ...domain.builds import Artifact, Build
from ...domain.evidence import Answer
from .api import ACTIONS, RepositoryApi
from .compare import moment_of
from .lists import PAGE, whole_list


class ArtifactRun(TypedDict):
    """The run that an artifact says it is of."""

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


def read_artifacts(api: RepositoryApi, build: Build) -> Answer[list[Artifact]]:
    """Return what all attempts of a run have uploaded: one request for each hundred."""
    what = f"the artifacts of the run {build.id}"
    first = api.get(f"/actions/runs/{build.id}/artifacts", what, {"per_page": PAGE}, permission=ACTIONS)
    return whole_list(api, first, ArtifactPage, _artifacts, what=what, noun="artifacts")


def _artifacts(page: ArtifactPage) -> tuple[int, Iterable[tuple[int, Artifact]]]:
    return page["total_count"], ((each["id"], _artifact(each)) for each in page["artifacts"])


def _artifact(facts: ArtifactFacts) -> Artifact:
    run = facts.get("workflow_run")
    return Artifact(
        name=facts["name"],
        created=moment_of(facts.get("created_at") or ""),
        run=(run.get("id") or 0) if run else 0,
        head_sha=(run.get("head_sha") or "") if run else "",
    )
