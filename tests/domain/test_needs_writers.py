"""Which keys the workflow files write with, what runs beside these, and whether the forms are the right ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from domain.files import blob
from frag_release.domain.evidence import Hidden, Unknown
from frag_release.domain.needs import Presence
from frag_release.domain.needs.protection import Deployers, Environment, Policy, SecretNames
from frag_release.domain.needs.writers import (
    Writers,
    judge_beside,
    judge_filing,
    judge_forms,
    judge_keys,
    judge_moving,
    read_writers,
)

COMMIT = "0" * 40
HIDDEN = Hidden("GitHub said no", "It takes a token.")
NO_SECRETS = SecretNames((), (), ())
MASTER = Policy("branch", "master")


def job(token: str, *, environment: str = "release", ref: str = COMMIT, more: str = "") -> str:
    """A workflow whose one job uses this action with a token."""
    place = f"    environment: {environment}\n" if environment else ""
    return (
        f"on: workflow_dispatch\njobs:\n  one:\n{place}{more}    steps:\n"
        f"    - uses: actions/create-github-app-token@{COMMIT}\n      id: app\n      with:\n"
        "        private-key: ${{ secrets.APP_KEY }}\n"
        f"    - uses: org/frag-release-action@{ref}\n      with:\n        command: publish\n        token: {token}\n"
    )


def writers(text: str) -> Writers:
    """What a file with that text tells."""
    return read_writers({"publish.yaml": blob(text)}, "org/frag-release-action")


@pytest.mark.parametrize(
    ("token", "secrets"),
    [
        ("${{ secrets.RELEASE_TOKEN }}", ["RELEASE_TOKEN"]),
        ("${{ secrets['release_token'] }}", ["RELEASE_TOKEN"]),
        ("${{ steps.app.outputs.token }}", ["APP_KEY"]),
        ("${{ secrets.A || secrets.B }}", ["A", "B"]),
        ("${{ github.token }}", []),
        ("${{ secrets.GITHUB_TOKEN }}", []),
        ("${{ steps.other.outputs.token }}", []),
    ],
)
def test_the_secrets_by_which_a_job_writes(token: str, secrets: list[str]) -> None:
    """Those of the token, or of the step that makes it; the workflow's own token is none."""
    assert [key.secret for key in writers(job(token)).keys] == secrets


@pytest.mark.parametrize("place", ["workflow", "job", "step"])
def test_a_key_that_comes_by_a_variable_is_one(place: str) -> None:
    """A token out of an env: is the secret that is in it, wherever the env: is."""
    key = "{WRITER: '${{ secrets.RELEASE_TOKEN }}'}"
    text = job("${{ env.writer }}", more=f"    env: {key}\n" if place == "job" else "")
    text = f"env: {key}\n{text}" if place == "workflow" else text
    text += f"      env: {key}\n" if place == "step" else ""
    assert [one.secret for one in writers(text).keys] == ["RELEASE_TOKEN"]
    assert list(writers(text.replace("RELEASE_TOKEN", "GITHUB_TOKEN")).keys) == []
    made = text.replace("secrets.APP_KEY", "env.WRITER").replace("${{ env.writer }}", "${{ steps.app.outputs.token }}")
    assert [one.secret for one in writers(made).keys] == ([] if place == "step" else ["RELEASE_TOKEN"])


@pytest.mark.parametrize(("lines", "presence"), [
    ("    environment: Live\n    steps: [{run: make backup}]\n", Presence.MISSING),
    ("    environment: {name: live}\n    uses: ./.github/workflows/x.yaml\n", Presence.MISSING),
    ("    steps: [{run: helm upgrade stack}]\n", Presence.UNVERIFIABLE),
    ("    environment: staging\n    steps: [{run: helm upgrade stack}]\n", Presence.THERE),
    ("    environment: live\n    steps: [{uses: org/frag-release-action@v1}]\n", Presence.THERE),
    ("    steps: [{uses: ansible/ansible-lint@v1}]\n", Presence.THERE),
    ("    steps: [{run: make test}]\n", Presence.THERE),
])  # fmt: skip
def test_a_way_to_production_beside_the_gate(lines: str, presence: Presence) -> None:
    """A job of another file in production's environment is one; one that may deploy anywhere cannot be told."""
    text = f"on: push\njobs:\n  one:\n{lines}"
    own = "org/frag-release-action"
    judged = judge_beside(read_writers({"other.yaml": blob(text)}, own, "build.yaml", "live"))
    assert judged.presence is presence, judged
    assert presence is Presence.THERE or "other.yaml (one, line 3)" in judged.message
    assert judge_beside(read_writers({"build.yaml": blob(text)}, own, "build.yaml", "live")).presence is Presence.THERE
    called = blob(text.replace("on: push", "on: [workflow_call]"))
    assert judge_beside(read_writers({"other.yaml": called}, own, "build.yaml", "live")).presence is Presence.THERE


def test_the_key_that_tags_components_writes() -> None:
    """With prepare, component-token is one that writes; with another command it only reads."""
    text = job("${{ github.token }}") + "        component-token: ${{ secrets.COMPONENTS }}\n"
    assert list(writers(text).keys) == []
    assert [key.secret for key in writers(text.replace("publish", "prepare")).keys] == ["COMPONENTS"]


@pytest.mark.parametrize(("environment", "places"), [
    ("${{ inputs.x && 'a' || 'b' }}", ["a", "b"]),
    ("${{ (inputs.x == 'y' || inputs.z) && !inputs.w && 'a' || 'b' }}", ["a", "b"]),
    ("${{ inputs.x || inputs.z && 'a' || 'b' }}", ["${{ inputs.x || inputs.z && 'a' || 'b' }}"]),
    ("${{ inputs.x && 'a' || inputs.y }}", ["${{ inputs.x && 'a' || inputs.y }}"]),
    ("release", ["release"]),
])  # fmt: skip
def test_a_choice_between_two_environments_is_both(environment: str, places: list[str]) -> None:
    """A key is in each of two that are written out; one that an input may name cannot be told."""
    found = writers(job("${{ secrets.KEY }}", environment=f'"{environment}"')).keys
    assert [key.environment for key in found] == places


def place(reviewers: int = 0, deployers: str = Deployers.CHOSEN, policies: Any = (MASTER,)) -> Environment:
    """An environment."""
    return Environment("release", reviewers, deployers, policies)


KEY = "${{ secrets.RELEASE_TOKEN }}"


@pytest.mark.parametrize(
    ("text", "environment", "secrets", "presence", "words"),
    [
        (job(KEY), place(), NO_SECRETS, Presence.THERE, "RELEASE_TOKEN of publish.yaml (one)"),
        (job(KEY), place(1, Deployers.ANY), NO_SECRETS, Presence.THERE, "of a guarded environment"),
        (job(KEY), place(deployers=Deployers.ANY), NO_SECRETS, Presence.MISSING, "has no required reviewers"),
        (job(KEY), place(policies=(MASTER, Policy("tag", "*"))), NO_SECRETS, Presence.MISSING, "more than master"),
        (job(KEY), place(policies=(Policy("branch", "*"),)), NO_SECRETS, Presence.MISSING, "more than master"),
        (job(KEY), None, NO_SECRETS, Presence.MISSING, "has no required reviewers"),
        (job(KEY, environment=""), place(), NO_SECRETS, Presence.MISSING, "without an environment"),
        (job(KEY), place(), SecretNames(["release_token"], (), ()), Presence.MISSING, "every job can use it"),
        (job(KEY), place(), SecretNames((), ["RELEASE_TOKEN"], ()), Presence.MISSING, "every job can use it"),
        (job(KEY), place(), SecretNames(HIDDEN, (), ()), Presence.UNVERIFIABLE, "GitHub said no"),
        (job(KEY), HIDDEN, NO_SECRETS, Presence.UNVERIFIABLE, "GitHub said no"),
        (job(KEY), place(policies=HIDDEN), NO_SECRETS, Presence.UNVERIFIABLE, "GitHub said no"),
        (
            job(KEY, environment="'${{ inputs.x }}'"),
            place(),
            NO_SECRETS,
            Presence.UNVERIFIABLE,
            "could not be determined",
        ),
        (job("${{ github.token }}"), place(), NO_SECRETS, Presence.NOT_NEEDED, "No workflow file passes"),
        ("on: push\njobs: [", place(), NO_SECRETS, Presence.UNAVAILABLE, "publish.yaml could not be read"),
    ],
)
def test_keys_that_write(text: str, environment: Any, secrets: SecretNames, presence: Presence, words: str) -> None:
    """A key is a secret of an environment with reviewers, or for the stack branch alone, and of nothing else."""
    judged = judge_keys(writers(text), {"release": environment}, secrets, "master")
    assert judged.presence is presence, judged
    assert words in judged.message


@pytest.mark.parametrize(
    ("text", "presence"),
    [
        (job(KEY), Presence.THERE),
        (job(KEY, ref="v1"), Presence.MISSING),
        (job(KEY, ref="0123456"), Presence.MISSING),
        (job("${{ github.token }}", ref="v1"), Presence.UNVERIFIABLE),
        (job("${{ github.token }}"), Presence.THERE),
        (f"permissions: {{}}\n{job('x', ref='v1')}", Presence.THERE),
        (job("${{ github.token }}", ref="v1", more="    permissions: {contents: read}\n"), Presence.THERE),
        (job("${{ github.token }}", ref="v1", more="    permissions: {contents: write}\n"), Presence.MISSING),
        (job("${{ github.token }}", ref="v1", more="    permissions: write-all\n"), Presence.MISSING),
        (f"permissions: {{contents: write}}\n{job('x', ref='v1')}", Presence.MISSING),
        (job(KEY).replace(f"app-token@{COMMIT}", "app-token@v3"), Presence.MISSING),
    ],
)
def test_what_runs_beside_a_token_that_writes(text: str, presence: Presence) -> None:
    """Where a job writes, by a key or by its permissions, whatever it uses is named by the 40 digits of a commit."""
    assert judge_moving(writers(text)).presence is presence


@pytest.mark.parametrize(
    ("here", "shown", "presence", "words"),
    [
        ({"a.yaml": "1"}, {"a.yaml": "1", "b.yaml": "2"}, Presence.THERE, "are those of the default branch"),
        ({"a.yaml": "1"}, {"a.yaml": "2"}, Presence.MISSING, "a.yaml differs between next and"),
        ({"publish.yaml": "1"}, {}, Presence.MISSING, "publish.yaml is not on the default branch master"),
    ],
)
def test_forms(here: Mapping[str, str], shown: Mapping[str, str], presence: Presence, words: str) -> None:
    """What GitHub shows as a form, the default branch's, is the same file as on the branch that is released."""
    found = writers(job(KEY)) if "publish.yaml" in here else Writers()
    judged = judge_forms("next", "master", found, (here, shown))
    assert judged.presence is presence, judged
    assert words in judged.message
    assert judge_forms("next", "next", HIDDEN, HIDDEN).presence is Presence.THERE
    for lost in ((HIDDEN, found, (here, shown)), ("master", HIDDEN, (here, shown)), ("master", found, HIDDEN)):
        assert judge_forms("next", *lost).presence is Presence.UNVERIFIABLE


def test_a_list_that_is_lost_is_not_fine() -> None:
    """What could not be looked at is not seen, for keys and for what runs beside them."""
    lost = Unknown("GitHub is away")
    assert judge_keys(lost, {}, NO_SECRETS, "master").presence is Presence.UNAVAILABLE
    assert judge_moving(lost).presence is Presence.UNAVAILABLE


@pytest.mark.parametrize(
    ("environment", "presence"),
    [
        ("    environment: release\n", Presence.MISSING),
        ("    environment: {name: release}\n", Presence.MISSING),
        ("    environment: {name: release, deployment: true}\n", Presence.MISSING),
        ("    environment: {name: release, deployment: '${{ inputs.x }}'}\n", Presence.MISSING),
        ("    environment: {name: release, deployment: false}\n", Presence.THERE),
        ("    environment: github-pages\n", Presence.THERE),
        ("", Presence.THERE),
    ],
)
def test_jobs_for_which_github_files_a_deployment(environment: str, presence: Presence) -> None:
    """Each with an environment that does not say `deployment: false`, also one of which that cannot be told."""
    judged = judge_filing(writers(job("${{ github.token }}", environment="", more=environment)))
    assert judged.presence is presence, judged
    assert ("publish.yaml (one, line 3)" in judged.message) is (presence is Presence.MISSING)
