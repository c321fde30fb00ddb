"""The one line that a run leaves for people: what came of it, and nothing that a messenger takes for more."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.test_report import report
from domain.worked_example import backend, frontend, release
from frag_release.domain.evidence import Image, Unknown
from frag_release.domain.reports import LONGEST, Stopped, pair, path_name, plain, rules, tag_name
from frag_release.domain.reports.deploy import DeployReport, Target
from frag_release.domain.reports.gate import GateReport

CALLING = "<!channel>"
COMMAND = "$(id)"


def blocked() -> GateReport:
    """The report on a release whose backend's CI could not be seen."""
    unseen = Unknown("GitHub answered with an error.", "Run this again.")
    return report(release(components=(backend(runs=unseen), frontend())))


def test_a_release_that_may_be_deployed_is_told_with_its_pair() -> None:
    """Whoever reads this line alone knows what may go where."""
    assert report().line == "2023.06.2 may be deployed to production: backend 2023.05.1, frontend 2023.05.4"


def test_a_blocked_release_is_told_with_its_rules() -> None:
    """The rules that block stand in the line."""
    assert blocked().line == "2023.06.2 is blocked: pin-ci:backend"


@pytest.mark.parametrize("name", [CALLING, COMMAND, "`id`", "a b", "x" * 129, "a\n::error::b", "*bold*", "@here"])
def test_a_tag_that_is_more_than_a_name_is_a_tag(name: str) -> None:
    """A tag with other signs than those of ordinary names is told as "a tag", wherever it stands."""
    assert tag_name(name) == "a tag"
    assert report(ref=f"refs/tags/{name}").line == "Build only: a tag"
    pinned = backend()
    pinned = replace(pinned, pin=replace(pinned.pin, tag=name))
    assert pair([pinned, frontend()]) == "backend a tag, frontend 2023.05.4"
    deployed = DeployReport(
        judged=report(), target=Target("staging", is_production=False), image=Image("x/y", name, None)
    )
    assert deployed.line == "About to be launched: a tag on staging"


@pytest.mark.parametrize("name", [CALLING, COMMAND, "a branch", "/x"])
def test_a_branch_or_environment_that_is_more_than_a_name_is_not_named(name: str) -> None:
    """Names of branches may have slashes, and no other signs."""
    assert path_name(name, "a branch") == "a branch"
    assert path_name("awx/fragalysis-staging", "an environment") == "awx/fragalysis-staging"


@pytest.mark.parametrize(
    ("failed", "expected"),
    [([], ""), (["a:b"], "a:b"), (["a:b", "c:d", "e:f"], "a:b, c:d, e:f"), (list("vwxyz"), "v, w, x, 2 more")],
)
def test_many_rules_are_counted(failed: list[str], expected: str) -> None:
    """Three are named, the others counted."""
    assert rules(failed) == expected


def test_a_run_that_ended_early_says_which_command_it_was() -> None:
    """A run without a release to name says what was asked."""
    stopped = Stopped("prepare", "1.0.0", report().time, "Refused")
    assert stopped.line == "prepare: Refused"


@given(st.text(max_size=600))
def test_no_line_holds_more_than_plain_text(text: str) -> None:
    """Whatever a headline is made of: one line, not too long, without a sign that shells or messengers know."""
    line = plain(text)
    assert re.fullmatch(r"[A-Za-z0-9 .,:;()/%'#+_-]*", line)
    assert len(line) <= LONGEST


def test_a_line_that_is_cut_says_so() -> None:
    """A line of 300 letters keeps 247 of them, and three dots."""
    assert plain("x" * 300) == "x" * 247 + "..."
