"""How long jobs take, how long they usually take, and when a build is expected to end."""

from __future__ import annotations

import datetime

import pytest

from frag_release.domain.builds import Build, Hold, Job, PendingDeployment, Progress, UsualTimes, usual_times

NOON = datetime.datetime(2023, 6, 8, 12, tzinfo=datetime.timezone.utc)


def minutes(number: float) -> datetime.timedelta:
    """So many minutes."""
    return datetime.timedelta(minutes=number)


def job(name: str, start: float | None = None, end: float | None = None, conclusion: str | None = "success") -> Job:
    """A job with its start and its end in minutes after noon; it runs where it has no end."""
    status = "queued" if start is None else "in_progress" if end is None else "completed"
    started, completed = (None if at is None else NOON + minutes(at) for at in (start, end))
    return Job(name, status, None if end is None else conclusion, started, completed, "https://forge.example/job")


def build(status: str = "in_progress", conclusion: str | None = None, attempt: int = 1) -> Build:
    """A build of the worked example's tag."""
    return Build(7, "build-main.yaml", "push", "2023.06.2", "c" * 40, attempt, status, conclusion, "https://x.example")


def test_usual_is_the_median_of_the_runs_in_which_a_job_passed() -> None:
    """Of 10, 14 and 30 minutes 14 are usual; a failed, a skipped and an unfinished one do not count."""
    runs = [
        [job("build", 0, 10), job("gate", 0, 1)],
        [job("build", 0, 14), job("gate", 0, 2)],
        [job("build", 0, 30), job("gate", 0, 1, "failure")],
        [job("build", 0, 1, "skipped"), job("deploy", 5)],
    ]
    usual = usual_times(runs)
    assert usual.jobs == {"build": minutes(14), "gate": minutes(1.5)}
    assert usual.whole == minutes(14)


def test_the_whole_lasts_from_the_first_start_to_the_last_end() -> None:
    """Jobs one after the other make 1 + 12 + 3 minutes with the waits between."""
    assert usual_times([[job("gate", 0, 1), job("build", 2, 14), job("deploy", 15, 18)]]).whole == minutes(18)


def test_nothing_is_usual_without_runs() -> None:
    """No run, and runs without a job that passed, tell nothing."""
    assert usual_times([]) == usual_times([[], [job("build", 0, 3, "failure")]]) == UsualTimes()


@pytest.mark.parametrize(
    ("one", "elapsed"),
    [
        (job("build"), 0),
        (job("build", 2), 3),
        (job("build", 2, 4), 2),
        (job("build", 2, 4, "skipped"), 0),
        (job("build", 7), 0),
    ],
    ids=["not begun", "running", "over", "skipped", "clocks that differ"],
)
def test_elapsed(one: Job, elapsed: float) -> None:
    """At five past twelve: how long it has run, or did run; never less than nothing."""
    assert one.elapsed(NOON + minutes(5)) == minutes(elapsed)


@pytest.mark.parametrize(
    ("jobs", "usual", "end"),
    [
        pytest.param([job("build", 2)], UsualTimes({"build": minutes(12)}), 14, id="the job that runs"),
        pytest.param([job("a", 2), job("b", 3)], UsualTimes({"a": minutes(9), "b": minutes(4)}), 11, id="the longest"),
        pytest.param([job("a", 2), job("b", 3)], UsualTimes({"a": minutes(9)}), None, id="one that nobody knows"),
        pytest.param([job("a", 2)], UsualTimes({"a": minutes(2)}), None, id="later than usual"),
        pytest.param([job("a", 1)], UsualTimes({"a": minutes(9)}, minutes(20)), 21, id="jobs to come"),
        pytest.param([job("a", 1)], UsualTimes({"a": minutes(9)}, minutes(3)), 10, id="longer than the whole"),
        pytest.param([job("a")], UsualTimes({"a": minutes(9)}, minutes(20)), None, id="not begun"),
        pytest.param([], UsualTimes(), None, id="nothing known"),
    ],
)
def test_the_expected_end(jobs: list[Job], usual: UsualTimes, end: float | None) -> None:
    """At five past twelve: when what runs usually ends, and not before all of it usually does."""
    expected = None if end is None else NOON + minutes(end)
    assert Progress(NOON + minutes(5), build(), jobs, usual).expected_end == expected


def test_a_build_that_is_over_has_no_expected_end() -> None:
    """What has ended is expected no more."""
    over = Progress(NOON, build("completed", "success"), [job("a", 0, 1)], UsualTimes({"a": minutes(9)}, minutes(9)))
    assert over.expected_end is None


def test_the_time_of_all_of_it() -> None:
    """It runs until now or, once it is over, until the last job's end."""
    jobs = [job("gate", 1, 2), job("build", 3, 13)]
    assert Progress(NOON + minutes(20), build(), jobs).elapsed == minutes(19)
    assert Progress(NOON + minutes(20), build("completed", "success"), jobs).elapsed == minutes(12)
    assert Progress(NOON + minutes(20), build(), [job("gate")]).elapsed is None


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "neutral", "stale", "", None, "new"])
def test_only_success_passes(conclusion: str | None) -> None:
    """Every other end of a build, and of a job, is none; a skipped job was not wanted."""
    assert not build("completed", conclusion).passed
    assert job("build", 0, 1, conclusion).failed
    assert build("completed", "success").passed and not build("in_progress", "success").passed
    assert not job("deploy", 0, 1, "skipped").failed and not job("deploy", 0, 1).failed


def test_what_makes_a_line_of_news() -> None:
    """Another attempt, status, job or note does; more time alone does not."""
    before = Progress(NOON, build(), [job("build", 2)])
    assert Progress(NOON + minutes(5), build(), [job("build", 2)]).state == before.state
    others = [
        Progress(NOON, build(attempt=2), before.jobs),
        Progress(NOON, build("completed", "success"), before.jobs),
        Progress(NOON, build(), [job("build", 2, 3)]),
        Progress(NOON, build(), [job("build", 2), job("deploy")]),
        Progress(NOON, build(), before.jobs, note="GitHub answered 502"),
    ]
    assert before.state not in {other.state for other in others}


def with_status(status: str) -> Job:
    """A job in a state, in GitHub's word."""
    return Job("deploy", status, None, None, None, "")


@pytest.mark.parametrize(
    ("status", "conclusion", "jobs", "waits", "is_held"),
    [
        ("in_progress", None, [], set(), False),
        ("waiting", None, [], {"waiting"}, True),
        ("action_required", None, [], {"waiting"}, True),
        ("completed", "action_required", [], {"waiting"}, True),
        ("pending", None, [], {"pending"}, True),
        ("queued", None, [], set(), False),
        ("in_progress", None, [job("build", 0, 1), with_status("waiting")], {"waiting"}, True),
        ("waiting", None, [job("build", 0), with_status("waiting")], {"waiting"}, False),
        ("waiting", None, [with_status("queued"), with_status("waiting")], {"waiting"}, False),
        ("in_progress", None, [with_status("pending"), with_status("waiting")], {"pending", "waiting"}, True),
        ("completed", "success", [with_status("waiting")], set(), False),
    ],
)
def test_a_build_is_held_if_all_that_is_left_of_it_waits(
    status: str, conclusion: str | None, jobs: list[Job], waits: set[str], is_held: bool
) -> None:
    """For an approval or a concurrency group; not while a job runs or is about to."""
    seen = Progress(NOON, build(status, conclusion), jobs)
    assert seen.waits == waits and seen.is_held is is_held


def test_a_build_that_is_held_for_an_approval_is_not_over() -> None:
    """GitHub shows one that it holds before its start as completed, which it is not."""
    assert not build("completed", "action_required").is_over and not build("completed", "action_required").passed


@pytest.mark.parametrize(
    ("hold", "is_known", "needs_a_person"),
    [
        (Hold(), False, False),
        (Hold([PendingDeployment("production")]), False, False),
        (Hold([PendingDeployment("production", until=NOON)]), True, False),
        (Hold([PendingDeployment("staging"), PendingDeployment("production", ["maintainer"])]), True, True),
        (Hold(others=[build("in_progress")]), True, False),
        (Hold(others=[build("waiting")]), True, True),
        (Hold(others=[build("waiting"), build("in_progress")]), True, False),
    ],
)
def test_only_what_a_person_must_approve_needs_one(hold: Hold, is_known: bool, needs_a_person: bool) -> None:
    """A timer ends by itself, and so does a run in front that goes on; one that waits for an approval does not."""
    assert (hold.is_known, hold.needs_a_person) == (is_known, needs_a_person)
