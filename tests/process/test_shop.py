"""A release of a stack of three components, without AWX, on a GitHub Enterprise Server: from the form to the ticket."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from commands.test_any_stack import FOREIGN, readable
from process.gates import ACTION, ROOT
from process.journey import RunnerBuilds
from world.act import Run, Runner
from world.artifacts import ArtifactService
from world.asking import get, merge_pull
from world.events import Event, dispatch, push_tag
from world.github_people import GitHubPeople
from world.github_releases import GitHubReleases
from world.github_server import COMPONENT_TOKEN, GHES_PREFIX, TOKEN, GitHubServer
from world.registry import PASSWORD, USERNAME, BasicRegistry, Registry, TokenRegistry
from world.shop import API, FILE, STACK, WORKFLOWS, Shop, ShopSite, adopt, build_shop
from world.stand_ins import HEADLINE, UPLOAD, fixed_gate, stand_ins, uploader
from world.workflow_runs import Run as WorkflowRun

pytestmark = pytest.mark.process

TAG = "v1.5.0"
FORM = {
    "api": "tag production now: minor", "web": "newest tag", "worker": "keep today's",
    "stack-tag": "minor", "ticket": "", "mode": "pull-request", "dry-run": "false",
}  # fmt: skip
OTHERS = re.compile(rf"{FOREIGN.pattern}|xchem|m2ms")
"""Words of another stack."""


@dataclass
class Tour:
    """The shop on its servers: what each run does and says."""

    folder: Path
    action: Path
    github: GitHubServer
    first: Registry
    second: Registry
    site: ShopSite
    builds: RunnerBuilds
    artifacts: ArtifactService
    said: list[str] = field(default_factory=list)

    @property
    def server(self) -> str:
        """The Enterprise Server's address: another name of this machine, so that nothing is taken for github.com."""
        return f"http://localhost:{self.github.port}"

    def run(self, file: str, event: Event, run_id: int = 0, digest: str = "") -> Run:
        """Run a workflow of the stack as it is at the event's commit."""
        found = self.ask(f"/contents/{WORKFLOWS / file}?ref={event.sha}")
        text = base64.b64decode(found["content"]).decode()
        folder = self.folder / Path(file).stem
        app = fixed_gate(folder / "app", {"token": COMPONENT_TOKEN}, inputs=["client-id", "private-key"])
        instead = {ACTION: self.action, "actions/create-github-app-token": app}
        instead[UPLOAD] = uploader(folder / "upload", folder / "calls", self.artifacts.url)
        used = stand_ins(text, folder / "stand-ins", calls=folder / "calls", instead=instead, digest=digest)
        runner = Runner(
            folder, used, STACK, "main", self.server, self.server + GHES_PREFIX, token=TOKEN,
            env={"GITHUB_RUN_ID": str(run_id)} if run_id else {},
            secrets={"REGISTRY_CONFIG": self.logins, "RELEASE_TICKET_TOKEN": TOKEN},
        )  # fmt: skip
        text = text.replace("python3 roll-out", f'python3 -c "{self._roll_out}"')
        done = runner.run(text, event, variables={"VERIFY_URL": f"{self.site.url}/", "RELEASE_APP_CLIENT_ID": "Iv1"})
        self.said += [done.log, *done.summaries.values(), json.dumps(done.outputs), json.dumps(done.jobs)]
        return done

    def build(self, run: WorkflowRun) -> Run:
        """What the push of a tag starts: the image is pushed, and for the stack its workflow is run."""
        tag, revision = run.head_branch, run.head_sha
        if run.repository == STACK:
            digest = self.first.push(STACK, tag, revision=revision)
            return self.run("image.yml", push_tag(tag, revision), run.id, digest)
        self.push(run.repository, tag, revision)
        return Run(0, {"build": "success"}, {}, [], [], {}, "", 0.0)

    def push(self, part: str, tag: str, revision: str) -> str:
        """Push the image of a component, where the stack's file says that it is."""
        name = part.replace("shop-", "")
        registry = self.first if name == "acme/api" else self.second
        return registry.push(name, tag[1:] if name == "acme/web" else tag, revision=revision)

    def head(self) -> str:
        """The head of main."""
        return str(self.ask("/git/ref/heads/main")["object"]["sha"])

    def merge(self) -> str:
        """Merge the one open pull request, as a reviewer does, and return the commit that it became."""
        return merge_pull(f"{self.github.url}/repos/{STACK}")

    def publish(self, before: str) -> Run:
        """Run what the push of the merge starts."""
        event = Event("push", "refs/heads/main", self.head(), {"before": before, "after": self.head()})
        return self.run("publish-release.yaml", event)

    def ask(self, path: str) -> Any:
        """What the GitHub says of the stack's repository."""
        return get(f"{self.github.url}/repos/{STACK}{path}").json()

    def writes(self) -> list[str]:
        """The requests that change something."""
        return [f"{one.method} {one.path}" for one in self.github.requests if one.method != "GET"]

    @property
    def logins(self) -> str:
        """The logins of both registries, as docker writes them."""
        login = {"auth": base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()}
        return json.dumps({"auths": {one.host: login for one in (self.first, self.second)}})

    @property
    def _roll_out(self) -> str:
        send = f"r.urlopen(r.Request('{self.site.url}/rolled-out', ' '.join(sys.argv[1:]).encode(), method='POST'))"
        return f"import sys, urllib.request as r; {send}"


@pytest.fixture
def tour(
    tmp_path: Path,
    bundled_action: Path,
    github: GitHubServer,
    basic_registry: BasicRegistry,
    token_registry: TokenRegistry,
    releases_of: GitHubReleases,
    people: GitHubPeople,
) -> Iterator[Tour]:
    """The shop, adopted, before its first release by form."""
    del people
    shop: Shop = build_shop(tmp_path / "repositories")
    adopted = adopt(shop, ROOT, tmp_path / "clone", basic_registry.host, token_registry.host)
    token_registry.tokens.private.update(("acme/web", "acme/worker"))
    for name, repo in shop.repositories.items():
        github.seed_from_git(repo, name)
    builds = RunnerBuilds(github, workflows={STACK: (FILE, "Image")})
    site = ShopSite()
    service = ArtifactService(builds.artifacts)
    tour = Tour(tmp_path, bundled_action, github, basic_registry, token_registry, site, builds, service, [adopted])
    for name, repo in shop.parts.items():
        for tag in repo.git("tag").split():
            commit = repo.git("rev-parse", tag)
            github.add_run(name, tag, commit)
            tour.push(name, tag, commit)
    builds.carry_out = tour.build
    github.parts.append(builds)
    yield tour
    builds.clear()
    site.stop()
    service.stop()
    assert (builds.faults, site.errors, service.errors) == ([], [], [])


def spoken(tour: Tour) -> list[str]:
    """All that people can read: what runs said, and what was written on GitHub; the names of outputs are interface."""
    sent = [json.loads(one.request.body) for one in tour.github.requests if one.method not in ("GET", "DELETE")]
    blobs = [base64.b64decode(one["content"]).decode() for one in sent if one.get("encoding") == "base64"]
    written = [*blobs, *(json.dumps(one) for one in sent if "encoding" not in one)]
    return [_OUTPUT_NAME.sub("", text.replace(HEADLINE, "")) for text in [*tour.said, *written]]


_OUTPUT_NAME = re.compile(r"::set-output:: [a-z-]+=|\"[a-z-]+\": \"")


@pytest.mark.timeout(400)
def test_a_shop_is_released_once_and_nothing_speaks_of_another_stack(tour: Tour, releases_of: GitHubReleases) -> None:
    """Tagged, proposed, merged, built, verified, rolled out, seen and told; again, nothing is; no word is of others."""
    before = tour.head()
    form = dispatch("refs/heads/main", before, **FORM)
    assert in_one_line(tour.run("prepare-release.yaml", form)) == "prepare success: true"
    writes = tour.writes()
    assert in_one_line(tour.run("prepare-release.yaml", form)) == "prepare success: false"
    assert tour.writes() == writes
    commit = tour.merge()
    assert in_one_line(tour.publish(before)) == "publish success, announce success: true, true"
    digest = released(tour, releases_of, commit)

    writes = tour.writes()
    assert in_one_line(tour.publish(before)) == "publish success, announce success: false, false"
    again = tour.run("image.yml", push_tag(TAG, commit), digest=digest)
    assert (again.jobs, again.outputs["gate.gate"]["failed-rules"]) == ({"gate": "failure"}, "tag-released:stack")
    asked = {"tag": TAG, "environment": "production", "rollback": "true", "dry-run": "true"}
    back = tour.run("deploy.yaml", dispatch(f"refs/tags/{TAG}", commit, **asked))
    assert in_one_line(back) == "deploy success: false, false"
    look = tour.run("doctor.yaml", dispatch(f"refs/tags/{TAG}", commit, examine="production"))
    assert "has a match for each line of verify-text" in look.log
    tour.run("audit.yaml", dispatch("refs/heads/main", commit, since=TAG))
    assert (tour.writes(), len(tour.site.rolled_out)) == (writes, 1)
    assert [hit for text in spoken(tour) for hit in others_in(text)] == []


def released(tour: Tour, releases_of: GitHubReleases, commit: str) -> str:
    """All that a release leaves behind is there, of this stack and of one component; the digest of its image."""
    text = base64.b64decode(tour.ask(f"/contents/{FILE}")["content"]).decode()
    assert "\n  API_TAG: v1.5.0\n  WEB_TAG: v2.1.0\n  WORKER_TAG: v0.9.0\n" in text
    assert (tour.ask(f"/git/ref/tags/{TAG}")["object"]["sha"], tour.head()) == (commit, commit)
    digest = tour.first.push(STACK, TAG, revision=commit)
    assert tour.site.rolled_out == [f"{TAG} {tour.first.host}/{STACK}@{digest}"]
    made = {one.repository: one for one in releases_of.releases}
    assert {name: (one.tag, one.draft) for name, one in made.items()} == dict.fromkeys((STACK, API), (TAG, False))
    record = json.loads(made[STACK].files[0].content)
    assert (record["stack"]["commit"], record["stack"]["digest"]) == (commit, digest)
    tags = {one["name"]: one["tag"] for one in record["components"]}
    assert tags == {"api": "v1.5.0", "web": "v2.1.0", "worker": "v0.9.0"}
    [filed] = tour.github.deployments.records
    assert (filed.sha, filed.environment, filed.states) == (commit, "production", ["in_progress", "success"])
    (ticket,) = tour.ask("/issues?state=open")
    assert ticket["title"] == f"Release {TAG}"
    logins = [{one.headers.get("authorization", "")[:6] for one in at.requests} for at in (tour.first, tour.second)]
    assert logins == [{"", "Basic "}, {"", "Bearer"}]
    return digest


def others_in(text: str) -> list[str]:
    """Each word of another stack, with what stands around it."""
    said = readable(text)
    return [said[max(0, hit.start() - 60) : hit.end() + 30] for hit in OTHERS.finditer(said)]


def in_one_line(run: Run) -> str:
    """How the jobs of a run ended, and whether each of them changed anything."""
    assert run.exit_code == 0, run.log
    changed = [one["changed"] for one in run.outputs.values() if one.get("changed")]
    jobs = ", ".join(f"{job} {result}" for job, result in run.jobs.items())
    return f"{jobs}: {', '.join(changed)}" if changed else jobs
