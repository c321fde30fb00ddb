"""Reads that GitHub refuses or does not find: what each is told as, and what helps."""

from __future__ import annotations

import pytest

from adapters.github_desk import REF, STACK, TAG, backend, forge, unknown
from frag_release.adapters.github.api import Access
from frag_release.adapters.github.projects import ProjectApi
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.ports import WriteRefusedError
from frag_release.domain.builds import Build
from frag_release.domain.evidence import Denied, Hidden, NotOffered, Unknown
from world.example import WORKFLOW_FILE, Example
from world.github_builds import GitHubBuilds
from world.github_people import GitHubPeople, Project
from world.github_server import TOKEN, GitHubServer

BOARD = "orgs/m2ms/projects/3"
LISTED = (
    "Although you appear to have the correct authorization credentials, the `xchem` organization has an IP allow list "
    "enabled, and your IP address is not permitted to access this resource."
)
REFUSALS = {
    "single sign-on": (
        "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this "
        "organization.",
        Hidden,
        "Authorise the token in token for the organisation's single sign-on",
    ),
    "address": (LISTED, Denied, "address to the IP allow list"),
    "kind": (
        "`xchem` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a "
        "personal access token with fine-grained permissions.",
        Hidden,
        "rejects tokens of this kind",
    ),
    "lifetime": (
        "The 'xchem' organization forbids access via a fine-grained personal access tokens if the token's lifetime is "
        "greater than 366 days.",
        Hidden,
        "or with this lifetime",
    ),
    "plan": (
        "Upgrade to GitHub Pro or make this repository public to enable this feature.",
        NotOffered,
        "No token helps: for private repositories, GitHub offers this on paid plans only.",
    ),
}


@pytest.mark.parametrize(("message", "kind", "remedy"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_that_no_permission_helps_against(
    github_example: GitHubServer, example: Example, message: str, kind: type[Unknown], remedy: str
) -> None:
    """For reads and for writes the same remedy fits GitHub's words, and no permission is asked for."""
    for method, path in (("GET", REF), ("POST", "/git/")):
        github_example.fail(method, path, status=403, body={"message": message, "status": "403"})

    read = unknown(backend(github_example.url).tags([TAG])[TAG])
    with pytest.raises(WriteRefusedError) as written:
        forge(github_example.url).writer(STACK).create_branch("release/2023.06.3", example.stack.head())

    assert type(read) is kind
    assert message[:30] in read.reason
    for told in (read.remedy, written.value.remedy):
        assert remedy in told
        assert "contents: " not in told and "the permission" not in told


@pytest.mark.parametrize("reason", ["single sign-on", "address", "kind"])
def test_a_board_that_is_refused_for_another_reason_asks_for_no_scope(
    github: GitHubServer, people: GitHubPeople, reason: str
) -> None:
    """What GitHub says of the organisation is answered; the kinds of token that reach a board are told otherwise."""
    people.add_project(Project(BOARD, {"Status": ["Done"]}, [TOKEN]))
    message, _, remedy = REFUSALS[reason]
    github.fail("GET", "/fields", status=403, body={"message": message}, times=1)
    told = unknown(forge(github.url).board(BOARD).status("Status", "Done")).remedy
    assert remedy in told and "the scope project" not in told

    github.fail("GET", "/fields", status=403, body={"message": "Resource not accessible by personal access token"})
    assert "the scope project" in unknown(forge(github.url).board(BOARD).status("Status", "Done")).remedy


def test_a_board_that_an_older_server_does_not_know(github: GitHubServer) -> None:
    """Elsewhere than on github.com a 404 may mean that the server has no such address: then no token helps."""
    github.fail("GET", "/projectsV2/", status=404, body={"message": "Not Found"})
    remedy = unknown(forge(github.url).board(BOARD).status("Status", "Done")).remedy
    assert "A GitHub Enterprise Server whose REST API has no projects yet" in remedy
    assert "leave project empty" in remedy

    access = Access(Http(Deadline(1)), "https://api.github.com", None, "ticket-token")
    assert "Enterprise" not in ProjectApi(access, BOARD).not_visible().remedy


def test_a_workflow_that_github_does_not_know(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """Where the repository can be read, a 404 is about the workflow; the repository's name is not doubted."""
    github_example.fail("GET", "/actions/workflows/build-main.yaml/runs", status=404, body={"message": "Not Found"})
    server = forge(github_example.url).builds(STACK)
    for answer in (server.of_tag(WORKFLOW_FILE, TAG, "a" * 40), server.past(WORKFLOW_FILE, 5)):
        why = unknown(answer)
        assert isinstance(why, Denied)
        assert f"{STACK} has no workflow build-main.yaml" in why.reason
        assert "workflow-file" in why.remedy and "actions: read" in why.remedy

    github_example.deny(STACK)
    hidden = unknown(forge(github_example.url).builds(STACK).of_tag(WORKFLOW_FILE, TAG, "a" * 40))
    assert f"{STACK} was not found, or the token in token may not see it" in hidden.reason


def test_a_thing_that_is_gone_is_no_hidden_repository(github_example: GitHubServer) -> None:
    """A 404 of something in a repository that can be read does not say that the repository was not found."""
    gone = Build(7, WORKFLOW_FILE, "push", TAG, "a" * 40, 1, "in_progress", None, "")
    why = unknown(forge(github_example.url).builds(STACK).jobs(gone))
    assert f"found nothing when asked for the jobs of the run 7 of {STACK}" in why.reason
    assert "was not found" not in why.reason and "Check the name" not in why.remedy
