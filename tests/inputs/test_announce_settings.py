"""Settings of `announce`: which release, whose ticket, whom to call, and which lane of which board."""

from __future__ import annotations

import pytest

from frag_release.domain.tickets import Ticket
from frag_release.errors import UsageError
from frag_release.inputs.context import Context
from frag_release.inputs.settings.release import AnnounceSettings, read_announce_settings
from inputs.inputs_given import RUN, context, values


def settings(run: Context = RUN, **given: str) -> AnnounceSettings:
    """The settings of a run with these inputs."""
    return read_announce_settings(values(command="announce", **given), run)


def test_defaults_of_a_tags_run() -> None:
    """Without inputs the run's tag is announced in the stack's own repository, to nobody and on no board."""
    found = settings()
    assert (found.stack_tag.text, found.ticket, found.project) == ("2023.06.2", None, "")
    assert (found.ticket_repository, found.tickets_from) == ("org/fragalysis-stack", "org/fragalysis-stack")
    assert (found.project_field, found.project_status) == ("Status", "push to production")
    assert (found.assignees, found.labels) == ((), ())


def test_tickets_are_where_the_ticket_is() -> None:
    """Bare numbers in commits are of the ticket's repository, unless another one is named."""
    assert settings(ticket_repository="m2ms/t").tickets_from == "m2ms/t"
    assert settings(ticket_repository="m2ms/t", tickets_from="m2ms/u").tickets_from == "m2ms/u"
    assert settings(ticket_repository="m2ms/t", ticket="12").ticket == Ticket("m2ms/t", 12)
    address = "https://github.com/m2ms/t/issues/12#issuecomment-5"
    assert settings(ticket=address).ticket == Ticket("m2ms/t", 12)
    with pytest.raises(UsageError, match="ticket"):
        settings(ticket=address.replace("github.com", "github.example"))


def test_the_named_release_comes_before_the_runs() -> None:
    """`stack-tag` is announced also where the run is for another tag, or a branch."""
    assert settings(stack_tag="2023.05.1").stack_tag.text == "2023.05.1"
    assert settings(context(ref="refs/heads/master"), stack_tag="2023.05.1").stack_tag.text == "2023.05.1"


def test_people_and_labels_are_read_once_each() -> None:
    """Doubles and the @ before a login are left out; a label may hold spaces; bots have brackets."""
    found = settings(assignees="@anna, ben ,anna,bot-x[bot]", labels="push to prod,a:b/c, a:b/c")
    assert (found.assignees, found.labels) == (("anna", "ben", "bot-x[bot]"), ("push to prod", "a:b/c"))


@pytest.mark.parametrize(
    ("text", "project"),
    [
        ("orgs/m2ms/projects/12", "orgs/m2ms/projects/12"),
        ("https://github.com/users/anna-b/projects/3/views/1?x=y", "users/anna-b/projects/3"),
        ("https://github.com/orgs/m2ms/projects/3?pane=issue", "orgs/m2ms/projects/3"),
    ],
)
def test_a_board_is_named_or_addressed(text: str, project: str) -> None:
    """A board's short name and the address that a browser shows are the same."""
    assert settings(project=text).project == project


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("stack-tag", {"stack_tag": "2023.06"}),
        ("stack-tag", {"stack_tag": "latest"}),
        ("assignees", {"assignees": "an na"}),
        ("assignees", {"assignees": "../../user"}),
        ("assignees", {"assignees": ",".join(f"u{number}" for number in range(11))}),
        ("labels", {"labels": "x" * 51}),
        ("project", {"project": "12"}),
        ("project", {"project": "orgs/a/b/projects/1"}),
        ("project", {"project": "repos/a/projects/1"}),
        ("ticket", {"ticket": "twelve"}),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, given: dict[str, str]) -> None:
    """A malformed value ends with status 2, the input's name and what to write instead."""
    with pytest.raises(UsageError) as caught:
        settings(RUN, **given)
    assert name in caught.value.message and caught.value.remedy


@pytest.mark.parametrize("ref", ["refs/heads/2023.06.2", "refs/tags/2023.06.2-rc.1", "refs/pull/1/merge", ""])
def test_a_run_for_no_release_must_name_one(ref: str) -> None:
    """A branch that is called like a release, a release candidate and a terminal are no release."""
    with pytest.raises(UsageError) as caught:
        settings(context(ref=ref))
    assert "stack-tag" in caught.value.remedy
