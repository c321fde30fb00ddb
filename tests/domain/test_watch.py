"""What a look at production comes to: it runs the last release, something else, or nobody can tell."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from frag_release.domain.deployment_records import DEPLOY, Deployed, Filed, Record, Status
from frag_release.domain.site import OtherPage, Page, SiteLine, SiteLook, look_at
from frag_release.domain.watch import LastRelease, Watch, changing

NOW = datetime.datetime(2023, 6, 2, 12, 0, tzinfo=datetime.timezone.utc)
LAST = LastRelease("2023.06.2", NOW - datetime.timedelta(hours=2), "the deployment record 7")
TEXT, POINTER = SiteLine("Stack {image-tag}"), SiteLine("xchem:{image-tag}", "/stack")


def look(body: str, line: SiteLine = TEXT, status: int = 200, **more: Any) -> SiteLook:
    """A look at a page that was answered with that status."""
    return SiteLook(
        "https://site.example", (look_at(line, {"image-tag": "2023.06.2"}, Page(body.encode())),), status, **more
    )


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (look("Stack 2023.06.2"), "true"),
        (look("Stack 2023.06.1"), "false"),
        (look("Stack latest"), "false"),
        (look("Stack 2023.06.1", status=503), "unknown"),
        (look("Down for maintenance"), "unknown"),
        (look("Stack 2023.06.1 Stack 2023.06.2"), "unknown"),
        (look("Stack 2023.06.2", others=[OtherPage("https://site.example/api", 500)]), "unknown"),
        (look('{"stack": "xchem:2023.06.2"}', POINTER), "true"),
        (look('{"stack": "xchem:my-branch"}', POINTER), "false"),
        (look('{"other": 1}', POINTER), "unknown"),
        (look("<html>Log in</html>", POINTER), "unknown"),
        (SiteLook("https://site.example", problem="no answer"), "unknown"),
    ],
)
def test_only_another_version_is_something_else(seen: SiteLook, word: str) -> None:
    """A page without a version, of a login or an error proves neither; nothing that could not be seen is a yes."""
    assert Watch(NOW, LAST, seen).outputs() == {"production-tag": "2023.06.2", "production-matches": word}


def test_while_production_changes_another_version_is_no_alarm() -> None:
    """Within the grace the old version may answer; the new one counts at once."""
    assert Watch(NOW, LAST, look("Stack 2023.06.1"), changing="It changes.").word == "unknown"
    assert Watch(NOW, LAST, look("Stack 2023.06.2"), changing="It changes.").word == "true"
    assert Watch(NOW, unseen="GitHub answered 502").outputs() == {"production-tag": "", "production-matches": "unknown"}


def test_what_is_found_is_said_with_its_times() -> None:
    """What should run, since when and by which record; and what the site shows, at what time."""
    assert Watch(NOW, LAST, look("Stack 2023.06.1")).sentence == (
        "2023.06.2 was deployed at 2023-06-02 10:00 UTC, according to the deployment record 7. At 2023-06-02 12:00 "
        "UTC the site does not show it: it answered 200 with 0 bytes, "
        "and 'Stack 2023.06.2' is not there, but \"Stack 2023.06.1\" is."
    )


@pytest.mark.parametrize(
    ("state", "doubt", "goes_on", "minutes", "is_changing"),
    [
        ("success", "", False, 29, True),
        ("success", "", False, 30, False),
        ("success", "its run was at mine", False, 1, False),
        ("in_progress", "its state is in_progress, not success", True, 59, True),
        ("in_progress", "its state is in_progress, not success", True, 60, False),
        ("in_progress", "its state is in_progress, not success", False, 1, False),
        ("failure", "its state is failure, not success", False, 1, False),
    ],
)
def test_a_grace_follows_a_deployment(state: str, doubt: str, goes_on: bool, minutes: int, is_changing: bool) -> None:
    """Half an hour after one that is believed, an hour while a run goes on with one; a forged one mutes nothing.

    Nor does a forged one hide the true one before it.
    """
    then = NOW - datetime.timedelta(minutes=minutes)
    filed = Filed(7, "a" * 40, "production", DEPLOY, True, then, Deployed("2023.06.2"), (Status(state, "", then, 7),))
    record = Record(filed, doubt, goes_on=goes_on)
    assert bool(changing([record], NOW)) is is_changing
    assert bool(changing([Record(filed, "its run was at mine"), record], NOW)) is is_changing
    assert changing([], NOW) == ""
