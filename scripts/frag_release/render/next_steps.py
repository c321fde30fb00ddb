"""What the reader does next: the part of a summary that has to be right at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.decision import RefKind, Verdict
from ..domain.findings import Finding, Status, blocking
from ..domain.reports.gate import GateReport
from ..domain.rules import can_mend_elsewhere
from . import markdown
from .wording import MARKS, count, is_judged, stack_image


def next_steps(report: GateReport) -> str:
    """Return a numbered list in Markdown."""
    verdict = report.decision.verdict
    if verdict is Verdict.BLOCKED:
        return markdown.numbered([*remedies(blocking(report.decision.findings)), _afterwards(report)])
    return markdown.numbered(_after_deploy(report) if verdict is Verdict.DEPLOY else _after_build(report))


def remedies(blockers: Sequence[Finding], cap: int = 18) -> list[str]:
    """Return a step for each remedy, failures first: one remedy often serves several findings."""
    by_remedy: dict[tuple[bool, str], list[Finding]] = {}
    for finding in blockers:
        key = (finding.status is Status.UNKNOWN, finding.remedy or "Run this again.")
        by_remedy.setdefault(key, []).append(finding)
    ordered = sorted(by_remedy.items(), key=lambda item: item[0][0])
    steps = [
        f"{MARKS[found[0].status]} {_subjects(found)}: {_what(found)}{markdown.words(remedy, url=found[0].url)}"
        for (_, remedy), found in ordered[:cap]
    ]
    left = len(ordered) - cap
    return steps + ([f"… and {count(left, 'more step')}, listed below."] if left > 0 else [])


def _what(findings: Sequence[Finding], cap: int = 3) -> str:
    messages = dict.fromkeys(markdown.words(one.message, 400) for one in findings)
    more = ["…"] if len(messages) > cap else []
    return f"{'<br>'.join([*list(messages)[:cap], *more])}<br>→ "


def _subjects(findings: Sequence[Finding], cap: int = 6) -> str:
    named = [f"**{markdown.text(one.subject)}** ({markdown.code(one.rule)})" for one in findings[:cap]]
    more = f" and {len(findings) - cap} others" if len(findings) > cap else ""
    return ", ".join(named) + more + (" could not be verified" if findings[0].status is Status.UNKNOWN else "")


def _afterwards(report: GateReport) -> str:
    blockers = blocking(report.decision.findings)
    if all(finding.status is Status.UNKNOWN for finding in blockers):
        return "Then re-run this job. Nothing was found to be wrong: no new commit and no new tag is needed."
    if report.decision.kind is RefKind.PULL_REQUEST:
        return "Push the correction to this pull request; it is judged again."
    again = " If all was mended elsewhere, re-run." if can_mend_elsewhere(blockers) else ""
    return (
        "If the stack's workflow file has to change, commit that to the stack branch and release it under a "
        f"**new** tag; do not move {markdown.code(report.ref.name)}.{again}"
    )


def _after_deploy(report: GateReport) -> list[str]:
    warnings = [one for one in report.decision.findings if one.status is Status.WARN]
    steps = [f"Look at the {count(len(warnings), 'warning')} below first."] if warnings else []
    if report.facts.stack and report.facts.stack.run_commit is None:
        return [
            *steps,
            "Nothing was started: this was asked outside of a workflow run. The stack's own workflow run for "
            f"the tag {markdown.code(report.ref.name)} asks again, builds and deploys.",
        ]
    return [
        *steps,
        f"Nothing to do: this run goes on, builds {stack_image(report, report.decision.image_tag)} from exactly the "
        "pair below and may deploy it to staging and production.",
        "If the `production` environment asks for a reviewer, approve it when the build has passed.",
    ]


def _after_build(report: GateReport) -> list[str]:
    kind, tag = report.decision.kind, report.decision.image_tag
    built = [f"Nothing to do: the workflow run for this ref builds {stack_image(report, tag)}."] if tag else []
    if kind is RefKind.PULL_REQUEST and is_judged(report):
        return [
            "Review and merge this pull request.",
            "Then release the merged commit with a production tag.",
        ]
    if kind is RefKind.STACK_BRANCH and not tag:
        return ["Nothing to do here: the tag of this release starts its own run of this workflow."]
    if kind is RefKind.PRODUCTION_TAG:
        return [*built, _tag_without_production(report)]
    form = report.tag_format
    return [
        *built,
        f"To release to production, give a commit of the stack branch a tag `{form.name}`, such as `{form.like()}`. "
        "The pair in its workflow file is then verified, and the build goes on if all checks pass.",
    ]


def _tag_without_production(report: GateReport) -> str:
    if is_judged(report):
        return "To deploy it, run the stack's workflow at that tag itself."
    return "To deploy production tags from here, remove `production: false` from the workflow's gate step."
