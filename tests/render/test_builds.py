"""A build as a line of the log and as a table."""

from __future__ import annotations

import datetime

import pytest

from domain.test_builds import NOON, build, job, minutes
from frag_release.domain.builds import Hold, Job, PendingDeployment, Progress, UsualTimes
from frag_release.render.plan import build_table, duration, progress_line
from render.hostile import HOSTILE, markup

USUAL = UsualTimes({"gate": minutes(1), "build": minutes(12)}, minutes(16))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (3900, "1 h 5 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    """Seconds below an hour, minutes above."""
    assert duration(datetime.timedelta(seconds=seconds)) == words


def test_a_line_while_it_runs() -> None:
    """Each job with its state, its time beside the usual one, and when all of it is expected to end."""
    jobs = [job("gate", 0, 1), job("build", 2), job("deploy")]
    assert progress_line(Progress(NOON + minutes(5), build(), jobs, USUAL)) == (
        "build 2023.06.2: in progress | gate success in 1 min | build running for 3 min (usually 12 min) | "
        "deploy queued | expected end 12:16 UTC"
    )


def test_a_line_of_a_job_that_waits_for_somebody() -> None:
    """GitHub's `waiting` is a job whose environment wants an approval: the log says so, and who gives it."""
    waits = Job("deploy-production", "waiting", None, None, None, "")
    line = progress_line(Progress(NOON, build("waiting", attempt=2), [waits]))
    assert line.startswith(
        "build 2023.06.2: waiting for approval, attempt 2 | deploy-production waiting for approval | Approve it at "
    )
    assert "a reviewer of its environment by Review deployments" in line


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (Hold([PendingDeployment("prod", ["ada"])]), "waits for the approval of ada (environment prod)"),
        (Hold([PendingDeployment("prod", ["ada", "bo"])]), "waits for the approval of ada or bo (environment prod)"),
        (Hold([PendingDeployment("prod", [], NOON)]), "waits until 2023-06-08 12:00 UTC (environment prod)"),
        (Hold([PendingDeployment("prod")]), "waits for its rules (environment prod)"),
        (Hold(others=[build("waiting")]), "may wait behind 2023.06.2 (waiting for approval, https://x.example)"),
        (
            Hold(others=[build()] * 5),
            "may wait behind 2023.06.2 (in progress, https://x.example), 2023.06.2 (in progress, https://x.example), "
            "2023.06.2 (in progress, https://x.example) and 2 more",
        ),
    ],
)
def test_a_line_of_what_waits_names_what_it_waits_for(hold: Hold, words: str) -> None:
    """Who must approve it where, until when a timer runs, or which runs may hold its concurrency group."""
    assert progress_line(Progress(NOON, build("pending"), hold=hold)) == f"build 2023.06.2: pending | {words}"


def test_a_line_of_the_end_leaves_out_what_was_skipped() -> None:
    """A job that was not wanted is none of the news."""
    jobs = [job("gate", 0, 1), job("build", 2, 14, "failure"), job("deploy", 14, 14, "skipped")]
    line = progress_line(Progress(NOON + minutes(20), build("completed", "failure"), jobs, USUAL))
    assert line == "build 2023.06.2: failure | gate success in 1 min | build failure in 12 min"


def test_a_line_of_many_jobs_is_cut() -> None:
    """Twelve jobs are named, the others are counted."""
    jobs = [job(f"job-{number}", 0, 1) for number in range(30)]
    line = progress_line(Progress(NOON, build(), jobs))
    assert "job-11" in line and "job-12" not in line and "18 more jobs" in line


def test_a_line_before_there_is_a_build_and_while_github_fails() -> None:
    """Then there is a note."""
    assert progress_line(Progress(NOON, note="waiting for it")) == "waiting for it"
    assert progress_line(Progress(NOON, build(), note="GitHub answered 502")).endswith("| GitHub answered 502")


def test_the_table_has_times_and_what_is_usual() -> None:
    """One row for each job, with its time and the usual one, and one for all of it."""
    jobs = [job("gate", 0, 1), job("build", 2, 14), job("deploy", 14, 14, "skipped")]
    table = build_table(Progress(NOON + minutes(20), build("completed", "success"), jobs, USUAL))
    assert table.splitlines() == [
        "| Job | Result | Time | Usually |",
        "| --- | --- | --- | --- |",
        "| [gate](https://forge.example/job) | ✅ success | 1 min | 1 min |",
        "| [build](https://forge.example/job) | ✅ success | 12 min | 12 min |",
        "| [deploy](https://forge.example/job) | ➖ skipped |  |  |",
        "| **all of it** |  | 14 min | 16 min |",
    ]


@pytest.mark.parametrize("foreign", HOSTILE)
def test_foreign_words_stay_words(foreign: str) -> None:
    """Names and states of jobs are shown, and are nothing more; a line stays one line."""
    hostile = Job(foreign, foreign, foreign, NOON, NOON, f"javascript:{foreign}")
    over = Job(foreign, "completed", foreign, NOON, NOON, foreign)
    hold = Hold([PendingDeployment(foreign, [foreign])], [build(foreign)], foreign)
    progress = Progress(NOON, build("completed", foreign), [hostile, over], hold=hold)
    for row in build_table(progress).splitlines()[2:4]:
        for cell in row.removeprefix("| ").removesuffix(" |").split(" | "):
            assert set(markup(cell)) <= {"link_open", "link_close"}
    assert len(build_table(progress).splitlines()) == 5
    assert "\n" not in progress_line(progress) and "\x1b" not in progress_line(progress)
