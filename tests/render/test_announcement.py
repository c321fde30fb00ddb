"""An announcement as a job summary, where names and titles try to be more than text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frag_release.domain.builds import Build, Job
from frag_release.domain.changes import History
from frag_release.domain.reports import Action
from frag_release.domain.reports.announce import BOARD, AnnounceReport, shortfall
from frag_release.domain.tickets import Ticket
from frag_release.render.markdown import MAX_SUMMARY
from render.hostile import HOSTILE, tokens
from render.plans import GITHUB, commits
from render.reports import NOW, STACK
from render.shown import announce_summary, announce_text
from render.test_release_notes import contents


def report(words: str = "plain", **changed: object) -> AnnounceReport:
    """A report with foreign words wherever those can come from."""
    # A number in a commit's message would be a ticket, rightly.
    made = contents(History(commits(f"#1523 {words.replace('#', '')}")), titles={1523: words})
    finding = shortfall(BOARD, "2023.06.2", f"The lane {words}", f"Name {words}")
    given: dict[str, object] = {"actions": [Action(f"Labelled {words}")], "findings": [finding], "planned": [words]}
    given |= {"where": Ticket(STACK, 12), "url": f"{GITHUB}/{STACK}/issues/12", **changed}
    return AnnounceReport("1.0.0", NOW, made, STACK, **given)  # type: ignore[arg-type]


def shape(summary: str) -> list[str]:
    """The blocks and marks of a document, without its text."""
    return [one.type for one in tokens(summary) if one.type not in ("text", "code_inline", "html_inline", "softbreak")]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_foreign_words_stay_words(hostile: str) -> None:
    """Whatever a title, a message or a name is, the summary has the same blocks, links and images."""
    assert shape(announce_summary(report(hostile), GITHUB)) == shape(announce_summary(report(), GITHUB))
    assert len(announce_text(report(hostile)).split("\n")) == len(announce_text(report()).split("\n"))


def test_a_summary_is_never_too_large() -> None:
    """A dry run of a release with everything in it stays under GitHub's limit."""
    many = report("ü" * 5_000, planned=["ü" * 5_000] * 500, dry_run=True)
    assert len(announce_summary(many, GITHUB).encode()) <= MAX_SUMMARY


def test_what_fell_short_comes_first() -> None:
    """The remedy is the first thing to do, and the board is told to have been stopped at."""
    summary = announce_summary(report(board=True), GITHUB)
    assert summary.startswith("## ⚠️ Announced, but not completely — [`Release 2023.06.2`](")
    assert "### What to do next\n\n1. ⚠️ Name plain\n2. Tick the boxes on [the ticket](" in summary
    assert "3. board: ⛔ stopped here" in summary


AGAIN = "run this again to update the text."


@pytest.mark.parametrize(
    ("jobs", "state", "again"),
    [
        ([], "", ""),
        ([("Deploy to staging", "completed", "success")], "", ""),
        ([("Deploy to production", "completed", "skipped")], "", ""),
        ([("Deploy to production", "completed", "success")], "✅ done", ""),
        ([("Deploy to production", "completed", "failure")], "⛔ stopped here", ""),
        ([("Deploy to production", "in_progress", None)], "⏳ goes on", f"After the deployment, {AGAIN}"),
        ([("deploy", "waiting", None)], "👉 next", f"After the deployment, {AGAIN}"),
        ([("Build", "in_progress", None)], "", f"After the build, {AGAIN}"),
    ],
)
def test_only_what_is_known_of_board_and_deployment_is_told(
    jobs: list[tuple[str, str, str | None]], state: str, again: str
) -> None:
    """Without a board there is none; the deployment stands as the build's job says, and is left out without one."""
    seen = [Job(*one, NOW, None, "") for one in jobs]
    over = all(job.is_over for job in seen)
    build = Build(1, "f", "push", "2023.06.2", "5" * 40, 1, "completed" if over else "in_progress", None, GITHUB)
    made = report(findings=[])
    summary = announce_summary(replace(made, contents=replace(made.contents, build=build, jobs=seen)), GITHUB)
    assert "board" not in summary
    assert ("3. deployment: " + state in summary) if state else ("deployment: " not in summary)
    assert (again in summary) if again else (AGAIN not in summary)
