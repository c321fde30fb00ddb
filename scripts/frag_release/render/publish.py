"""A publication as a job summary and as text: its stage, what to do next, then the evidence."""

from __future__ import annotations

from functools import partial

from ..domain.builds import Build, Hold
from ..domain.evidence import SUCCESS, Image
from ..domain.findings import blocking
from ..domain.reports.publish import NothingReport, PublishReport, Stage
from ..domain.review import NothingToPublish
from . import markdown
from .findings import changes, folded_findings, image_cell, open_findings, overrides_notice, pair_table, warning
from .markdown import MAX_SUMMARY, Section, fit
from .next_steps import remedies, rollback_card
from .picture import Steps, StepState, step_states, way
from .plan import build_table, hold_in_words, state_in_words
from .release_notes import approved_by
from .wording import Links, action_list, as_warnings, finding_lines, plain, signed

_MARKS = {
    Stage.REFUSED: "⛔",
    Stage.PLANNED: "📝",
    Stage.READY: "📝",
    Stage.STOPPED: "⛔",
    Stage.STARTED: "⏳",
    Stage.WAITING: "⏳",
    Stage.PUBLISHED: "✅",
}
LINES = """\
- name: Write down which image was pushed
  id: pushed
  env:
    DIGEST: ${{ steps.image.outputs.digest }}
  shell: bash
  run: |
    printf '%s\\n' "$DIGEST" > "$RUNNER_TEMP/stack-image.txt"
    echo "artifact=stack-image-${DIGEST/:/-}" >> "$GITHUB_OUTPUT"
- name: Say which image was pushed
  uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a  # v7.0.1
  with:
    name: ${{ steps.pushed.outputs.artifact }}
    path: ${{ runner.temp }}/stack-image.txt"""
"""Steps with which a build records its own image, as in `examples/build-main.yaml`; a test compares the two."""
_RE_RUN = "This job can be run again at any time: it detects what exists and continues from there."


def summary(report: PublishReport | NothingReport, links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long."""
    return _summary_of_nothing(report.nothing) if isinstance(report, NothingReport) else _summary(report, links)


def text(report: PublishReport | NothingReport) -> str:
    """Return the stage for the log, with the findings if they were not shown before."""
    if isinstance(report, NothingReport):
        return "\n".join(filter(None, [report.headline, report.nothing.reason, report.nothing.remedy]))
    lines = [report.headline, markdown.visible(_reason(report))]
    shown_before = report.stage in (Stage.STOPPED, Stage.STARTED, Stage.WAITING, Stage.PUBLISHED)
    lines += [] if shown_before else finding_lines(report.judged.decision.findings)
    lines += [markdown.visible(note) for note in report.notes]
    return "\n".join([*lines, *(f"{number}. {plain(step)}" for number, step in enumerate(next_steps(report), 1))])


def _summary(report: PublishReport, links: Links) -> str:
    judged = report.judged
    findings, line_url = judged.decision.findings, partial(links.line, judged.repository, judged.commit)
    sections = [
        Section(20, "", _verdict(report)),
        Section(19, "", overrides_notice(judged)),
        Section(19, "", warning(as_warnings(report.notes))),
        Section(18, "What to do next", markdown.numbered(next_steps(report))),
        Section(16, "What was made", action_list(report.actions)),
        Section(16, "The lines to add to the build", _lines_to_add(report)),
        Section(15, "The build", "\n\n".join(filter(None, [_build(report), approved_by(report.approvals)]))),
        Section(14, "Findings that block or warn", open_findings(findings, line_url)),
        Section(13, "The pair", pair_table(judged, links, _stack_build(report))),
        Section(8, "Since the previous release", changes(judged, links)),
        rollback_card(judged, links, 9, untouched=report.stage in (Stage.REFUSED, Stage.PLANNED)),
        *folded_findings(findings, line_url),
        Section(7, "The way to production", way(_steps(report))),
        Section(12, "", _footer(report)),
    ]
    return fit(sections, MAX_SUMMARY)


def _summary_of_nothing(review: NothingToPublish) -> str:
    parts = ["## ➖ Nothing to publish", f"**{markdown.words(review.reason)}**"]
    parts += [f"### What to do next\n\n1. {markdown.words(review.remedy)}"] if review.remedy else []
    parts.append("This run made no tag, no build and no release.")
    return "\n\n".join(parts) + "\n"


def next_steps(report: PublishReport) -> list[str]:
    """Return what to do, as Markdown."""
    if report.stage is Stage.REFUSED:
        return [*remedies(blocking(report.judged.decision.findings)), _RE_RUN]
    if report.problem:
        build = report.progress.build if report.progress else None
        look = [f"Look at {markdown.link('the build', build.url)}."] if build and not build.passed else []
        return [*look, markdown.words(report.problem.remedy or "Run this again."), _RE_RUN]
    if report.stage is Stage.PLANNED:
        if report.release_url:
            return ["Nothing to do: the release is public already."]
        return ["Run it again without `dry-run` to make the tag, build it, and release it."]
    if report.stage is Stage.READY:
        return []
    if report.stage is Stage.STARTED:
        return [f"Follow {markdown.link('the build', report.run_url)}.", _RE_RUN]
    if report.stage is Stage.WAITING:
        return _steps_of_waiting(report)
    warned = ["Look at the warnings first."] if report.notes else []
    return [*warned, "Nothing to do: the release is public. `announce` updates the ticket and the board."]


def _steps_of_waiting(report: PublishReport) -> list[str]:
    hold, build = report.progress.hold if report.progress else Hold(), markdown.link("the build", report.run_url)
    at = f"Open {build}"
    if any(one.reviewers for one in hold.environments):
        at = f"To approve or reject it, open {build} and choose *Review deployments*"
    return [
        f"{at}.",
        "Once it has passed, the workflow that starts on `workflow_run` of the build makes the release and the ticket, "
        "if there is one, as in `examples/publish-release.yaml` of this action. Otherwise run this again then.",
    ]


def _waiting(report: PublishReport) -> str:
    """Return what the build waits for, in one or two sentences."""
    hold = report.progress.hold if report.progress else Hold()
    behind = hold_in_words(hold)
    if behind:
        return f"Its build {behind}."
    why = f" {hold.unseen}." if hold.unseen else ""
    return f"Its build waits for an approval; whose could not be determined.{why}"


def _verdict(report: PublishReport) -> str:
    mark, words = _MARKS[report.stage], report.stage.value
    tag = markdown.code_link(report.judged.tag, report.release_url)
    return f"## {mark} {words} — {tag}\n\n**{markdown.words(_reason(report))}**"


def _reason(report: PublishReport) -> str:
    judged, commit = report.judged, report.judged.commit[:12]
    if report.stage is Stage.REFUSED:
        there = f" The tag {judged.tag} exists already, and stays as it is." if report.tagged else ""
        return f"{judged.decision.reason} Nothing was written.{there}"
    if report.problem:
        return report.problem.message
    if report.stage in (Stage.PLANNED, Stage.READY):
        would = "would be" if report.dry_run else "is about to be"
        if report.release_url:
            return f"{commit} is already released as {judged.tag}: it is public."
        if report.tagged:
            return f"{commit} is already tagged as {judged.tag}. Its build {would} followed, and it {would} released."
        return f"{commit} {would} tagged as {judged.tag}, built, and released."
    if report.stage is Stage.STARTED:
        return f"{commit} is tagged as {judged.tag}. Its build was started {report.started_by}."
    if report.stage is Stage.WAITING:
        return f"{commit} is tagged as {judged.tag}. {_waiting(report)} The release is made once the build has passed."
    before = "" if report.actions else " It already was: this run had nothing to do."
    passed = ": its build passed" if report.run_conclusion == SUCCESS else ""
    return f"{commit} is released as {judged.tag}{passed}.{before}"


def _build(report: PublishReport) -> str:
    if report.progress is None or report.progress.build is None:
        return ""
    build = report.progress.build
    attempt = f", attempt {build.attempt}" if build.attempt > 1 else ""
    run = markdown.link(f"Run {build.id}", build.url)
    line = f"{run}{attempt}: {_state(build)}. It was started {report.started_by}."
    return f"{line}\n\n{build_table(report.progress)}".rstrip()


def _lines_to_add(report: PublishReport) -> str:
    if not report.is_unnamed:
        return ""
    where = "Directly after the step that pushes the image (here with the id `image`), and only if that step pushes:"
    return f"{where}\n\n{markdown.fence(LINES, 'yaml')}"


def _footer(report: PublishReport) -> str:
    judged = report.judged
    how = markdown.link(report.review.how, report.review.url)
    return (
        f"Basis of the release: {how}. Judged at {signed(judged.time, judged.version)}, for "
        f"{markdown.code(judged.repository)} at {markdown.code(judged.commit)}."
    )


def _steps(report: PublishReport) -> Steps:
    names = ["reviewed", "checks", f"tag {report.judged.tag}", "build", "release", "announcement"]
    if report.stage is Stage.REFUSED:
        return step_states(names, 1, StepState.STOPPED)
    if report.release_url and report.problem is None:
        return step_states(names, 5, StepState.NEXT)
    if report.stage in (Stage.PLANNED, Stage.READY):
        return step_states(names, 3 if report.tagged else 2, StepState.NEXT)
    build = report.progress.build if report.progress else None
    done = 4 if build and build.passed else 3 if build or report.actions or report.tagged else 2
    return step_states(names, done, StepState.STOPPED if report.problem else StepState.RUNNING)


def _stack_build(report: PublishReport) -> tuple[str, str] | None:
    """Return the cells of the stack's own build and image; None if they are not known yet."""
    build = report.progress.build if report.progress else None
    if build is None:
        return None
    passed = "✅ passed" if build.passed else f"{'❌' if build.is_over else '⏳'} {_state(build)}"
    run = f"{markdown.link('build', build.url)}\n{passed}"
    name, _, tag = report.image.rpartition(":")
    image = image_cell(Image(name, tag, report.digest or None)) if report.image else ""
    state = "✅ pushed" if report.digest else "⚠️ digest not recorded" if report.is_unnamed else "❔ not looked up"
    return run, f"{image}\n{state}" if image else "➖ not known yet"


def _state(build: Build) -> str:
    return markdown.text(state_in_words(build), 40)
