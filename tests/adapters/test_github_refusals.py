from __future__ import annotations

from collections.abc import Mapping

import pytest

from adapters.github_desk import STACK, forge
from frag_release.adapters.github import GithubForge
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.ports import LostRaceError, WriteFailedError, Writer, WriteRefusedError
from world.example import WORKFLOW_FILE, Example
from world.github_server import TOKEN, GitHubServer

BY_APP = "Resource not accessible by integration"
BY_TOKEN = "Resource not accessible by personal access token"
NO_APP_RIGHT = (
    f"refusing to allow a GitHub App to create or update workflow `{WORKFLOW_FILE}` without `workflows` permission"
)
NO_SCOPE = (
    f"refusing to allow a Personal Access Token to create or update workflow `{WORKFLOW_FILE}` without `workflow` scope"
)
NO_OAUTH_SCOPE = (
    f"refusing to allow an OAuth App to create or update workflow `{WORKFLOW_FILE}` without `workflow` scope"
)
GRAPHQL_SCOPE = "Your token has not been granted the required scopes: one of ['workflow'] is needed."
RULES = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"
CREATION = "Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n"
PULLS_FORBIDDEN = "GitHub Actions is not permitted to create or approve pull requests."

WRITES = {
    "blob": ("POST", "/git/blobs$"),
    "tree": ("POST", "/git/trees$"),
    "commit": ("POST", "/git/commits$"),
    "branch": ("POST", "/git/refs$"),
    "move": ("PATCH", "/git/refs/"),
}


def own(url: str) -> Writer:
    """The stack's writer with the workflow's own token."""
    return GithubForge(Http(Deadline(20), sleep=lambda _: None), url, TOKEN, own_token=True).writer(STACK)


def write(writer: Writer, example: Example, step: str) -> None:
    """Do what `step` is part of."""
    head = example.stack.head()
    if step == "branch":
        writer.create_branch("release/2023.06.3", head)
    elif step == "move":
        writer.move_branch("master", head, head)
    elif step == "rebuild":
        writer.rebuild_branch("master", head, head)
    else:
        writer.create_commit(head, WORKFLOW_FILE, b"name: new\n", "new\n")


def refused(writer: Writer, example: Example, step: str) -> WriteRefusedError:
    """How the step is refused."""
    with pytest.raises(WriteRefusedError) as caught:
        write(writer, example, step)
    return caught.value


def assert_paragraph(error: WriteRefusedError) -> None:
    """One paragraph: what is missing, which token has it, where to put it, and which token never has it."""
    for words in (
        "scopes repo and workflow",
        "Contents: write, Workflows: write and Pull requests: write",
        "contents: write, workflows: write and pull-requests: write",
        "secret",
        "input token",
        "workflow's own token can never change a file under .github/workflows",
    ):
        assert words in error.remedy
    assert "\n" not in error.message + error.remedy
    assert STACK in error.message
    assert error.exit_status == 2


@pytest.mark.parametrize("step", WRITES)
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, BY_APP),
        (403, BY_TOKEN),
        (404, "Not Found"),
        (422, NO_APP_RIGHT),
        (422, NO_SCOPE),
        (422, NO_OAUTH_SCOPE),
        (403, GRAPHQL_SCOPE),
    ],
)
def test_a_missing_right_is_explained(
    github_example: GitHubServer, example: Example, step: str, status: int, message: str
) -> None:
    """Whatever form the refusal takes, at whatever step, one paragraph says what to do."""
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    github_example.fail(*WRITES[step], status=status, body=body)

    error = refused(forge(github_example.url).writer(STACK), example, step)

    assert_paragraph(error)
    assert str(status) in error.message and message[:40] in error.message


def test_the_workflows_own_token_is_told_first(github_example: GitHubServer, example: Example) -> None:
    """Where the refused token is the workflow's own, the paragraph begins with that."""
    github_example.fail("POST", "/git/trees$", status=403, body={"message": BY_APP})

    error = refused(own(github_example.url), example, "tree")

    assert_paragraph(error)
    assert error.remedy.startswith("The workflow's own token can never")


def test_the_permissions_that_github_names_are_told(github_example: GitHubServer, example: Example) -> None:
    """GitHub's header says which permissions would do."""
    headers = {"X-Accepted-GitHub-Permissions": "contents=write; contents=write,workflows=write"}
    github_example.fail("POST", "/git/trees$", status=403, body={"message": BY_TOKEN}, headers=headers)

    error = refused(forge(github_example.url).writer(STACK), example, "tree")

    assert "contents: write or contents: write, workflows: write" in error.message


def test_a_repository_that_is_not_seen_is_no_missing_right(github_example: GitHubServer, example: Example) -> None:
    """A 404 of a repository that the token may not even read says that."""
    writer = forge(github_example.url).writer(STACK)
    github_example.fail("POST", "/git/refs$", status=404, body={"message": "Not Found"})
    github_example.fail("GET", rf"/repos/{STACK}($|/)", status=404, body={"message": "Not Found"})

    with pytest.raises(WriteFailedError, match="may not see it"):
        writer.create_branch("release/1", example.stack.head())


@pytest.mark.parametrize("status", [403, 409, 422])
@pytest.mark.parametrize(
    "message",
    [
        RULES,
        "GH006: Protected branch update failed for refs/heads/master.",
        "GH013: Repository rule violations found for refs/heads/master.",
        "Reference cannot be updated",
        "Reference update failed: pre-receive hook declined",
        'Required status check "test" is expected.',
        "Commits must have verified signatures.",
        CREATION,
    ],
)
def test_a_protected_branch_is_told_in_githubs_words(
    github_example: GitHubServer, example: Example, status: int, message: str
) -> None:
    """A refused commit to the stack branch names the other mode; one to our branch names the rule's exclusions."""
    body = {"message": message}
    github_example.fail("PATCH", "/git/refs/", status=status, body=body)
    github_example.fail("POST", "/git/refs$", status=status, body=body)
    writer = forge(github_example.url).writer(STACK)

    moved = refused(writer, example, "move")
    assert " ".join(message.split()) in moved.message
    assert "mode: pull-request" in moved.remedy
    for step in ("branch", "rebuild"):
        error = refused(writer, example, step)
        assert "Exclude this branch" in error.remedy and "mode: pull-request" not in error.remedy


def test_a_name_that_git_refuses_is_not_blamed_on_a_rule_alone(github_example: GitHubServer, example: Example) -> None:
    """Beside a branch `release` none of its names can be made, and GitHub gives no reason: both causes are named."""
    github_example.fail("POST", "/git/refs$", status=422, body={"message": "Reference update failed", "status": "422"})

    error = refused(forge(github_example.url).writer(STACK), example, "branch")

    assert "next to one named release; rename that one. Or a rule is. Exclude this branch" in error.remedy


def test_details_are_told_too(github_example: GitHubServer, example: Example) -> None:
    """What GitHub puts into `errors` decides and is told like the message itself."""
    detail = {"resource": "Ref", "field": "pre_receive", "code": "custom", "message": f"pre_receive {RULES}"}
    github_example.fail("PATCH", "/git/refs/", status=422, body={"message": "Validation Failed", "errors": [detail]})

    error = refused(forge(github_example.url).writer(STACK), example, "move")

    assert "Changes must be made through a pull request." in error.message


@pytest.mark.parametrize(
    ("status", "message", "remedy"),
    [
        (401, "Bad credentials", "wrong or has expired"),
        (403, "Repository was archived so is read-only.", "Unarchive the repository"),
        (403, "Resource protected by organization SAML enforcement.", "single sign-on"),
    ],
)
def test_other_refusals_have_their_own_remedy(
    github_example: GitHubServer, example: Example, status: int, message: str, remedy: str
) -> None:
    """Where another right would not help, none is asked for."""
    github_example.fail("POST", "/git/", status=status, body={"message": message})

    for step in ("tree", "branch"):
        error = refused(forge(github_example.url).writer(STACK), example, step)
        assert remedy in error.remedy and "scopes" not in error.remedy


def test_a_refusal_that_nobody_knows_is_told_as_it_is(github_example: GitHubServer, example: Example) -> None:
    """GitHub's words, on one line and without our token, and no guess about rights."""
    body = {"message": f"Something\n::error::{TOKEN} new"}
    github_example.fail("POST", "/git/trees$", status=422, body=body)

    with pytest.raises(WriteFailedError) as caught:
        write(forge(github_example.url).writer(STACK), example, "tree")

    assert '422 "Something ::error::*** new"' in caught.value.message
    assert "scopes" not in caught.value.remedy


def test_a_refusal_of_a_branch_that_has_moved_is_a_lost_race(github_example: GitHubServer, example: Example) -> None:
    """Whatever GitHub says: if the branch is elsewhere by then, somebody was faster."""
    writer = forge(github_example.url).writer(STACK)
    github_example.fail("POST", "/git/refs$", status=422, body={"message": "Reference update failed"})

    with pytest.raises(LostRaceError) as caught:
        writer.create_branch("master", "1" * 40)

    assert caught.value.found == example.stack.head()


def rights(server: GitHubServer, *, private: bool = True, push: bool = True, pull: bool = True, **headers: str) -> None:
    """Make the repository's entry tell these rights."""
    body: Mapping[str, object] = {
        "default_branch": "master",
        "private": private,
        "archived": False,
        "permissions": {"admin": False, "push": push, "pull": pull},
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    server.fail("GET", f"/repos/{STACK}$", status=200, body=body, headers=named)


@pytest.mark.parametrize(
    ("scopes", "private", "lacks"),
    [
        ("repo, workflow", True, ""),
        ("admin:org, repo, workflow", True, ""),
        ("public_repo, workflow", False, ""),
        ("repo", True, "lacks the scope workflow"),
        ("workflow", True, "lacks the scope repo"),
        ("public_repo, workflow", True, "lacks the scope repo"),
        ("", True, "lacks the scope repo and workflow"),
        ("repo:status, workflows", True, "lacks the scope repo and workflow"),
    ],
)
def test_the_scopes_of_classic_tokens_are_known(
    github_example: GitHubServer, scopes: str, private: bool, lacks: str
) -> None:
    """A classic token says in a header what it may do; what is missing is named before anything is written."""
    rights(github_example, private=private, X_OAuth_Scopes=scopes)
    found = forge(github_example.url).writer(STACK).missing_right(WORKFLOW_FILE)
    assert lacks in found and bool(found) == bool(lacks)
    if lacks:
        assert_paragraph(WriteRefusedError(found, found))


def test_other_files_need_no_workflow_scope(github_example: GitHubServer) -> None:
    """Only files under .github/workflows need it, and only there the workflow's own token is no use."""
    rights(github_example, X_OAuth_Scopes="repo")
    assert forge(github_example.url).writer(STACK).missing_right("README.md") == ""
    assert own(github_example.url).missing_right("README.md") == ""


def test_the_workflows_own_token_is_known_without_asking(github_example: GitHubServer) -> None:
    """The workflow's own token can never do it, so nothing is asked."""
    found = own(github_example.url).missing_right(WORKFLOW_FILE)
    assert "is the workflow's own" in found
    assert_paragraph(WriteRefusedError(found, found))
    assert github_example.requests == []


def test_no_token_at_all_is_known(github_example: GitHubServer) -> None:
    """Without a token nobody writes."""
    found = forge(github_example.url, "").writer(STACK).missing_right(WORKFLOW_FILE)
    assert "there is no token in the input token" in found
    assert github_example.requests == []


@pytest.mark.parametrize(
    ("token", "push", "pull", "known"),
    [
        (TOKEN, False, True, True),
        (TOKEN, True, True, False),
        (TOKEN, False, False, False),
        ("ghs_x", False, True, False),
    ],
)
def test_who_may_only_read_is_known(
    github_example: GitHubServer, token: str, push: bool, pull: bool, known: bool
) -> None:
    """A user without the right to push is told so; of an app's token the list of a user's rights says nothing."""
    rights(github_example, push=push, pull=pull)
    found = forge(github_example.url, token).writer(STACK).missing_right(WORKFLOW_FILE)
    assert ("without push access" in found) == known and bool(found) == known


@pytest.mark.parametrize("fault", ["fail", "html", "drop"])
def test_rights_that_cannot_be_seen_are_not_missing(github_example: GitHubServer, fault: str) -> None:
    """Where GitHub does not tell, the write itself will."""
    getattr(github_example, fault)("GET", f"/repos/{STACK}$", **({"status": 403} if fault == "fail" else {}))
    assert forge(github_example.url).writer(STACK).missing_right(WORKFLOW_FILE) == ""
