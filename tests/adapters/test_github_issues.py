from __future__ import annotations

import pytest

from adapters.github_desk import STACK, forge, unknown
from frag_release.adapters.github import GithubForge
from frag_release.adapters.github.api import RepositoryApi
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.domain.evidence import Unknown
from world.github_server import COMPONENT_TOKEN, TOKEN, GitHubServer

BODY = "- backend 2023.05.1\r\n- frontend 2023.05.4 \u2603"


def write_issue(github: GitHubServer, title: str, body: str | None) -> None:
    """Open an issue in the stack's repository."""
    api: RepositoryApi = forge(github.url)._find(STACK).api
    text = {} if body is None else {"body": body}
    assert not isinstance(api.write("POST", "/issues", "an issue", {"title": title, **text}), Unknown)


def test_a_ticket_is_title_and_body(github_example: GitHubServer) -> None:
    """A ticket has its title, its body as it was written, and the repository that it is in."""
    write_issue(github_example, "Release 2023.06.2", BODY)
    write_issue(github_example, "Without a body", None)

    found = [forge(github_example.url).issue(STACK, number) for number in (1, 2)]
    texts = [(one.title, one.body, one.repository) for one in found if not isinstance(one, Unknown)]
    assert texts == [("Release 2023.06.2", BODY, STACK), ("Without a body", "", STACK)]


def test_the_tickets_token_reads_it(github_example: GitHubServer) -> None:
    """Where a token for tickets is given it asks for the issue, and for nothing else."""
    write_issue(github_example, "Release", BODY)
    github_example.requests.clear()
    http = Http(Deadline(20), sleep=lambda _: None)
    both = GithubForge(http, github_example.url, TOKEN, ticket_token=COMPONENT_TOKEN)

    both.issue(STACK, 1)
    both.repository(STACK).default_branch()

    sent = [exchange.headers["authorization"] for exchange in github_example.requests]
    assert sent == [f"Bearer {COMPONENT_TOKEN}", f"Bearer {TOKEN}"]


def test_a_ticket_that_is_not_there_is_unknown(github_example: GitHubServer) -> None:
    """A missing or hidden issue says so, and which token to give."""
    why = unknown(forge(github_example.url).issue(STACK, 9))

    assert "issue 9" in why.reason and "the token in token may not see it" in why.reason
    assert "ticket-token" in why.remedy and "issues: read" in why.remedy


@pytest.mark.parametrize("status", [403, 410, 500])
def test_a_ticket_that_cannot_be_read_is_unknown(github_example: GitHubServer, status: int) -> None:
    """A refusal, a deleted issue and trouble give no text."""
    github_example.fail("GET", "/issues/1$", status=status)

    unknown(forge(github_example.url).issue(STACK, 1))
