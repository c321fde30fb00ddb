"""A stack whose tags are `v1.4.2`, as a process: judged, refused, and given its next number."""

from __future__ import annotations

import pytest

from commands.auditing import audit, blockers, releases_in
from commands.conftest import World
from commands.deployment import AT_ONCE, NO_EXPECTATIONS, TEMPLATE, Deployment
from commands.stack import REPOSITORY, Stack
from commands.test_configuration import FILE
from commands.test_doctor import Practice, found, of
from commands.test_prepare import ask, head, prepare
from frag_release.commands.evidence.deployment_records import DEPLOY_FILE
from world.awx import AwxServer
from world.events import dispatch, push_tag
from world.example import BACKEND, FRONTEND, STACK, release_stack
from world.github_builds import PASSED, GitHubBuilds, Job, Look
from world.github_people import GitHubPeople
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.github_settings import CLASSIC, GitHubSettings, environment, policy, ruleset
from world.program import Outcome
from world.site import Site

FORMATS = {"tag_format": "vN.N.N", "backend_tag_format": "vN.N.N", "frontend_tag_format": "vN.N.N"}


@pytest.fixture
def versions(unseeded: World) -> World:
    """The worked example with version numbers: stack v1.4.2 of backend v0.9.1 and frontend v2.0.0, no other tags."""
    example = unseeded.example
    pairs = ((example.backend, BACKEND, "2023.05.1", "v0.9.1"), (example.frontend, FRONTEND, "2023.05.4", "v2.0.0"))
    for repo, name, old, new in pairs:
        commit = example.commits[name][old]
        for tag in example.commits[name]:
            repo.delete(f"refs/tags/{tag}")
        example.commits[name].clear()
        repo.tag(new, commit)
        example.commits[name][new] = commit
    for tag in list(example.commits[STACK]):
        if tag != "2023.06.1":  # the commit that a form is sent from
            del example.commits[STACK][tag]
    for tag in example.stack.git("tag").split():
        example.stack.delete(f"refs/tags/{tag}")
    release_stack(example, "v1.4.2", "v0.9.1", "v2.0.0")
    return unseeded.seed()


def test_a_release_with_a_v_may_be_deployed(versions: World) -> None:
    """v1.4.2 is of production where the format says so, with the image's tag as it is told."""
    outcome = versions.gate("v1.4.2", **FORMATS)
    assert outcome.status == 0, outcome.log
    told = outcome.outputs
    assert (told["verdict"], told["image-tag"], told["stack-tag"]) == ("deploy", "v1.4.2", "v1.4.2")
    assert told["backend-digest"] == versions.digests[BACKEND]["v0.9.1"]
    assert outcome.findings()["tag-style:stack"] == "skipped"


def test_images_without_the_v_are_looked_for_so(versions: World) -> None:
    """The components' images are asked for by the bare number, and the stack's is told as that."""
    backend = versions.registry.push(f"xchem/{BACKEND}", "0.9.1")
    frontend = versions.registry.push(f"xchem/{FRONTEND}", "2.0.0")
    bare = {f"{one}image_tag_format": "without-v" for one in ("", "backend_", "frontend_")}
    outcome = versions.gate("v1.4.2", **FORMATS, **bare)
    assert outcome.status == 0, outcome.log
    assert (outcome.outputs["image-tag"], outcome.outputs["stack-tag"]) == ("1.4.2", "v1.4.2")
    assert (outcome.outputs["backend-digest"], outcome.outputs["frontend-digest"]) == (backend, frontend)


def test_without_the_format_it_is_told_what_it_is(versions: World) -> None:
    """By default v1.4.2 is no production tag, and the reason names the input to set."""
    outcome = versions.gate("v1.4.2")
    assert (outcome.status, outcome.outputs["deploy-production"]) == (0, "false")
    assert "set tag-format to vN.N.N" in outcome.log


def test_the_next_number_is_that_of_the_part(versions: World) -> None:
    """`minor` after v1.4.2 is v1.5.0; left empty, nothing is written and the three candidates are named."""
    pair = {"backend_tag": "v0.9.1", "frontend_tag": "newest", "dry_run": "true"}
    planned = prepare(versions, stack_tag="minor", **pair, **FORMATS)
    assert planned.status == 0, planned.log
    assert planned.outputs["stack-tag"] == "v1.5.0"
    empty = prepare(versions, stack_tag="", **pair, **FORMATS)
    assert empty.status == 1
    assert "patch (v1.4.3), minor (v1.5.0) or major (v2.0.0)" in empty.log


FORMATS_IN_FILE = """\
tag-format: vN.N.N
image-tag-format: without-v
verify-text: Stack {image-tag}
components:
  backend: {tag-format: vN.N.N, image-tag-format: without-v, ci-workflows: build-production.yaml}
  frontend: {tag-format: vN.N.N, image-tag-format: without-v, ci-workflows: build-production.yaml}
"""
UNNAMED = {"backend_ci_workflows": "", "frontend_ci_workflows": ""}


@pytest.fixture
def filed(unseeded: World) -> World:
    """A stack whose file says `v` for tags and none for images; v1.4.2 is released, v0.10.0 and v2.0.1 are new."""
    example = unseeded.example
    example.stack.branch("master", example.commits[STACK]["2023.06.1"])
    for tag in example.stack.git("tag").split():
        example.stack.delete(f"refs/tags/{tag}")
    example.commits[STACK] = {"2023.06.1": example.commits[STACK]["2023.06.1"]}  # where a form is sent from
    for name, repo, tags in (
        (BACKEND, example.backend, {"v0.9.1": "2023.03.1", "v0.10.0": "2023.05.1"}),
        (FRONTEND, example.frontend, {"v2.0.0": "2023.05.3", "v2.0.1": "2023.05.4"}),
    ):
        commits = {new: example.commits[name][old] for new, old in tags.items()}
        for tag in repo.git("tag").split():
            repo.delete(f"refs/tags/{tag}")
        for tag, commit in commits.items():
            repo.tag(tag, commit)
        example.commits[name] = commits
    example.stack.commit({FILE: FORMATS_IN_FILE}, "Say the formats", branch="master")
    release_stack(example, "v1.4.2", "v0.9.1", "v2.0.0")
    world = unseeded.seed()
    for name in (BACKEND, FRONTEND):
        for tag, commit in example.commits[name].items():
            source = f"https://github.com/xchem/{name}"
            world.registry.push(f"xchem/{name}", tag[1:], revision=commit, source=source)
    return world


@pytest.fixture
def stack_of(filed: World, builds: GitHubBuilds, releases_of: GitHubReleases) -> Stack:
    """That stack with what builds and releases it."""
    return Stack(filed, builds, releases_of)


@pytest.fixture
def released(filed: World, stack_of: Stack) -> Outcome:
    """What `publish` says of the minor release v1.5.0, after `prepare` has committed the newest pair for it."""
    chosen = {"backend_tag": "newest", "frontend_tag": "newest", "mode": "commit"}
    prepared = prepare(filed, stack_tag="minor", **chosen, **UNNAMED)
    assert prepared.status == 0, prepared.log
    assert "v0.10.0" in ask(filed, f"/git/commits/{head(filed)}")["message"]
    stack_of.builds.pushes = filed.registry.push(REPOSITORY, "1.5.0", revision="0" * 40)
    stack_of.builds.script = (PASSED,)
    outcome = stack_of.publish(None, None, **UNNAMED)
    filed.example.commits[STACK]["v1.5.0"] = outcome.outputs["stack-commit"]
    return outcome


def test_a_release_by_the_file_is_published_announced_and_audited(filed: World, released: Outcome) -> None:
    """`minor` after v1.4.2 is v1.5.0 with v0.10.0, which is above v0.9.1; the image of the stack is 1.5.0."""
    assert (released.status, released.outputs["stack-tag"]) == (0, "v1.5.0"), released.log
    assert released.report
    image, before = released.report["stack"]["image"], released.report["previous"]["tag"]
    assert (image, before) == ("docker.io/xchem/fragalysis-stack:1.5.0", "v1.4.2")
    assert released.report["configuration"]["tag-format"] == "vN.N.N"
    given = {"command": "announce", "token": TOKEN, "dry-run": "true"}
    event = push_tag("v1.5.0", filed.commit("v1.5.0"))
    announced = filed.program.run(event, given, api_url=filed.github.url)
    assert announced.status == 0, announced.log
    assert "Release v1.5.0" in announced.summary and "v1.4.2" in announced.summary
    judged = audit(filed, check_ci="true", check_images="true", since="v1.4", **UNNAMED)
    assert (judged.status, blockers(judged)) == (0, {}), judged.log
    assert list(releases_in(judged)) == ["v1.4.2", "v1.5.0"]


def test_a_way_back_goes_by_the_formats_of_the_release(
    filed: World, released: Outcome, awx: AwxServer, site: Site, stack_of: Stack
) -> None:
    """v1.5.0 can be gone back to when the file of the default branch says tags without a `v`."""
    stack_of.commit("Another format", {FILE: "tag-format: N.N.N\n"})
    deployment = deployment_of(filed, awx, site, stack_of.releases, "v1.5.0")
    again = {"ref": "refs/tags/v1.5.0", "rollback": "true", "environment": "production", "verify_text": ""}
    form = dispatch("refs/heads/master", head(filed))
    back = deployment.deploy(form, **{**NO_EXPECTATIONS, **UNNAMED, **again})
    assert back.status == 0, back.log
    assert [one["stack_image_tag"] for one in deployment.launched()] == ["1.5.0"]
    assert back.outputs["headline"].startswith("production rolled back to v1.5.0")


def test_a_rollback_is_recorded_and_watched_by_the_release(
    filed: World, released: Outcome, awx: AwxServer, site: Site, stack_of: Stack
) -> None:
    """Its record names the release v1.5.0 and the one that was left, and is believed; the site has to show 1.5.0."""
    stack_of.releases.add(REPOSITORY, "v1.6.0", files={"release.json": b"{}"})
    stack_of.commit("Add the form", {DEPLOY_FILE: "jobs: {deploy: {}}\n"})
    run = filed.github.add_run(REPOSITORY, "master", head(filed), path=DEPLOY_FILE, event="workflow_dispatch")
    stack_of.builds.again(run, Look("completed", "success", (Job("deploy", completed_at="2099-01-01T00:00:00Z"),)))
    deployment = deployment_of(filed, awx, site, stack_of.releases, "v1.5.0")
    given = {"ref": "refs/tags/v1.5.0", "rollback": "true", "environment": "production", "verify_text": ""}
    started = filed.program.start(
        dispatch("refs/heads/master", head(filed)),
        deployment.inputs(**{**NO_EXPECTATIONS, **UNNAMED, **given}),
        api_url=filed.github.url,
        environment={"GITHUB_RUN_ID": str(run.id), "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "deploy"},
    )
    assert (back := started.finish()).status == 0, back.log
    [record] = filed.github.deployments.records
    assert (record.payload["tag"], record.payload["left"]) == ("v1.5.0", "v1.6.0")
    site.page = "Stack 1.5.0"
    by_record = audit(filed, since="newest", verify_url=f"{site.url}/", **UNNAMED)
    filed.github.deployments.records.clear()
    stack_of.releases.releases = [one for one in stack_of.releases.releases if one.tag != "v1.6.0"]
    build = next(one for one in filed.github.runs if one.head_branch == "v1.5.0")
    stack_of.builds.again(build, Look("completed", "success", (Job("Deploy to production"),)))
    by_release = audit(filed, since="newest", verify_url=f"{site.url}/", **UNNAMED)
    for looked in (by_record, by_release):
        told = looked.outputs["production-tag"], looked.outputs["production-matches"]
        assert told == ("v1.5.0", "true"), looked.log


def deployment_of(filed: World, awx: AwxServer, site: Site, releases_of: GitHubReleases, tag: str) -> Deployment:
    """Deploys a release of this stack, by the names that the helper has for another."""
    awx.add_template(TEMPLATE, script=AT_ONCE)
    filed.example.commits[STACK]["2023.06.2"] = filed.commit(tag)
    filed.digests = {BACKEND: {"2023.05.1": ""}, FRONTEND: {"2023.05.4": ""}}
    return Deployment(filed, awx, site, releases_of)


def test_a_deployment_by_the_file(filed: World, awx: AwxServer, site: Site, releases_of: GitHubReleases) -> None:
    """AWX is given the image's 1.4.2 for the tag v1.4.2, the site is held to it, and people read of v1.4.2."""
    deployment = deployment_of(filed, awx, site, releases_of, "v1.4.2")
    deployment.digest = deployment.build("1.4.2")
    components = filed.gate("v1.4.2", **UNNAMED).outputs["components"]
    given = {**UNNAMED, "verify_text": "", "expected_components": components}
    outcome = deployment.deploy("v1.4.2", **given)
    assert outcome.status == 0, outcome.log
    assert [one["stack_image_tag"] for one in deployment.launched()] == ["1.4.2"]
    assert outcome.outputs["headline"].startswith("v1.4.2 deployed to production")
    assert outcome.summary.startswith("## ✅ Deployed — `v1.4.2` on")


def test_the_doctor_judges_guards_by_the_file(filed: World, people: GitHubPeople) -> None:
    """Rulesets and environments of v*.*.* are there; those of tags by month are missing, and the remedy names v."""
    filed.github.parts.append(settings := GitHubSettings(filed.github))
    practice = Practice(filed, settings, people)
    filed.example.commits[STACK]["2023.06.2"] = filed.commit("v1.4.2")  # what the helper names
    token = settings.give("ghp_all", CLASSIC)
    tags = ["refs/tags/v*.*.*"]
    practice.stack.rulesets.append(ruleset(42, "who", ["creation"], tags, current_user_can_bypass="always"))
    practice.stack.rulesets.append(ruleset(43, "fixed", ["update", "deletion"], tags, bypass_actors=[]))
    place = "awx/fragalysis-production"
    practice.stack.environments.append(environment(place))
    practice.stack.policies[place] = [policy("v[0-9]*.[0-9]*.[0-9]*")]
    guards = found(practice.ask(token), "outside")
    assert (guards["tag-ruleset"], guards["environment-tags"]) == ("there", "there")
    practice.stack.policies[place] = [policy("[0-9][0-9][0-9][0-9].[0-9][0-9].[0-9]")]
    outcome = practice.ask(token)
    wrong = of(outcome, "environment-tags")
    assert "lets no tag such as v1.4.2 deploy" in wrong["message"] and "v[0-9]*.[0-9]*.[0-9]*" in wrong["remedy"]
    assert "2023.06" not in outcome.summary
