"""The summary of a publication at every stage: verdict, what to do, what was made, the build, the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.test_builds import NOON, build, job, minutes
from frag_release.domain.builds import Build, Job, Progress
from frag_release.domain.evidence import Placement
from frag_release.domain.reports import Action, Problem
from frag_release.domain.reports.publish import PublishReport, Stage
from frag_release.domain.review import NothingToPublish, Reviewed
from render.hostile import HOSTILE, tokens
from render.reports import STACK_COMMIT, good_facts, report, with_backend
from render.shown import nothing_summary, nothing_text, publish_summary, publish_text
from render.test_summary_limits import headings

GITHUB = "https://github.com"
RUN, RELEASE = f"{GITHUB}/o/s/actions/runs/7", f"{GITHUB}/o/s/releases/tag/2023.06.2"
REVIEW = Reviewed("2023.06.2", STACK_COMMIT, "the merge of pull request #12", f"{GITHUB}/o/s/pull/12")
TAGGED = Action("Tagged 555555555555 as 2023.06.2", RELEASE)
JOBS = [job("gate", 0, 1), job("build", 2, 14)]


def run(status: str = "in_progress", conclusion: str | None = None) -> Build:
    """The build of the tag, with its address."""
    return replace(build(status, conclusion), url=RUN)


PASSED = Progress(NOON + minutes(20), run("completed", "success"), JOBS)
FAILED = Progress(NOON + minutes(20), run("completed", "failure"), [JOBS[0], job("build", 2, 14, "failure")])
GOOD = PublishReport(report(), REVIEW)
STAGES = {
    "refused": replace(GOOD, judged=report(with_backend(good_facts(), placement=Placement(frozenset())))),
    "planned": replace(GOOD, dry_run=True),
    "planned, and tagged": replace(GOOD, dry_run=True, tagged=True),
    "ready": GOOD,
    "not tagged": replace(GOOD, problem=Problem("GitHub refused the tag.", "Get the right.", 2)),
    "failed": replace(GOOD, progress=FAILED, actions=[TAGGED], problem=Problem("It failed.", "Mend it.", 1)),
    "not released": replace(GOOD, progress=PASSED, tagged=True, problem=Problem("Refused.", "Get the right.", 2)),
    "started": replace(GOOD, progress=Progress(NOON, run()), started_by="by the push of the tag", actions=[TAGGED]),
    "published": replace(
        GOOD,
        progress=PASSED,
        started_by="by the push of the tag",
        actions=[TAGGED],
        release_url=RELEASE,
        image="docker.io/xchem/fragalysis-stack:2023.06.2",
        digest="sha256:" + "9" * 64,
    ),
}


@pytest.mark.parametrize(
    ("stage", "verdict", "reason"),
    [
        ("refused", "## ⛔ Refused — `2023.06.2`", "1 check failed. Nothing was written."),
        (
            "planned",
            "## 📝 Planned, nothing written — `2023.06.2`",
            "would be tagged as 2023.06.2, built,",
        ),
        ("ready", "## 📝 About to be published — `2023.06.2`", "is about to be tagged"),
        ("not tagged", "## ⛔ Not published yet — `2023.06.2`", "GitHub refused the tag."),
        ("failed", "## ⛔ Not published yet — `2023.06.2`", "It failed."),
        ("not released", "## ⛔ Not published yet — `2023.06.2`", "Refused."),
        ("started", "## ⏳ Tagged, the build goes on — `2023.06.2`", "Its build was started by the push of the tag."),
        ("published", f"## ✅ Published — [`2023.06.2`]({RELEASE})", "is released as 2023.06.2: its build passed."),
    ],
)
def test_the_verdict_comes_first(stage: str, verdict: str, reason: str) -> None:
    """The heading says how it ended, and the line below why, in bold."""
    lines = publish_summary(STAGES[stage], GITHUB).splitlines()
    assert lines[0] == verdict
    assert lines[2].startswith("**") and reason in lines[2]


@pytest.mark.parametrize(
    ("stage", "way"),
    [
        ("refused", ["✅ done", "⛔ stopped here", "➖ still to come", "➖ still to come", "➖ still to come"]),
        ("planned", ["✅ done", "✅ done", "👉 next", "➖ still to come", "➖ still to come"]),
        ("planned, and tagged", ["✅ done", "✅ done", "✅ done", "👉 next", "➖ still to come"]),
        ("not tagged", ["✅ done", "✅ done", "⛔ stopped here", "➖ still to come", "➖ still to come"]),
        ("failed", ["✅ done", "✅ done", "✅ done", "⛔ stopped here", "➖ still to come"]),
        ("not released", ["✅ done", "✅ done", "✅ done", "✅ done", "⛔ stopped here"]),
        ("started", ["✅ done", "✅ done", "✅ done", "⏳ goes on", "➖ still to come"]),
        ("published", ["✅ done", "✅ done", "✅ done", "✅ done", "✅ done"]),
    ],
)
def test_the_way_shows_where_it_stands(stage: str, way: list[str]) -> None:
    """Reviewed, checked, tagged, built, released: the same in the picture and in words."""
    summary = publish_summary(STAGES[stage], GITHUB)
    words = summary.split("```")[2]
    names = ["reviewed", "checks", "tag 2023.06.2", "build", "release"]
    for number, (name, mark) in enumerate(zip(names, way, strict=True), 1):
        assert f"{number}. {name}: {mark}\n" in words
        assert f'"{name}<br/>{mark}"' in summary.split("```")[1]


@pytest.mark.parametrize(
    ("stage", "steps"),
    [
        ("planned", "1. Run it again without `dry-run`"),
        ("not tagged", "1. Get the right.\n2. This job"),
        ("failed", f"1. Look at [the build]({RUN}).\n2. Mend it.\n3. This job"),
        ("not released", "1. Get the right.\n2. This job"),
        ("started", f"1. Follow [the build]({RUN}).\n2. This job"),
        ("published", "1. Nothing to do: the release is public."),
    ],
)
def test_what_to_do_next(stage: str, steps: str) -> None:
    """The first thing to do is the first on the list; a build that did not pass is linked, another one not."""
    assert f"### What to do next\n\n{steps}" in publish_summary(STAGES[stage], GITHUB)


def test_the_stack_row_says_what_became_of_it() -> None:
    """Beside its build the image with its digest; before, that both come next."""
    row = next(line for line in publish_summary(STAGES["published"], GITHUB).splitlines() if "**[stack]" in line)
    assert f"[build]({RUN})<br>✅ passed" in row
    assert "`xchem/fragalysis-stack:2023.06.2`<br>`sha256:999999999999`<br>✅ pushed" in row
    assert "❌ failure | ➖ not known yet" in publish_summary(STAGES["failed"], GITHUB)
    assert "➖ comes next" in publish_summary(STAGES["planned"], GITHUB)


def test_only_what_may_have_been_deployed_has_a_way_back() -> None:
    """The build deploys: where none was to be started, nothing is to be gone back from."""
    for stage, text in STAGES.items():
        untouched = "This run deployed nothing, so there is nothing to roll back."
        assert (untouched in publish_summary(text, GITHUB)) is (stage in ("refused", "planned", "planned, and tagged"))


def test_the_image_has_the_name_that_it_is_pushed_under() -> None:
    """What comes next, and what to go back to by hand, have the name in stack-image."""
    judged = replace(report(), image_name="docker.io/dev/fragalysis-stack")
    assert "`dev/fragalysis-stack:2023.06.2`<br>🔨 to be built" in publish_summary(replace(GOOD, judged=judged), GITHUB)
    assert "the image `dev/fragalysis-stack:2023.06.1`" in publish_summary(replace(STAGES["failed"], judged=judged), "")


def test_a_second_run_says_that_it_had_nothing_to_do() -> None:
    """What was published before is public still, and nothing was made."""
    summary = publish_summary(replace(STAGES["published"], actions=()), GITHUB)
    assert "It already was: this run had nothing to do." in summary
    assert "What was made" not in summary


def test_a_refusal_tells_of_the_tag_that_is_there() -> None:
    """A release that no longer passes keeps its tag, and the reader is told."""
    summary = publish_summary(replace(STAGES["refused"], tagged=True), GITHUB)
    assert "The tag 2023.06.2 exists already, and stays as it is." in summary


def test_what_makes_it_a_release_is_linked() -> None:
    """The last line names the pull request."""
    assert f"[the merge of pull request &#35;&#8203;12]({GITHUB}/o/s/pull/12)" in publish_summary(GOOD, GITHUB)


def test_the_log_has_the_same_in_plain_words() -> None:
    """No markup, links as addresses, and the findings once: before the tag is made."""
    text = publish_text(STAGES["failed"])
    assert text == (
        f"Not published yet: 2023.06.2\nIt failed.\n1. Look at the build ({RUN}).\n2. Mend it.\n"
        "3. This job can be run again at any time: it detects what exists and continues from there."
    )
    assert "PASS  pin-grade" in publish_text(GOOD)


@pytest.mark.parametrize("stage", STAGES)
def test_the_stage_is_the_one_that_is_meant(stage: str) -> None:
    """How far it came, and the status that follows."""
    expected = {
        "refused": (Stage.REFUSED, 1),
        "planned": (Stage.PLANNED, 0),
        "planned, and tagged": (Stage.PLANNED, 0),
        "ready": (Stage.READY, 0),
        "not tagged": (Stage.STOPPED, 2),
        "failed": (Stage.STOPPED, 1),
        "not released": (Stage.STOPPED, 2),
        "started": (Stage.STARTED, 0),
        "published": (Stage.PUBLISHED, 0),
    }
    assert (STAGES[stage].stage, STAGES[stage].exit_status) == expected[stage]


def kinds(summary: str) -> list[str]:
    """What the document is made of, but for its text."""
    return [one.type for one in tokens(summary) if one.type not in ("text", "code_inline", "html_inline", "softbreak")]


@pytest.mark.parametrize("foreign", HOSTILE)
def test_hostile_words_change_nothing_in_the_document(foreign: str) -> None:
    """The same headings, tables and links, whatever jobs, states and servers say."""

    def told(words: str) -> str:
        jobs = [Job(words, "completed", words, NOON, NOON, RUN), Job(words, words, None, None, None, RUN)]
        progress = Progress(NOON, replace(run("completed", words), branch=words), jobs, note=words)
        problem = Problem(f"GitHub said {words}", f"Look: {words}", 1)
        made = replace(GOOD, progress=progress, problem=problem, notes=[words], started_by="by a dispatch")
        return publish_summary(made, GITHUB)

    assert kinds(told(foreign)) == kinds(told("plain"))
    assert headings(told(foreign)) == headings(told("plain"))


@pytest.mark.parametrize("foreign", HOSTILE)
def test_hostile_words_change_nothing_where_nothing_is_published(foreign: str) -> None:
    """Reason and remedy are text."""
    made = nothing_summary(NothingToPublish(f"It says {foreign}", f"Look: {foreign}"))
    assert headings(made) == ["➖ Nothing to publish", "What to do next"]
    assert kinds(made) == kinds(nothing_summary(NothingToPublish("It says no", "Look")))


def test_thousands_of_jobs_and_notes_fit() -> None:
    """Under 1 MiB, with the verdict first and a note of what is not shown."""
    jobs = [Job("&" * 1_000, "completed", "&" * 1_000, NOON, NOON, f"{GITHUB}/{'x' * 2_000}")] * 3_000
    notes = ["<" * 5_000] * 500
    actions = [Action("|" * 5_000, f"{GITHUB}/{'y' * 2_000}")] * 500
    made = replace(STAGES["published"], progress=replace(PASSED, jobs=jobs), notes=notes, actions=actions)
    summary = publish_summary(made, GITHUB)
    assert len(summary.encode()) < 1_048_576
    assert summary.startswith("## ✅ Published — ")
    assert "of 3001." in summary


def test_nothing_to_publish_says_so_first() -> None:
    """Then why, then what to do, and that nothing was made."""
    summary = nothing_summary(NothingToPublish("It changes no pair.", "Prepare a release."))
    assert summary == (
        "## ➖ Nothing to publish\n\n**It changes no pair.**\n\n### What to do next\n\n1. Prepare a release.\n\n"
        "This run made no tag, no build and no release.\n"
    )


def test_that_there_is_nothing_is_told_in_a_terminal() -> None:
    """A terminal has no annotations: why there is nothing, and what to do, are in the text."""
    text = nothing_text(NothingToPublish("It changes no pair.", "Prepare a release."))
    assert text == "Nothing to publish\nIt changes no pair.\nPrepare a release."
