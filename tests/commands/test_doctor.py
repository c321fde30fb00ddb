"""`doctor` as a process, on tokens of every kind and on settings of every kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from commands.conftest import World
from contract.sources import ROOT
from world.awx import LOOKER, READER, ROBOT, AwxServer
from world.awx_jobs import Account, Question
from world.events import push_branch
from world.example import WORKFLOW_FILE
from world.github_people import GitHubPeople, Project
from world.github_settings import (
    ANYTHING,
    CLASSIC,
    READING,
    GitHubSettings,
    Holder,
    Settings,
    bypass,
    environment,
    execution_policy,
    policy,
    rule,
    ruleset,
)
from world.level_one import BEFORE, FULL, with_level_one
from world.program import Outcome
from world.rounds import Rounds, patiently
from world.site import Site

EXAMPLES = ROOT / "examples"
STACK, BACKEND = "xchem/fragalysis-stack", "xchem/fragalysis-backend"
RELEASING = "gate,prepare,publish,announce"
ENVIRONMENT = "awx/fragalysis-production"
BINDING = ("creation", "update", "deletion")


@dataclass
class Practice:
    """The worked example on servers, its settings, and the doctor to ask."""

    world: World
    settings: GitHubSettings
    people: GitHubPeople

    @property
    def stack(self) -> Settings:
        """The settings of the stack's repository."""
        return self.settings.of(STACK)

    def guard(self) -> None:
        """Set up all that guards the gate from outside."""
        tags = ["refs/tags/*.*.*"]
        self.stack.rulesets.append(ruleset(42, "releases", ["creation"], tags, current_user_can_bypass="always"))
        self.stack.rulesets.append(ruleset(43, "fixed", ["update", "deletion"], tags, bypass_actors=[]))
        self.stack.rules["master"] = [rule("pull_request", owners=True), rule("deletion")]
        self.stack.environments.append(environment(ENVIRONMENT))
        self.stack.policies[ENVIRONMENT] = [policy("*.*.*")]
        self.stack.environment_secrets[ENVIRONMENT] = ["AWX_HOST", "AWX_USER"]
        self.stack.immutable = True
        for name in ("backend", "frontend"):
            of = {"source": f"xchem/fragalysis-{name}", "bypass_actors": []}
            fixed = ruleset(44, "fixed", ["update", "deletion"], tags, **of)
            self.settings.of(f"xchem/fragalysis-{name}").rulesets.append(fixed)

    def ask(
        self, token: str, environment: Mapping[str, str] | None = None, /, chosen: str = RELEASING, **inputs: str
    ) -> Outcome:
        """Run the doctor with a token, by default for all but deploy; nothing may be written."""
        world = self.world
        world.github.requests.clear()
        given = {"command": "doctor", "token": token, "registry-url": world.registry.url, "for": chosen}
        given |= {"environment": ENVIRONMENT, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        event = push_branch("master", world.example.commits["fragalysis-stack"]["2023.06.2"])
        outcome = world.program.run(event, given, api_url=world.github.url, environment=environment)
        assert {one.method for one in (*world.github.requests, *world.registry.requests)} <= {"GET", "HEAD"}
        assert "Internal error" not in outcome.log, outcome.log
        return outcome


def with_file(unseeded: World, people: GitHubPeople, text: str, others: Mapping[str, str] | None = None) -> Practice:
    """A stack with this workflow file on its branch, `others`, and the variables that the example's file asks for."""
    files = {WORKFLOW_FILE: text, ".github/CODEOWNERS": "/.github/ @xchem/release-managers\n", **(others or {})}
    unseeded.example.stack.commit(files, "build: other files", branch="master")
    world = unseeded.seed()
    world.github.parts.append(settings := GitHubSettings(world.github))
    practice = Practice(world, settings, people)
    practice.stack.variables |= {"DOCKERHUB_USERNAME": "xchem", "TRIGGER_AWX": "yes"}
    return practice


@pytest.fixture
def practice(unseeded: World, people: GitHubPeople) -> Practice:
    """A stack with the example's workflow file, whose settings guard nothing yet."""
    return with_file(unseeded, people, FULL)


def found(outcome: Outcome, rule_id: str = "need") -> dict[str, str]:
    """How each need stands by its id."""
    assert outcome.report is not None, outcome.log
    return {one["subject"]: one["presence"] for one in outcome.report["findings"] if one["rule"] == rule_id}


def of(outcome: Outcome, subject: str) -> dict[str, Any]:
    """The finding about one need."""
    assert outcome.report is not None
    return next(one for one in outcome.report["findings"] if one["subject"] == subject)


def test_a_token_that_can_do_everything(practice: Practice) -> None:
    """With a classic token of an administrator and all guards in place everything is there, and the exit is 0."""
    practice.guard()
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    assert set(found(outcome).values()) == {"there", "not needed"}
    assert set(found(outcome, "workflow").values()) == {"there"}
    assert of(outcome, "contents-write")["for"] == ["prepare", "publish"]
    assert of(outcome, "backend-runs")["for"] == ["gate", "prepare", "publish"]
    guards = found(outcome, "outside")
    assert guards.pop("execution-protections") == guards.pop("write-key") == "not needed"
    assert set(guards.values()) == {"there"}
    assert outcome.status == 0
    assert outcome.summary.startswith("## ✅ Everything that could be checked is in place")
    assert "Token examined: the one in the input token, a classic token." in outcome.summary.splitlines()


def test_a_build_that_does_not_say_which_image_it_pushed(unseeded: World, people: GitHubPeople) -> None:
    """The row is missing, with the lines to add as a step, and warns: no command stops for it, so the exit is 0."""
    practice = with_file(unseeded, people, FULL.replace("uses: actions/upload-artifact@", "uses: org/another-upload@"))
    practice.guard()
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    assert outcome.status == 0, outcome.log
    assert found(outcome)["pushed-image"] == "missing"
    finding = of(outcome, "pushed-image")
    assert (finding["status"], finding["demoted-from"], finding["for"]) == ("warn", "fail", ["publish"])
    assert "uploads no artifact stack-image-sha256-" in outcome.summary
    assert "Add the two steps that follow the push" in outcome.summary
    assert outcome.summary.startswith("## ✅ Everything that could be checked is in place")


def test_a_classic_token_that_lacks_the_scope_workflow(practice: Practice) -> None:
    """It may do all but change workflow files: exit 1, and the one step names the scope and both ways to get it."""
    practice.guard()
    token = practice.settings.give("ghp_no_workflow", Holder(scopes=("repo",)))
    outcome = practice.ask(token)
    assert outcome.status == 1
    assert outcome.summary.startswith("## ⛔ 1 thing is missing\n")
    assert [key for key, value in found(outcome).items() if value == "missing"] == ["workflows-write"]
    finding = of(outcome, "workflows-write")
    assert finding["status"] == "fail" and finding["for"] == ["prepare"]
    assert finding["message"] == "The token in the input token (a classic token) lacks the scope workflow."
    assert finding["remedy"] == (
        "Set token to an app's token or a fine-grained one with Workflows: write for xchem/fragalysis-stack, "
        "or to a classic one with the scopes repo and workflow."
    )
    assert outcome.outputs["failed-rules"] == "need:workflows-write"
    assert outcome.outputs["verdict"] == "blocked" and outcome.outputs["deploy-production"] == "false"
    assert "::error title=need (workflows-write)::The token in the input token" in outcome.log
    assert token not in outcome.summary


def test_a_fine_grained_token_that_can_do_everything(practice: Practice) -> None:
    """What only a write would show is said to be untold, warns, and does not make the doctor red for ever."""
    practice.guard()
    outcome = practice.ask(practice.settings.give("github_pat_all", ANYTHING))
    assert outcome.status == 0
    stands = found(outcome)
    assert stands["contents-write"] == "there"
    untold = [key for key, value in stands.items() if value == "cannot be told"]
    assert untold == ["workflows-write", "pull-requests-write", "issues-write"]
    finding = of(outcome, "workflows-write")
    assert (finding["status"], finding["demoted-from"]) == ("warn", "unknown")
    assert finding["message"].endswith(
        "cannot be checked without writing. If it is refused, prepare reports which right is missing."
    )
    assert outcome.summary.startswith("## ✅ Everything that could be checked is in place")
    assert "6 points cannot be checked with this token, so do not rely on that." in outcome.summary
    guards = found(outcome, "outside")
    tags = ("tag-ruleset", "backend-tag-ruleset", "frontend-tag-ruleset")
    assert [guards.pop(each) for each in tags] == ["cannot be told"] * 3
    assert "The bypass list is visible only to ruleset editors" in of(outcome, "tag-ruleset")["message"]
    assert set(guards.values()) == {"there", "not needed"}


def test_a_token_that_can_only_read(practice: Practice) -> None:
    """Reading is there. Writing is missing, seen by the merge settings that GitHub hides. Secrets cannot be told."""
    practice.guard()
    outcome = practice.ask(practice.settings.give("github_pat_reads", READING))
    assert outcome.status == 1
    stands = found(outcome)
    assert stands["contents-write"] == "missing"
    assert "GitHub does not show it the merge settings" in of(outcome, "contents-write")["message"]
    assert {stands[key] for key in ("stack-branch", "workflow-file", "backend-runs", "frontend-image")} == {"there"}
    assert found(outcome, "outside")["environment-secrets"] == "cannot be told"
    assert "secrets: read" in of(outcome, "environment-secrets")["remedy"]
    # Of somebody who may only read, nothing can be written with any token.
    only_reads = Holder("pull", scopes=("repo", "workflow"))
    stands = found(practice.ask(practice.settings.give("ghp_reads", only_reads), chosen="prepare"))
    assert {stands[f"{each}-write"] for each in ("contents", "workflows", "pull-requests")} == {"missing"}


def test_no_token_and_a_wrong_one(practice: Practice) -> None:
    """Without a token public repositories can be read and nothing be written; with a wrong one nothing is seen."""
    outcome = practice.ask("")
    assert outcome.status == 1
    assert "Examined without a token: the input token is empty." in outcome.summary.splitlines()
    stands = found(outcome)
    assert stands["stack-branch"] == stands["backend-runs"] == "there"
    assert {value for key, value in stands.items() if key.endswith("-write") and key != "actions-write"} == {"missing"}
    assert of(outcome, "issues-write")["message"] == ("The input token contains no token, and writing needs one.")
    outcome = practice.ask("ghp_wrong")
    assert outcome.status == 1
    stands = found(outcome)
    assert stands["stack-branch"] == stands["contents-write"] == "not seen"
    assert "Token examined: the one in the input token." in outcome.summary.splitlines()
    assert "The token in token is wrong or has expired: set it again." in outcome.summary
    assert "could not be seen" in outcome.summary.splitlines()[0]


def test_the_workflows_own_token(practice: Practice) -> None:
    """It can never change workflow files or reach a board; publish must be able to dispatch the build."""
    practice.guard()
    permissions = {"contents": "write", "actions": "write", "issues": "write", "metadata": "read"}
    token = practice.settings.give("ghs_own", Holder(None, permissions=permissions))
    practice.stack.may_open_pull_requests = False
    outcome = practice.ask(token, {"RUN_TOKEN": token}, project="orgs/xchem/projects/1")
    stands = found(outcome)
    assert outcome.status == 1
    assert "Token examined: the workflow's own." in outcome.summary.splitlines()[4]
    assert stands["workflows-write"] == stands["board-write"] == "missing"
    assert stands["board-lane"] == "not seen"
    assert stands["contents-write"] == "there"
    assert "workflow_dispatch, which publish uses" in of(outcome, "build-start")["message"]
    assert stands["actions-write"] == stands["pull-request-setting"] == "cannot be told"
    assert "In a workflow: actions: write in the job's permissions." in of(outcome, "actions-write")["remedy"]
    assert "Resource not accessible by integration" in of(outcome, "pull-request-setting")["message"]
    # Tickets of another repository are beyond it.
    outcome = practice.ask(token, {"RUN_TOKEN": token}, ticket_repository=BACKEND, chosen="announce")
    assert "which is not xchem/fragalysis-backend" in of(outcome, "issues-write")["message"]


def test_a_hidden_component(practice: Practice) -> None:
    """A private component that the token may not see is not seen, and its remedy is component-token."""
    practice.world.github.deny(BACKEND, except_tokens=["ghp_components"])
    token = practice.settings.give("ghp_stack", CLASSIC)
    practice.settings.give("ghp_components", Holder("pull", scopes=("repo",)))
    outcome = practice.ask(token, chosen="gate")
    stands = found(outcome)
    assert outcome.status == 1
    assert (stands["backend-repository"], stands["backend-runs"]) == ("not seen", "not seen")
    assert stands["frontend-repository"] == "there"
    assert "in component-token for a component" in of(outcome, "backend-repository")["remedy"]
    assert practice.ask(token, component_token="ghp_components", chosen="gate").status == 0


def test_nothing_guards_the_gate(practice: Practice) -> None:
    """What guards from outside is missing loudly, and stops no command: exit 0, with a warning for each."""
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    stands = found(outcome, "outside")
    assert outcome.status == 0
    assert stands.pop("environment-secrets") == "cannot be told"
    fine = {"deployments-filed", "moving-tag", "dispatch-forms", "run-retention", "other-deployments"}
    unneeded = {"environment-people", "write-key", "execution-protections"}
    assert {key for key, value in stands.items() if value == "there"} == fine
    assert {key for key, value in stands.items() if value == "not needed"} == unneeded
    assert {value for key, value in stands.items() if key not in fine | unneeded} == {"missing"}
    assert (of(outcome, "tag-ruleset")["status"], of(outcome, "tag-ruleset")["demoted-from"]) == ("warn", "fail")
    assert "8 guards from outside are missing." in outcome.summary
    assert outcome.summary.startswith("## ⚠️ Ready to run, and open: 8 guards missing\n")
    assert outcome.log.count("::warning title=outside ") == 9
    assert "/xchem/fragalysis-backend/settings/rules" in of(outcome, "backend-tag-ruleset")["url"]
    # Half of each is not enough, and says which half.
    stack = practice.stack
    stack.rulesets.append(ruleset(1, "half", ["creation", "update"], ["refs/tags/20*.*.*"]))
    stack.rulesets.append(ruleset(2, "asleep", BINDING, ["~ALL"], enforcement="evaluate"))
    stack.environments.append(environment(ENVIRONMENT, reviewers=0, custom=None))
    stack.secrets.append("AWX_TOKEN")
    stack.protections["master"] = {"enforce_admins": {"url": "https://github.example", "enabled": True}}
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    assert of(outcome, "tag-ruleset")["message"] == (
        "Under the ruleset 'half', 2023.06.1 can be deleted, 2031.12.15 can be deleted, 1.2.3 can be created by "
        "anyone with push access."
    )
    assert "no required reviewers" in of(outcome, "environment-reviewers")["message"]
    assert "from every branch and tag" in of(outcome, "environment-tags")["message"]
    assert of(outcome, "environment-secrets")["message"] == "Every job can use AWX_TOKEN of the repository."
    assert of(outcome, "stack-branch-review")["message"] == "master can be changed without a pull request."


def test_rules_that_would_stop_a_command(practice: Practice) -> None:
    """Rules and switched-off workflows that the token cannot get around are missing needs, and named."""
    practice.guard()
    stack = practice.stack
    stack.rulesets[0]["current_user_can_bypass"] = "never"
    stack.rulesets.append(ruleset(7, "branches", ["creation"], ["~ALL"], target="branch"))
    stack.rules["release/2023.06.1"] = [rule("creation")]
    stack.workflow_state = "disabled_manually"
    stack.entry["has_issues"] = False
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    missing = {key: of(outcome, key)["message"] for key, value in found(outcome).items() if value == "missing"}
    assert missing == {
        "release-branch-rules": "Rules of xchem/fragalysis-stack forbid a push to release/2023.06.1: creation; this "
        "token may not bypass them.",
        "tag-rules": "The ruleset 'releases' forbids creating a tag such as 2023.06.1, and this token may not bypass "
        "it.",
        "build-start": "The workflow .github/workflows/build-main.yaml is disabled manually.",
        "ticket-repository": "Issues are turned off in xchem/fragalysis-stack.",
    }
    assert outcome.status == 1


def test_rules_of_which_nobody_knows_what_they_do(practice: Practice) -> None:
    """They are named and cannot be told, which stops nothing; the row of `mode: commit` names its own."""
    practice.guard()
    stack = practice.stack
    stack.rulesets.append(ruleset(7, "branches", ["creation"], ["~ALL"], target="branch"))
    stack.rules["release/2023.06.1"] = [rule("branch_name_pattern"), rule("deletion"), rule("required_signatures")]
    stack.rules["master"] = [rule("file_path_restriction"), rule("non_fast_forward")]
    stack.rulesets.append(ruleset(44, "names", ["tag_name_pattern"], ["refs/tags/*"]))
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="prepare,publish")
    assert outcome.status == 0
    stands = found(outcome)
    assert stands["release-branch-rules"] == stands["tag-rules"] == "cannot be told"
    assert of(outcome, "release-branch-rules")["message"] == (
        "Rules of xchem/fragalysis-stack may refuse a push to release/2023.06.1: branch name pattern, required "
        "signatures."
    )
    assert of(outcome, "release-branch-rules")["needed"].startswith("For `mode: pull-request`, the default of prepare:")
    assert of(outcome, "tag-rules")["message"] == (
        "The ruleset 'names' may refuse a tag such as 2023.06.1: tag name pattern."
    )
    assert of(outcome, "stack-branch-rules")["needed"].startswith("For `mode: commit` of prepare:")
    assert stands["stack-branch-rules"] == "not needed"
    assert of(outcome, "stack-branch-rules")["message"] == (
        "Rules of xchem/fragalysis-stack may refuse a commit to master: file path restriction. mode: pull-request, "
        "the default, does not need it."
    )


def test_an_archived_stack(practice: Practice) -> None:
    """Nothing can be written to it with any token, and nothing starts its build: exit 1, and one step for it all."""
    practice.guard()
    practice.stack.entry["archived"] = True
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    assert outcome.status == 1
    missing = {key for key, value in found(outcome).items() if value == "missing"}
    writing = {"contents-write", "workflows-write", "pull-requests-write", "issues-write"}
    assert missing == {*writing, "build-start", "ticket-repository"}
    assert {of(outcome, key)["message"] for key in writing} == {
        "xchem/fragalysis-stack is archived: nothing can be written to it."
    }
    assert outcome.summary.count("Unarchive it, or name another repository.") == 1 + len(missing)


def test_a_token_that_lacks_a_right_to_read(practice: Practice) -> None:
    """How a commit came about, and how the build went, are read: each right is looked for by one small request."""
    practice.guard()
    for chosen, right, need in (
        ("publish", "pull_requests", "pull-requests-read"),
        ("publish", "actions", "stack-runs"),
        ("announce", "actions", "stack-runs"),
    ):
        permissions = {name: level for name, level in ANYTHING.permissions.items() if name != right}
        token = practice.settings.give(f"ghs_no_{right}", Holder(None, permissions=permissions))
        outcome = practice.ask(token, chosen=chosen)
        assert outcome.status == 1
        assert found(outcome)[need] == "not seen"
        assert f"permission {right.replace('_', '-')}: read" in of(outcome, need)["remedy"]
    assert "pull-requests-read" not in found(practice.ask(token, chosen="announce"))


def test_a_ruleset_that_everybody_may_bypass(practice: Practice) -> None:
    """It restricts nobody: the guard is missing, and says who is on its list."""
    practice.guard()
    practice.stack.rulesets[0]["bypass_actors"].append(bypass(4))
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate")
    assert found(outcome, "outside")["tag-ruleset"] == "missing"
    assert of(outcome, "tag-ruleset")["message"] == (
        "Under the ruleset 'releases' and the ruleset 'fixed', 2023.06.1 can be created, 2031.12.15 can be created, "
        "1.2.3 can be created by anyone with push access; the role Write may bypass 'releases'."
    )


def test_tags_that_those_on_a_bypass_list_can_move(practice: Practice) -> None:
    """A team on the list of the ruleset that keeps tags can move them: no one else can, and the guard is missing."""
    practice.guard()
    practice.stack.rulesets[1]["bypass_actors"].append(bypass(7, "Team"))
    practice.settings.of(BACKEND).rulesets[0]["bypass_actors"].append(bypass(7, "Team"))
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate")
    guards = found(outcome, "outside")
    assert (guards["tag-ruleset"], guards["backend-tag-ruleset"]) == ("missing", "missing"), outcome.log
    assert guards["frontend-tag-ruleset"] == "there"
    assert of(outcome, "tag-ruleset")["message"] == (
        "Under the ruleset 'releases' and the ruleset 'fixed', 2023.06.1 can be moved and 2023.06.1 can be deleted by "
        "those on a bypass list."
    )
    assert of(outcome, "backend-tag-ruleset")["message"] == (
        "2023.06.1 can be moved, 2023.06.1 can be deleted in xchem/fragalysis-backend by those on the bypass list of "
        "the ruleset 'fixed'."
    )


def test_guards_of_an_environment_that_production_does_not_use(unseeded: World, people: GitHubPeople) -> None:
    """An environment guards only the jobs that run in it: one of another name does not guard production."""
    practice = with_file(unseeded, people, FULL)
    practice.guard()
    practice.stack.environments.append(environment("production"))
    practice.stack.policies["production"] = [policy("*.*.*")]
    token = practice.settings.give("ghp_all", CLASSIC)
    outcome = practice.ask(token, chosen="gate", environment="production")
    for row in ("environment-reviewers", "environment-tags"):
        assert (found(outcome, "outside")[row], of(outcome, row)["message"]) == (
            "missing",
            f"The job deploy-production deploys to production in {ENVIRONMENT}, but production was examined.",
        )
        assert f"input environment to {ENVIRONMENT}" in of(outcome, row)["remedy"]


def test_production_that_runs_in_no_environment(unseeded: World, people: GitHubPeople) -> None:
    """Reviewers of an environment approve nothing if the job that deploys does not name it."""
    practice = with_file(unseeded, people, re.sub(rf" +environment: {ENVIRONMENT}\n", "", with_level_one(BEFORE)))
    practice.guard()
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate")
    for row in ("environment-reviewers", "environment-tags"):
        assert found(outcome, "outside")[row] == "missing"
        assert of(outcome, row)["message"] == (
            "The job deploy-production deploys to production without an environment, so awx/fragalysis-production does "
            "not guard it."
        )


def test_a_pull_request_that_no_one_reviews(practice: Practice) -> None:
    """A rule that requires a pull request without an approval, or that anyone may bypass, is not a review."""
    practice.guard()
    token, branches = practice.settings.give("ghp_all", CLASSIC), {"target": "branch"}
    practice.stack.rules["master"] = [rule("pull_request", owners=False, approvals=0)]
    outcome = practice.ask(token, chosen="gate")
    assert (found(outcome, "outside")["stack-branch-review"], of(outcome, "stack-branch-review")["message"]) == (
        "missing",
        "A rule requires a pull request for master, but no approval of it.",
    )
    practice.stack.rulesets.append(ruleset(7, "review", ["pull_request"], ["~ALL"], **branches))
    practice.stack.rules["master"] = [rule("pull_request", owners=True)]
    assert found(practice.ask(token, chosen="gate"), "outside")["stack-branch-review"] == "there"
    practice.stack.rulesets[-1]["bypass_actors"].append(bypass(4, mode="pull_request"))
    outcome = practice.ask(token, chosen="gate")
    for row in ("stack-branch-review", "workflow-owners"):
        assert found(outcome, "outside")[row] == "missing"
        assert of(outcome, row)["message"].endswith("the role Write may bypass it.")
    practice.stack.rules["master"] = []
    reviews = {
        "dismiss_stale_reviews": False,
        "require_code_owner_reviews": False,
        "required_approving_review_count": 0,
    }
    practice.stack.protections["master"] = {"required_pull_request_reviews": reviews}
    assert of(practice.ask(token, chosen="gate"), "stack-branch-review")["message"] == (
        "The branch protection of master requires a pull request, but no approval of it."
    )


OLD = """\
on: {trigger}
jobs:
  roll:
    runs-on: ubuntu-latest
    environment: {environment}
    steps:
    - run: helm upgrade stack
"""


def test_another_workflow_file_that_deploys_without_the_gate(unseeded: World, people: GitHubPeople) -> None:
    """A second way to production beside the gate is named; a file that only the gated one calls is none."""
    folder = ".github/workflows"
    others = {
        f"{folder}/old.yaml": OLD.format(trigger="workflow_dispatch", environment="Awx/fragalysis-production"),
        f"{folder}/maybe.yml": OLD.format(trigger="[push]", environment='""'),
        f"{folder}/called.yaml": OLD.format(trigger="{workflow_call: {}}", environment=ENVIRONMENT),
        f"{folder}/staging.yaml": OLD.format(trigger="push", environment="awx/fragalysis-staging"),
        f"{folder}/lint.yaml": "on: push\njobs: {lint: {steps: [{uses: ansible/ansible-lint@v1}]}}\n",
        f"{folder}/deploy.yaml": (EXAMPLES / "deploy.yaml").read_text("utf-8"),
        f"{folder}/doctor.yaml": (EXAMPLES / "doctor.yaml").read_text("utf-8"),
    }
    practice = with_file(unseeded, people, FULL, others)
    practice.guard()
    token = practice.settings.give("ghp_all", CLASSIC)
    outcome = practice.ask(token, chosen="gate")
    row = of(outcome, "other-deployments")
    assert (row["presence"], row["message"]) == (
        "missing",
        "These jobs run in the environment of production, but use no gate: old.yaml (roll, line 3).",
    )


def test_hostile_names_stay_text(practice: Practice) -> None:
    """Names of rulesets, environments and secrets can neither command the runner nor become markup."""
    hostile = "::set-output name=verdict::deploy\n##[add-mask]x <script>@all [a](https://evil.example) | `"
    practice.stack.rulesets.append(ruleset(1, hostile, ["creation"], ["~ALL"]))
    practice.stack.environments.append(environment(ENVIRONMENT))
    practice.stack.policies[ENVIRONMENT] = [policy(hostile, "branch")]
    practice.stack.secrets.append(f"AWX_{hostile}")
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    assert outcome.outputs["verdict"] == "blocked"
    assert "##[add-mask]" not in outcome.log
    assert not any(line.lstrip().startswith("::set-output") for line in outcome.log.splitlines())
    assert "<script>" not in outcome.summary and "](https://evil.example)" not in outcome.summary
    assert "@all" not in outcome.summary


def test_what_tagging_production_takes(practice: Practice) -> None:
    """With `new` each component that is to be tagged has rows of its own, with the token that tags: and no other has.

    Rights there, tag rulesets, and whether the token could change the branch besides.
    """
    practice.guard()
    stack = practice.settings.give("ghp_all", CLASSIC)
    tags = practice.settings.give("github_pat_tags", ANYTHING)
    frontend = practice.settings.of("xchem/fragalysis-frontend")
    frontend.rulesets.append(ruleset(8, "made by hand", ["creation"], ["refs/tags/*.*.*"]))
    frontend.rulesets.append(ruleset(7, "reviewed", ["pull_request"], ["~ALL"], target="branch"))
    frontend.rules["production"] = [rule("pull_request")]
    both = {"backend_tag": "new", "frontend_tag": "new@4be1c0a"}
    outcome = practice.ask(stack, chosen="prepare", component_token=tags, **both)
    asked = [one.request.target for one in practice.world.github.requests]
    assert [one for one in set(asked) if asked.count(one) > 1] == []
    stands = found(outcome)
    assert {key: stands[f"backend-{key}"] for key in ("contents-write", "workflows-write", "tag-rules")} == {
        "contents-write": "there", "workflows-write": "cannot be told", "tag-rules": "there"
    }  # fmt: skip
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "need:frontend-tag-rules")
    assert "'made by hand' forbids creating a tag such as" in of(outcome, "frontend-tag-rules")["message"]
    assert "The token in the input component-token" in of(outcome, "backend-contents-write")["message"]
    assert of(outcome, "backend-branch-bypass")["message"] == (
        "No rule keeps this token from pushing to production of xchem/fragalysis-backend."
    )
    assert of(outcome, "frontend-branch-bypass")["presence"] == "there"
    # Kept, and with a workflow's own token, which is in another repository.
    outcome = practice.ask(stack, {"RUN_TOKEN": tags}, chosen="prepare", component_token=tags, backend_tag="new")
    assert of(outcome, "backend-contents-write")["presence"] == "missing"
    assert "which is not xchem/fragalysis-backend" in of(outcome, "backend-contents-write")["message"]
    assert "frontend-contents-write" not in found(outcome) and "frontend-branch-bypass" not in found(outcome, "outside")


def test_it_asks_little_and_once(practice: Practice) -> None:
    """All of it, but for deploy, takes at most 40 requests in 7 round trips, and nothing is asked twice."""
    practice.guard()
    world = practice.world
    token = practice.settings.give("ghp_all", CLASSIC)

    def ask(rounds: Rounds) -> None:
        world.github.requests.clear()
        world.github.rounds = world.registry.rounds = rounds
        practice.ask(token)

    rounds = patiently(7, ask)
    asked = [one.request.target for one in world.github.requests]
    assert [one for one in set(asked) if asked.count(one) > 1] == []
    assert len(asked) <= 40
    assert sum("/pulls?" in one or "/fragalysis-stack/actions/runs?" in one for one in asked) == 2
    assert rounds.count <= 7, rounds.sizes


@pytest.mark.parametrize("chosen", ["gate,stage", "doctor", ","])
def test_a_command_that_is_none_is_a_wrong_input(practice: Practice, chosen: str) -> None:
    """Status 2, naming the input, what is wrong with it, and the commands there are; nothing is asked."""
    outcome = practice.ask("", chosen=chosen)
    assert outcome.status == 2
    assert "The input for cannot be" in outcome.log
    assert "gate, prepare, publish, announce, deploy, audit" in outcome.log
    assert practice.world.github.requests == []


def test_a_board_with_and_without_its_lane(practice: Practice) -> None:
    """The lane is looked up by name, with ticket-token; a board that is not seen names what a token needs."""
    token = practice.settings.give("ghp_all", CLASSIC)
    tickets = practice.settings.give("ghp_tickets", Holder("pull", scopes=("public_repo", "read:project")))
    practice.people.add_project(Project("orgs/m2ms/projects/7", {"Status": ["Done", "Push to production"]}, [tickets]))
    board = {"project": "orgs/m2ms/projects/7", "ticket_token": tickets}
    outcome = practice.ask(token, chosen="announce", **board)
    assert found(outcome)["board-lane"] == "there"
    assert "Push to production" in of(outcome, "board-lane")["message"]
    assert of(outcome, "board-write")["message"] == (
        "The token in the input ticket-token (a classic token) lacks the scope project."
    )
    assert found(outcome)["issues-write"] == "there"
    practice.settings.give(tickets, Holder("pull", scopes=("public_repo", "project")))
    outcome = practice.ask(token, chosen="announce", **board)
    assert found(outcome)["board-write"] == "cannot be told"
    outcome = practice.ask(token, chosen="announce", project_status="Shipped", **board)
    assert found(outcome)["board-lane"] == "not seen"
    assert "'Done', 'Push to production'" in of(outcome, "board-lane")["remedy"]
    outcome = practice.ask(token, chosen="announce", project="orgs/m2ms/projects/7")
    assert "Resource not accessible" in of(outcome, "board-lane")["message"]
    assert "In ticket-token, pass the token of an app" in of(outcome, "board-lane")["remedy"]
    assert outcome.status == 1


def awx_inputs(awx: AwxServer, account: Account = ROBOT, template: str = "Deploy") -> dict[str, str]:
    """The inputs that lead to an AWX."""
    return {"awx_url": awx.url, "awx_token": account.token, "awx_template": template}


def test_deploy_needs_awx(practice: Practice, awx: AwxServer) -> None:
    """Login, template, the right to launch it and its variables are looked at; nothing is launched."""
    token = practice.settings.give("ghp_all", CLASSIC)
    awx.add_template("Deploy")
    awx.add_template("Fixed", asks_variables=False)
    awx.add_template("No project", project=False)
    awx.add_template("Other survey", asks_variables=False, survey=[Question("tag")])

    def stand(**inputs: str) -> dict[str, str]:
        found_here = found(practice.ask(token, chosen="deploy", **inputs))
        return {key: value for key, value in found_here.items() if key.startswith("awx-")}

    good = {"awx-login": "there", "awx-template": "there", "awx-variables": "there"}
    assert stand(**awx_inputs(awx)) == good
    assert stand(**awx_inputs(awx, template="Fixed")) == {**good, "awx-variables": "missing"}
    assert stand(**awx_inputs(awx, template="Other survey")) == {**good, "awx-variables": "cannot be told"}
    assert stand(**awx_inputs(awx, template="None")) == {**good, "awx-template": "missing", "awx-variables": "not seen"}
    assert stand(**awx_inputs(awx, READER))["awx-template"] == "missing"
    assert stand(**awx_inputs(awx, LOOKER))["awx-template"] == "missing"
    assert stand(**awx_inputs(awx, template="No project"))["awx-template"] == "missing"
    assert stand(**{**awx_inputs(awx), "awx_token": "wrong"}) == dict.fromkeys(good, "not seen")
    assert {one.method for one in awx.requests} == {"GET"}
    assert awx.launches == 0


def test_deploy_without_inputs_for_awx(practice: Practice) -> None:
    """That is missing, not a wrong use: everything else is looked at, and where the secrets may be is said."""
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate,deploy")
    assert outcome.status == 1
    assert found(outcome)["awx-login"] == "missing"
    assert "Only a job in an environment can read its secrets" in of(outcome, "awx-login")["remedy"]
    assert found(outcome)["stack-branch"] == "there"


IN_FILE = {
    **dict.fromkeys(("gate-used", "gate-needed", "gate-asked", "gate-told", "gate-alone"), "missing"),
    **dict.fromkeys(("override-secrets", "staging-environment", "deployment-failures"), "missing"),
    "deployment-variables": "not needed",
}
"""How the rows on the workflow file stand for a file that knows nothing of this action."""


def test_a_file_without_any_gate(unseeded: World, people: GitHubPeople) -> None:
    """All guards from outside in place, a stack whose file has no gate is red in each row: exit 1, lines named."""
    practice = with_file(unseeded, people, BEFORE)
    practice.guard()
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="announce")
    assert outcome.status == 1
    assert found(outcome, "workflow") == IN_FILE
    assert outcome.summary.startswith("## ⛔ 8 things are missing\n")
    assert "workflow:gate-used" in outcome.outputs["failed-rules"].split(",")
    line = BEFORE.splitlines().index("  deploy-staging:") + 1
    assert (of(outcome, "staging-environment")["file"], of(outcome, "staging-environment")["line"]) == (
        WORKFLOW_FILE,
        line,
    )
    assert f"::error title=workflow (staging-environment),file={WORKFLOW_FILE},line={line}::" in outcome.log
    assert "secrets.BE_IMAGE_TAG" in of(outcome, "gate-told")["message"]


def test_level_one_is_green_where_it_guards(unseeded: World, people: GitHubPeople) -> None:
    """With the README's quick start the rows of the gate are there; what it leaves as it was is still named."""
    practice = with_file(unseeded, people, with_level_one(BEFORE))
    practice.guard()
    practice.stack.secrets += ["BE_IMAGE_TAG", "DOCKERHUB_USERNAME"]
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate")
    there = dict.fromkeys(("gate-used", "gate-needed", "gate-asked", "gate-told", "gate-alone"), "there")
    left = dict.fromkeys(("staging-environment", "deployment-failures"), "missing")
    unneeded = dict.fromkeys(("override-secrets", "deployment-variables"), "not needed")
    assert found(outcome, "workflow") == there | left | unneeded
    assert "the job deploy-staging runs in awx/fragalysis-production" in outcome.summary.replace("The job", "the job")
    assert "deploy-production (Deploy production)" in of(outcome, "deployment-failures")["message"]
    assert outcome.outputs["failed-rules"] == "workflow:staging-environment,workflow:deployment-failures"


def test_what_was_a_secret_has_to_be_a_variable(practice: Practice) -> None:
    """Adopted in full with old secrets left, jobs are skipped and outputs dropped: exit 1, with the names alone."""
    practice.guard()
    practice.stack.variables = {}
    practice.stack.secrets += ["DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN", "BE_IMAGE_TAG"]
    practice.stack.organisation_secrets += ["TRIGGER_AWX"]
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate")
    assert outcome.status == 1
    assert of(outcome, "deployment-variables")["message"] == (
        "A job reads variables that are secrets: DOCKERHUB_USERNAME, TRIGGER_AWX. It is skipped, and the run is green."
    )
    assert of(outcome, "override-secrets")["message"].endswith("DOCKERHUB_USERNAME, BE_IMAGE_TAG, TRIGGER_AWX.")


@pytest.mark.parametrize(
    ("own", "organisation", "presence"),
    [
        ({"DOCKERHUB_USERNAME": "xchem"}, {"TRIGGER_AWX": "YES"}, "there"),
        ({"DOCKERHUB_USERNAME": "xchem", "TRIGGER_AWX": "true"}, {"TRIGGER_AWX": "yes"}, "missing"),
        ({"DOCKERHUB_USERNAME": "xchem"}, {}, "missing"),
        ({"PRODUCTION": "false"}, {}, "not needed"),
    ],
)
def test_the_variables_that_production_asks_for(
    practice: Practice, own: dict[str, str], organisation: dict[str, str], presence: str
) -> None:
    """Set for the repository or its organisation, to what the `if` asks for in any case of letters; else it is said."""
    practice.stack.variables, practice.stack.organisation_variables = own, organisation
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate")
    assert found(outcome, "workflow")["deployment-variables"] == presence
    assert "xchem" not in of(outcome, "deployment-variables")["message"]


def test_variables_that_are_hidden_are_not_taken_for_there(practice: Practice) -> None:
    """A token without Variables: read is told which right it lacks, and the row cannot be told."""
    practice.guard()
    outcome = practice.ask(practice.settings.give("github_pat_reads", READING), chosen="gate")
    stands = found(outcome, "workflow")
    assert (stands["deployment-variables"], stands["override-secrets"]) == ("cannot be told", "cannot be told")
    assert "variables: read" in of(outcome, "deployment-variables")["remedy"]
    assert outcome.status == 0


def test_a_file_that_cannot_be_read_is_not_fine(unseeded: World, people: GitHubPeople) -> None:
    """What the file does with the gate is not seen where it is no YAML: exit 1, one step for all of it."""
    practice = with_file(unseeded, people, FULL.replace("\njobs:\n", "\njobs: [\n"))
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="announce")
    assert outcome.status == 1
    assert set(found(outcome, "workflow").values()) == {"not seen"}


PAGE = '{"version": {"backend": "xchem:2023.06.1", "frontend": "xchem:2023.05.4", "stack": "xchem:2023.06.2"}}'


def site_row(practice: Practice, site: Site, **inputs: str) -> dict[str, Any]:
    """The row on the page of the site."""
    token = practice.settings.give("ghp_all", CLASSIC)
    return of(practice.ask(token, chosen="deploy", **{"verify_url": f"{site.url}/version/", **inputs}), "site-text")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("page", "line"),
    [
        (PAGE, "/version/stack = xchem:{image-tag}"),
        (PAGE.replace("xchem:2023.06.2", "2023.06.2"), "/version/stack = {image-tag}"),
        (PAGE.replace("xchem:2023.06.2", "xchem/fragalysis-stack:2023.06.2"),
         "/version/stack = xchem/fragalysis-stack:{image-tag}"),
        (PAGE.replace('"stack"', '"a/b~"'), "/version/a~1b~0 = xchem:{image-tag}"),
        (PAGE.replace("2023.06.2", "latest").replace("2023.05.4", "latest"), "/version/stack = xchem:{image-tag}"),
        ('[{"pod": 1, "v": "v2023.06.1"}]', "/0/v = v{image-tag}"),
        ("<h1>backend 2023.06.2</h1> Stack 2023.06.1", "Stack {image-tag}"),
    ],
)  # fmt: skip
def test_doctor_proposes_lines_for_a_page(practice: Practice, site: Site, page: str, line: str) -> None:
    """Without verify-text the row is missing, and proposes where the page shows a release of the stack."""
    site.page = page
    row = site_row(practice, site)
    assert (row["presence"], row["status"]) == ("missing", "fail")
    assert "verify-text is empty" in row["message"]
    assert row["remedy"] == f"If the page shows the stack's own version there, set verify-text to: {line}"
    assert site_row(practice, site, verify_text=line)["presence"] == "there"


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "page",
    ["", "<h1>Fragalysis</h1>", "{}", '{"stack": "foreign words"}', PAGE.replace("06.2", "07.9"),
     '{"backend": "2023.06.2"}', '{"a\\u0007b": "2023.06.2"}', "[" * 9999, '{"a": 1, "a": "2023.06.2"}'],
)  # fmt: skip
def test_doctor_repeats_no_words_of_a_page(practice: Practice, site: Site, page: str) -> None:
    """Where nothing is recognised, or only a component, it is said what to write, with nothing of the page in it."""
    site.page = page or " "
    row = site_row(practice, site)
    assert row["presence"] == "missing"
    assert row["remedy"].startswith("No release tag of the stack was recognised on the page.")
    assert "foreign" not in f"{row['message']} {row['remedy']}"


def test_doctor_looks_whether_lines_would_do(practice: Practice, site: Site) -> None:
    """Lines that find nothing, bare tags and pages that do not answer are told; without a page none is needed."""
    site.page = PAGE
    good = "/version/stack = xchem:{image-tag}\n/version/backend = {backend-namespace}:{backend-tag}"
    assert site_row(practice, site, verify_text=good)["presence"] == "there"
    row = site_row(practice, site, verify_text=f"{good}\n/version/stock = {{image-tag}}")
    assert row["message"].endswith("has no match for line 3 of verify-text, or several that differ.")
    assert "/version/stack = xchem:{image-tag}" in row["remedy"]
    assert "is a bare tag" in site_row(practice, site, verify_text="{image-tag}")["message"]
    both = f"{site.url}/version/,{site.url}/api/"
    site.fail("GET", "/api/", status=404)
    assert f"{site.url}/api/ returned 404" in site_row(practice, site, verify_text=good, verify_url=both)["message"]
    site.fail("GET", "/version/", status=503)
    assert site_row(practice, site, verify_text=good)["presence"] == "not seen"
    assert site_row(practice, site, verify_url="")["presence"] == "not needed"


def test_all_of_the_examples_as_they_are_copied(unseeded: World, people: GitHubPeople) -> None:
    """Of the examples' own files two things are open: keys in an environment of no reviewers, and the moving `@v1`.

    With the environment for the stack branch alone, the key is guarded; a secret of its name in another place is not.
    """
    names = ("prepare-release", "publish-release", "deploy", "doctor", "audit")
    others = {f".github/workflows/{one}.yaml": (EXAMPLES / f"{one}.yaml").read_text("utf-8") for one in names}
    practice = with_file(unseeded, people, FULL, others)
    practice.guard()
    stack, token = practice.stack, practice.settings.give("ghp_all", CLASSIC)
    stack.environments += [environment("release-approved"), environment("release", reviewers=0, custom=None)]
    outcome = practice.ask(token, chosen="gate")
    guards = found(outcome, "outside")
    assert {key for key, value in guards.items() if value == "missing"} == {"write-key", "moving-tag"}
    assert "RELEASE_APP_KEY of prepare-release.yaml (prepare)" in of(outcome, "write-key")["message"]
    assert "org/frag-release-action@v1 (prepare-release.yaml, line " in of(outcome, "moving-tag")["message"]
    stack.environments[-1] = environment("release", reviewers=0)
    stack.policies["release"] = [policy("master", "branch")]
    # The key of the stack's own is guarded; the form of deployments chooses its environment when it is started.
    row = of(practice.ask(token, chosen="gate"), "write-key")
    assert (
        row["message"]
        == "The environment in which RELEASE_TICKET_TOKEN of deploy.yaml (deploy) is used could not be determined."
    )
    stack.organisation_secrets.append("RELEASE_APP_KEY")
    row = of(practice.ask(token, chosen="gate"), "write-key")
    assert row["presence"] == "missing" and "secret of the repository or the organisation" in row["message"]


def test_forms_of_another_branch_than_the_default_one(unseeded: World, people: GitHubPeople) -> None:
    """A stack released from another branch is told which form is missing on the default branch, or differs there."""
    form = {".github/workflows/deploy.yaml": "on: workflow_dispatch\njobs: {}\n"}
    stack, old = unseeded.example.stack, unseeded.example.commits["fragalysis-stack"]["2023.06.2"]
    stack.branch("next", old)
    stack.branch("forms", old)
    stack.commit(form, "ci: a form", branch="forms")
    practice = with_file(unseeded, people, FULL)
    token = practice.settings.give("ghp_all", CLASSIC)
    for branch, message in (
        ("next", "build-main.yaml differs between next and the default branch master."),
        ("forms", "deploy.yaml is not on the default branch master, so GitHub shows no form for it."),
    ):
        row = of(practice.ask(token, chosen="gate", stack_branch=branch), "dispatch-forms")
        assert (row["presence"], row["message"]) == ("missing", message)


def test_settings_that_are_hidden_are_not_taken_for_there(practice: Practice) -> None:
    """A token without Administration: read is told of each setting that it cannot be told, and which right it takes."""
    practice.guard()
    outcome = practice.ask(practice.settings.give("github_pat_reads", READING), chosen="gate")
    guards = found(outcome, "outside")
    for row in ("run-retention", "release-immutability", "execution-protections"):
        assert guards[row] == "cannot be told", of(outcome, row)
        assert "administration: read" in of(outcome, row)["remedy"]


def test_a_setting_that_stops_releases_is_named(practice: Practice) -> None:
    """Short retention, a protection that leaves out pushes, and a sole reviewer: each is missing, with its page."""
    practice.guard()
    stack = practice.stack
    practice.settings.of(BACKEND).retention_days = 14
    stack.policies_on_runs += [execution_policy("asleep", enforcement="evaluate", events=[])]
    stack.policies_on_runs += [execution_policy("forms alone", events=["workflow_dispatch"])]
    stack.environments[0] = environment(ENVIRONMENT, reviewers=1)
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="gate")
    assert of(outcome, "run-retention")["message"] == (
        "xchem/fragalysis-backend keeps workflow runs for 14 days: an older tag has no evidence that its CI passed."
    )
    assert of(outcome, "execution-protections")["message"] == (
        f"The workflow execution protection 'forms alone' does not let push start {WORKFLOW_FILE}."
    )
    assert of(outcome, "execution-protections")["url"].endswith("/xchem/fragalysis-stack/settings/actions")
    assert of(outcome, "environment-people")["message"] == (
        f"Only maintainer-1 may approve a deployment to {ENVIRONMENT}."
    )
    assert outcome.status == 0 and outcome.summary.startswith("## ⚠️ Ready to run, and open: 3 guards missing\n")
