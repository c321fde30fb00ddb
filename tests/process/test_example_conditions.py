"""The example workflow with its conditions as written, behind gates whose outcome is given."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping

import pytest
from ruamel.yaml import YAML

from process.conftest import GateRun
from process.gates import ACTION, ALLOWED, BUILD_ONLY, COMMIT, SWITCHES
from process.releases import DEPLOYMENT
from world.act import NOBODY, Run
from world.events import dispatch, pull_request, push_branch
from world.stand_ins import DIGEST, HEADLINE, UPLOAD, Call

pytestmark = pytest.mark.process

MASTER = push_branch("master", COMMIT)
Refusal = Callable[..., str]


@pytest.fixture
def refusal(example_workflow: str) -> Refusal:
    """Run the step that looks at names by itself, as a runner's bash does, and return what it says."""
    steps = YAML(typ="safe", pure=True).load(example_workflow)["jobs"]["build"]["steps"]
    (step,) = (one for one in steps if one.get("name", "").startswith("Refuse a name"))
    plain = {name: text for name, text in step["env"].items() if "${{" not in text}

    def run(namespace: str, **dispatched: str) -> str:
        names = {"IMAGE_TAG": "try", "GATE_IMAGE_TAG": "try", "REPOSITORY": f"{namespace}/fragalysis-stack"}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        environment = {"PATH": os.environ["PATH"], **plain, **names, **dispatched}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode == 0) == (done.stdout == ""), done.stderr
        return done.stdout

    return run


def skip_gate(workflow: str) -> str:
    """Switch the gate off, as somebody in a hurry would."""
    changed = workflow.replace("    name: Gate\n", "    name: Gate\n    if: false\n")
    assert changed != workflow
    return changed


def run_always(workflow: str) -> str:
    """Put `always() &&` before the condition of every job: now only what it says itself counts."""
    changed, count = re.subn(r"(?m)^    if: >-\n      ", "    if: >-\n      always() && ", workflow)
    assert count == 4
    return changed


def only_call(run: Run, action: str) -> Call:
    """Return the one use of an action."""
    calls = [call for call in run.calls if call.action == action]
    assert len(calls) == 1, run.log
    return calls[0]


LEFT = "only a variable of that name is read: set it as a variable, and delete the secret."


@pytest.mark.parametrize(
    ("outputs", "switches", "secrets", "titles", "words"),
    [
        (ALLOWED, SWITCHES, {"DOCKERHUB_TOKEN": "dckr_pat"}, [], ""),
        (BUILD_ONLY, {}, {}, [], ""),
        (BUILD_ONLY, {"TRIGGER_AWX": "yes"}, {"DOCKERHUB_TOKEN": "dckr_pat"}, ["Not pushed"], "built and not pushed"),
        (ALLOWED, {}, {}, ["Not deployed"], "DOCKERHUB_USERNAME and TRIGGER_AWX"),
        (ALLOWED, {**SWITCHES, "TRIGGER_AWX": "YES"}, {}, [], ""),
        (
            ALLOWED,
            {"DOCKERHUB_USERNAME": "pusher"},
            {"TRIGGER_AWX": "true"},
            ["Set as a secret", "Not deployed"],
            f"TRIGGER_AWX is a secret, and {LEFT}",
        ),
        (
            BUILD_ONLY,
            {"DOCKERHUB_USERNAME": "pusher"},
            {"TRIGGER_DEVELOPER_AWX": "true"},
            ["Set as a secret"],
            f"TRIGGER_DEVELOPER_AWX is a secret, and {LEFT}",
        ),
    ],
)
def test_what_is_not_pushed_or_not_deployed_is_said(
    run_with_gate: GateRun,
    outputs: Mapping[str, str],
    switches: Mapping[str, str],
    secrets: Mapping[str, str],
    titles: list[str],
    words: str,
) -> None:
    """A green run that leaves out the push or the deployment warns, and says why in the build's summary, too."""
    run = run_with_gate(outputs, switches=switches, secrets=secrets)
    assert run.exit_code == 0, run.log
    assert [one.properties.get("title") for one in run.annotations] == titles
    summary = run.summaries.get("build", "")
    assert [line for line in titles if f"**{line}.**" in summary] == titles
    assert words in summary


HOOKS = {f"SLACK_NOTIFY_{place}_WEBHOOK": f"https://hooks.example/{place}" for place in ("STAGING", "PRODUCTION")}
MESSENGER = "slackapi/slack-github-action"


def test_people_are_told_of_a_release_on_its_way(run_with_gate: GateRun) -> None:
    """With both addresses set staging's channel hears of build and end, production's of waiting and end."""
    run = run_with_gate(ALLOWED, secrets=HOOKS)
    assert run.exit_code == 0, run.log
    told = [call for call in run.calls if call.action == MESSENGER]
    assert {call.inputs["webhook-type"] for call in told} == {"incoming-webhook"}
    said = sorted((call.job, call.inputs["webhook"], json.loads(call.inputs["payload"])["text"]) for call in told)
    end = f"xchem/fragalysis-stack: {HEADLINE} http"
    staging, production = HOOKS.values()
    assert [(job, hook) for job, hook, _ in said] == [
        ("build", staging),
        ("deploy-production", production),
        ("deploy-staging", production),
        ("deploy-staging", staging),
    ]
    assert said[0][2].startswith("xchem/fragalysis-stack: 2023.06.2 is built, and deployed to staging next. http")
    assert said[2][2].startswith(
        "xchem/fragalysis-stack: 2023.06.2 is on staging. Production is next, once its reviewers"
    )
    assert [text.startswith(end) for _, _, text in (said[1], said[3])] == [True, True]


def test_a_messenger_that_is_down_stops_no_deployment(run_with_gate: GateRun) -> None:
    """Where telling people fails, both deployments are made, and the run is green."""
    run = run_with_gate(ALLOWED, secrets=HOOKS, fails=[MESSENGER])
    assert run.exit_code == 0, run.log
    assert run.deployed_to() == {"deploy-staging", "deploy-production"}


def test_an_allowed_release_is_deployed_to_staging_and_production(run_with_gate: GateRun) -> None:
    """When the gate says deploy, the release's own image tag goes to both, and to no developer."""
    run = run_with_gate(ALLOWED)

    assert run.exit_code == 0, run.log
    assert run.deployed_to() == {"deploy-staging", "deploy-production"}
    awx = {call.job: call.inputs for call in run.calls if call.job.startswith("deploy-")}
    judged = {
        "command": "deploy",
        "image-tag": "2023.06.2",
        "stack-image": "xchem/fragalysis-stack",
        "expected-stack-commit": COMMIT,
        "expected-backend-digest": ALLOWED["backend-digest"],
        "expected-frontend-digest": ALLOWED["frontend-digest"],
        "expected-stack-digest": DIGEST,
    }
    for place in ("production", "staging"):
        given = awx[f"deploy-{place}"]
        assert {name: given[name] for name in judged} == judged
        assert given["environment"] == f"awx/fragalysis-{place}"
        assert given["awx-template"] == f"{place.title()} Fragalysis Stack"
        assert "ungated" not in given or given["ungated"] == ""


@pytest.mark.parametrize("said", ["false", "", "yes", "1", "true ", "'true'", "deploy"])
def test_only_true_is_true_for_production(run_with_gate: GateRun, said: str) -> None:
    """Whatever deploy-production holds that is not `true` keeps the release out of production."""
    run = run_with_gate({**ALLOWED, "deploy-production": said})

    assert run.deployed_to() == {"deploy-staging"}, run.log
    assert not run.ran("deploy-production")


@pytest.mark.parametrize("said", ["false", ""])
def test_only_true_is_true_for_staging(run_with_gate: GateRun, said: str) -> None:
    """Whatever deploy-staging holds that is not `true` keeps the build out of staging."""
    run = run_with_gate({**BUILD_ONLY, "deploy-staging": said})

    assert run.jobs == {"gate": "success", "build": "success"}


@pytest.mark.parametrize("change", [str, run_always])
def test_a_failed_gate_stops_everything(run_with_gate: GateRun, change: type[str]) -> None:
    """After a failed gate nothing runs, even if its outputs say deploy and conditions say always()."""
    run = run_with_gate(ALLOWED, exit_code=1, change=change)

    assert run.outputs["gate.gate"]["deploy-production"] == "true"
    assert run.jobs == {"gate": "failure"}
    assert run.exit_code == 1


@pytest.mark.parametrize("change", [skip_gate, lambda text: run_always(skip_gate(text))])
def test_a_skipped_gate_stops_everything(run_with_gate: GateRun, change: type[str]) -> None:
    """After a skipped gate nothing runs, even if the other jobs' conditions say always()."""
    run = run_with_gate(ALLOWED, change=change)

    assert run.jobs == {}


@pytest.mark.parametrize("change", [str, run_always])
def test_a_cancelled_gate_stops_everything(run_with_gate: GateRun, change: type[str]) -> None:
    """When the run is cancelled during the gate, no other job starts."""
    run = run_with_gate(ALLOWED, seconds=30, interrupt_at="gate is waiting", change=change)

    assert run.jobs == {"gate": "failure"}
    assert run.seconds < 25


def test_always_alone_would_deploy_after_a_failed_gate(run_with_gate: GateRun) -> None:
    """The tests above can fail: a deployment whose condition is always() does run after a failed gate."""

    def careless(workflow: str) -> str:
        head, tail = workflow.split("  deploy-production:\n")
        return f"{head}  deploy-production:\n" + re.sub(
            r"    if: >-\n(?:      .*\n)+", "    if: always()\n", tail, count=1
        )

    run = run_with_gate(ALLOWED, exit_code=1, change=careless)

    assert run.deployed_to() == {"deploy-production"}


NEEDED_TO_DEPLOY = sorted(set(ALLOWED) - {"deploy-production", "deploy-staging"})


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", NEEDED_TO_DEPLOY)
@pytest.mark.parametrize("change", [str, run_always])
def test_an_empty_output_stops_the_build_of_a_release(run_with_gate: GateRun, name: str, change: type[str]) -> None:
    """An output that GitHub dropped stops the build by name, before anything is built or deployed."""
    run = run_with_gate({**ALLOWED, name: ""}, change=change)

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert run.calls == []
    assert [(note.level, note.job) for note in run.annotations] == [("error", "build")]
    assert name in run.annotations[0].message


@pytest.mark.parametrize("name", [name for name in NEEDED_TO_DEPLOY if not name.endswith("-digest")])
def test_an_empty_output_stops_any_other_build(run_with_gate: GateRun, name: str) -> None:
    """A build that cannot reach production needs all outputs but the digests, and `env:` is no substitute."""
    run = run_with_gate({**BUILD_ONLY, name: ""}, event=MASTER)

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert run.calls == []


def test_no_output_at_all_stops_the_build(run_with_gate: GateRun) -> None:
    """A gate that succeeds and says nothing leads nowhere."""
    run = run_with_gate({}, change=run_always)

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert run.calls == []


@pytest.mark.parametrize("change", [str, run_always])
def test_a_failed_build_is_not_deployed(run_with_gate: GateRun, change: type[str]) -> None:
    """An image that could not be built or pushed is deployed nowhere."""
    run = run_with_gate(ALLOWED, fails=("docker/build-push-action",), change=change)

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert run.deployed_to() == set()


@pytest.mark.parametrize("change", [str, run_always])
def test_what_staging_refuses_is_not_tried_on_production(run_with_gate: GateRun, change: type[str]) -> None:
    """Production waits for staging, and a release that failed there does not reach it."""
    run = run_with_gate(ALLOWED, fails=(DEPLOYMENT,), change=change)

    assert run.jobs == {"gate": "success", "build": "success", "deploy-staging": "failure"}


def test_a_release_is_built_from_the_commit_and_the_images_that_were_judged(run_with_gate: GateRun) -> None:
    """The build checks out stack-commit, keeps no credentials, and takes both images by digest."""
    run = run_with_gate(ALLOWED)

    checkout = only_call(run, "actions/checkout").inputs
    assert checkout == {"ref": COMMIT, "persist-credentials": "false"}
    image = only_call(run, "docker/build-push-action").inputs
    assert image["tags"] == "xchem/fragalysis-stack:2023.06.2"
    assert image["push"] == "true"
    assert image["build-contexts"].splitlines() == [
        "xchem/fragalysis-backend:2023.05.1=docker-image://docker.io/xchem/fragalysis-backend@sha256:" + "b" * 64,
        "xchem/fragalysis-frontend:2023.05.4=docker-image://docker.io/xchem/fragalysis-frontend@sha256:" + "f" * 64,
    ]
    assert image["build-args"].splitlines() == [
        "BE_NAMESPACE=xchem",
        "BE_IMAGE_TAG=2023.05.1",
        "FE_NAMESPACE=xchem",
        "FE_IMAGE_TAG=2023.05.4",
        "STACK_NAMESPACE=xchem",
        "STACK_VERSION=2023.06.2",
    ]
    assert run.outputs["build.image"]["digest"] == DIGEST


BEFORE_PUSH = sorted({*NEEDED_TO_DEPLOY, "verdict"})


@pytest.mark.parametrize("name", BEFORE_PUSH)
def test_what_is_judged_otherwise_before_the_push_is_not_built(run_with_gate: GateRun, name: str) -> None:
    """The job build, run again by itself, asks the gate once more: any other answer than before builds nothing."""
    run = run_with_gate(ALLOWED, again={**ALLOWED, name: "other"})

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert not [call for call in run.calls if call.action == "docker/build-push-action"]
    (note,) = [note for note in run.annotations if note.level == "error"]
    assert "This was judged: deploy 2023.06.2" in note.message


def test_an_empty_answer_before_the_push_builds_nothing(run_with_gate: GateRun) -> None:
    """A gate that says nothing the second time stops the build."""
    run = run_with_gate(ALLOWED, again={})

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert not [call for call in run.calls if call.action == "docker/build-push-action"]


def test_a_build_that_is_no_release_is_judged_once(run_with_gate: GateRun) -> None:
    """Nothing is released under latest, so the gate is not asked again."""
    run = run_with_gate(BUILD_ONLY, event=MASTER, again={})

    assert "build.again" not in run.outputs
    assert only_call(run, "docker/build-push-action").inputs["tags"] == "xchem/fragalysis-stack:latest"


def on_github(workflow: str) -> str:
    """Have the runner's server stand for github.com."""
    changed = workflow.replace("'https://github.com'", f"'{NOBODY}'")
    assert changed != workflow
    return changed


def test_the_build_says_which_image_it_pushed(run_with_gate: GateRun) -> None:
    """On github.com an artifact is uploaded whose name is the pushed digest, with a dash for the colon."""
    run = run_with_gate(ALLOWED, change=on_github)

    assert only_call(run, UPLOAD).inputs["name"] == "stack-image-sha256-" + "5" * 64
    assert run.jobs["build"] == "success"


@pytest.mark.parametrize(
    ("change", "switches"), [(str, SWITCHES), (on_github, {"TRIGGER_AWX": "yes"})], ids=["Enterprise Server", "no push"]
)
def test_nothing_is_uploaded_where_it_cannot_be_or_nothing_is_pushed(
    run_with_gate: GateRun, change: Callable[[str], str], switches: Mapping[str, str]
) -> None:
    """An Enterprise Server refuses the upload action, and what is not pushed is not said to be: the build passes."""
    run = run_with_gate(ALLOWED, change=change, switches=switches)

    assert run.jobs["build"] == "success"
    assert not [call for call in run.calls if call.action == UPLOAD]


def test_what_the_gate_says_is_built_and_not_what_the_file_says(run_with_gate: GateRun) -> None:
    """Namespaces and tags come from the gate; the values under `env:` are for the gate to read."""
    others = {
        "backend-namespace": "somebody",
        "backend-tag": "stable",
        "frontend-tag": "a-branch",
    }

    image = only_call(run_with_gate({**BUILD_ONLY, **others}, event=MASTER), "docker/build-push-action").inputs

    assert image["build-args"].splitlines()[:4] == [
        "BE_NAMESPACE=somebody",
        "BE_IMAGE_TAG=stable",
        "FE_NAMESPACE=xchem",
        "FE_IMAGE_TAG=a-branch",
    ]
    assert image["build-contexts"].strip() == ""


def test_a_pull_request_is_judged_and_not_built(run_with_gate: GateRun) -> None:
    """On a pull request the gate is the only job, even where its outputs would allow more."""
    event = pull_request(7, head=COMMIT, base=COMMIT, merge=COMMIT)

    run = run_with_gate(ALLOWED, event=event, change=run_always)

    assert run.jobs == {"gate": "success"}


def test_without_a_registry_user_nothing_is_pushed_or_deployed(run_with_gate: GateRun) -> None:
    """DOCKERHUB_USERNAME is the switch for pushing: without it the image is built and stays there."""
    run = run_with_gate(ALLOWED, switches={"TRIGGER_AWX": "yes", "TRIGGER_DEVELOPER_AWX": "yes"})

    assert run.jobs == {"gate": "success", "build": "success"}
    assert only_call(run, "docker/build-push-action").inputs["push"] == "false"
    assert not [call for call in run.calls if call.action == "docker/login-action"]


def test_without_the_awx_switch_nothing_is_deployed(run_with_gate: GateRun) -> None:
    """TRIGGER_AWX is the switch for staging and production."""
    run = run_with_gate(ALLOWED, switches={"DOCKERHUB_USERNAME": "pusher"})

    assert run.jobs == {"gate": "success", "build": "success"}


def test_a_developers_stack_gets_builds_that_are_no_release(run_with_gate: GateRun) -> None:
    """TRIGGER_DEVELOPER_AWX deploys to the developer's template, and to nothing else by itself."""
    switches = {"DOCKERHUB_USERNAME": "dev", "TRIGGER_DEVELOPER_AWX": "yes", "AWX_TEMPLATE_NAME": "My Stack"}

    run = run_with_gate(BUILD_ONLY, event=MASTER, switches=switches)

    assert run.deployed_to() == {"deploy-developer"}
    awx = only_call(run, DEPLOYMENT).inputs
    assert (awx["awx-template"], awx["image-tag"], awx["ungated"]) == ("My Stack", "latest", "true")


def test_a_dispatch_may_name_its_image(run_with_gate: GateRun) -> None:
    """stack_namespace and stack_image_tag name the image of a build that is no release."""
    event = dispatch("refs/heads/master", COMMIT, stack_namespace="dev", stack_image_tag="try-1")

    run = run_with_gate(BUILD_ONLY, event=event)

    assert only_call(run, "docker/build-push-action").inputs["tags"] == "dev/fragalysis-stack:try-1"
    awx = only_call(run, DEPLOYMENT).inputs
    assert (awx["stack-image"], awx["image-tag"]) == ("dev/fragalysis-stack", "try-1")


def test_a_build_that_is_no_release_expects_no_digest_of_an_image_that_moves_on(run_with_gate: GateRun) -> None:
    """latest belongs to the newest build: staging is told no digest for it, and none of components not looked up."""
    awx = only_call(run_with_gate(BUILD_ONLY, event=MASTER), DEPLOYMENT).inputs

    expected = ("expected-stack-digest", "expected-backend-digest", "expected-frontend-digest")
    assert [awx[name] for name in expected] == ["", "", ""]
    assert awx["expected-stack-commit"] == COMMIT


@pytest.mark.parametrize(
    "tag",
    ["2023.06.2", "2099.1.1", "stable", "latest", "a,xchem/fragalysis-stack:2023.06.2", "a\nb", "a b", "-a"],
)
def test_a_dispatch_may_not_take_the_name_of_a_release(run_with_gate: GateRun, tag: str) -> None:
    """stack_image_tag cannot overwrite the image of a release, nor latest or stable from a branch."""
    event = dispatch("refs/heads/try", COMMIT, stack_image_tag=tag)

    run = run_with_gate({**BUILD_ONLY, "image-tag": "try"}, event=event)

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert run.calls == []


NO_OWNERS = [
    "xchem/fragalysis-stack:2023.06.2,dev", "evil.example.com", "evil.example.com/x", "evil:5000/x", "evil:5000",
    "localhost", "localhost/x", "docker.io/x", "127.0.0.1/x", "[::1]/x", "https://evil.example.com/x",
    "//evil.example.com/x",
    "/x", "x/", "x//y", "..", "../x", "x/..", "x/../y", "x..y", "x/y..z", ".x", "x.", "-x", "x-", "X", "Evil/x", "x/Y",
    "x y",
    "x\ny", "x\n", "x@y", "x:latest", "x:5000/y", "\u00e9x", "x,y", "$(id)", "x;y", "\uff58",
]  # fmt: skip
"""What is no owner: it names a host, or no registry takes it."""


@pytest.mark.parametrize("name", ["stack_namespace", "be_namespace", "fe_namespace"])
def test_a_dispatched_namespace_is_an_owner(run_with_gate: GateRun, name: str) -> None:
    """A dispatched namespace names no host: nothing is logged in to, pulled, pushed or deployed with one."""
    event = dispatch("refs/heads/try", COMMIT, **{name: "evil.example.com/x"})

    run = run_with_gate({**BUILD_ONLY, "image-tag": "try"}, event=event)

    assert run.jobs == {"gate": "success", "build": "failure"}
    assert run.calls == []
    assert name in run.annotations[0].message


def test_a_variable_may_name_a_host(run_with_gate: GateRun) -> None:
    """STACK_NAMESPACE of the repository, which its administrators set, may be that of another registry."""
    switches = {**SWITCHES, "STACK_NAMESPACE": "registry.example.com:5000/acme"}

    run = run_with_gate(BUILD_ONLY, event=MASTER, switches=switches)

    pushed = only_call(run, "docker/build-push-action").inputs["tags"]
    assert pushed == "registry.example.com:5000/acme/fragalysis-stack:latest"


@pytest.mark.sampled(40)
@pytest.mark.parametrize("namespace", NO_OWNERS)
@pytest.mark.parametrize("name", ["stack_namespace", "be_namespace", "fe_namespace"])
def test_what_is_no_owner_is_refused(refusal: Refusal, name: str, namespace: str) -> None:
    """Whatever names a host, or what no registry takes, is refused where it is dispatched, by the input's name."""
    assert f"::error::The input {name} " in refusal(namespace, **{f"DISPATCHED_{name}": namespace})


@pytest.mark.parametrize(
    "namespace", ["x", "xchem", "my-org", "my_org", "a__b", "0ad", "dev/team", "dev/te.am", "local-host"]
)
def test_an_owner_is_taken(refusal: Refusal, namespace: str) -> None:
    """An owner of Docker Hub's, with a path or without, is taken wherever it is dispatched."""
    names = ("stack_namespace", "be_namespace", "fe_namespace")
    assert refusal(namespace, **{f"DISPATCHED_{name}": namespace for name in names}) == ""


@pytest.mark.parametrize(
    "namespace",
    [
        "xchem",
        "ghcr.io/acme",
        "ghcr.io",
        "registry.example.com:5000/acme",
        "localhost:5000/x",
        "127.0.0.1:5000",
        "a/b/c",
    ],
)
def test_a_variable_may_hold_any_namespace(refusal: Refusal, namespace: str) -> None:
    """With a host or without, with a port or without."""
    assert refusal(namespace) == ""


@pytest.mark.parametrize(
    "namespace",
    [
        "",
        "https://ghcr.io/acme",
        "ghcr.io/../acme",
        "ghcr.io/Acme",
        "ghcr.io//acme",
        "a:1,b",
        "x:latest",
        "a b",
        "a:b/c",
        "a\nb",
    ],
)
def test_a_variable_that_is_no_namespace_is_refused(refusal: Refusal, namespace: str) -> None:
    """What no registry takes is refused before the build, whoever has set it."""
    assert "::error::" in refusal(namespace)


def test_a_dispatch_at_a_release_cannot_rename_its_image(run_with_gate: GateRun) -> None:
    """At a production tag the image is the release's own, whatever the dispatch asks for."""
    event = dispatch("refs/tags/2023.06.2", COMMIT, stack_namespace="dev", stack_image_tag="try-1")

    run = run_with_gate(ALLOWED, event=event)

    assert only_call(run, "docker/build-push-action").inputs["tags"] == "xchem/fragalysis-stack:2023.06.2"


def test_variables_reach_the_gate_and_the_dispatch_goes_before_them(run_with_gate: GateRun) -> None:
    """The gate is told what would override the file: a dispatch input first, else a repository variable."""
    variables = {
        "BE_IMAGE_TAG": "from-variable",
        "FE_NAMESPACE": "elsewhere",
        "PRODUCTION": "false",
    }
    event = dispatch("refs/heads/master", COMMIT, be_image_tag="from-dispatch")

    run = run_with_gate(None, event=event, switches={**SWITCHES, **variables})

    assert only_call(run, ACTION).inputs == {
        "backend-tag": "from-dispatch",
        "backend-namespace": "",
        "frontend-tag": "",
        "frontend-namespace": "elsewhere",
        "production": "false",
        "backend-ci-workflows": "build-production.yaml",
        "frontend-ci-workflows": "build-production.yaml",
    }
