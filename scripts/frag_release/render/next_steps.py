"""The reader's next steps, and the rollback card, which saves looking things up at night."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.decision import RefKind, Verdict
from ..domain.evidence import Unknown
from ..domain.facts import NOT_ASKED, Released
from ..domain.findings import Finding, Status, blocking
from ..domain.reports.gate import GateReport
from ..domain.rules import all_fixable_elsewhere
from ..domain.versions import parse_production_tag
from . import markdown
from .markdown import Section
from .wording import MARKS, Links, count, is_judged, rollbacks_unknown, stack_image

TITLE = "The way back"
CHECK_FIRST = "Check this before you go back to one."
"""What to do if it is unknown which releases were taken back."""
_UNTOUCHED = "This run deployed nothing, so there is nothing to roll back."


def rollback_card(
    report: GateReport, links: Links, priority: int, *, untouched: bool = False, awx: bool = False
) -> Section:
    """Return the card on what to go back to from the judged tag; without a body if there is no earlier tag.

    With `untouched` this run has not deployed and will not. With `awx` it is AWX that deploys.
    """
    return Section(priority, TITLE, _UNTOUCHED if untouched else way_back(report, links, awx=awx))


def way_back(report: GateReport, links: Links, *, awx: bool = False) -> str:
    """Return which release is the last good one, as far as was checked, and how to go back to it, as Markdown."""
    before, good = report.facts.previous, report.last_good
    if before is None or before is NOT_ASKED:
        return ""
    previous = report.previous.tag.text if report.previous else ""
    if previous in report.taken_back:
        previous = ""
    last = _tag_link(report, links, previous) if previous else ""
    released = report.released
    lost = released.reason if isinstance(released, Unknown) and released is not NOT_ASKED else ""
    if good == "" and report.taken_back:
        what = "No older release is proposed: every public one with a `release.json` was taken back."
    elif good == "":
        seen = f" The previous tag is {last}." if last else ""
        what = f"No older release has a record of its image, so you can only go back by hand.{seen}"
    elif good is None:
        seen = f"The previous tag is {last}." if last else "The previous tag could not be read."
        seen = "The previous tag was taken back." if report.taken_back else seen
        lost = f" The releases could not be read: {markdown.words(lost, 300)}." if lost else ""
        what = f"{seen}{lost} {_if_unreleased(report, links, 'older ones')}"
    else:
        what = _last_good(report, links, good)
        if last and good != previous:
            what += f" The previous tag, {last}, has none: it was blocked, never released, or released by hand."
    ways = _ways(report, links, good or ("" if lost else previous), by_form=good != "", awx=awx)
    return f"{what}{'' if good else _unread_rollbacks(report)}{_taken_back(report, links)}\n\n{ways}"


def way_forward(report: GateReport, links: Links, *, awx: bool = False) -> str:
    """Return the newest release above the rollback's target, and how to deploy it, as Markdown; empty if none."""
    stack, judged = report.facts.stack, report.production_tag
    higher = [] if stack is None or isinstance(stack.higher, Unknown) else stack.higher
    newest = "" if judged is None or isinstance(report.released, Unknown) else report.released.above(judged)
    if newest:
        what = f"The newest release is {_tag_link(report, links, newest)}: its `release.json` is there."
    elif judged and isinstance(report.released, Released) and any(one in report.released.taken_back for one in higher):
        return "Every higher release was taken back. Release the fix under the next free tag."
    elif higher:
        newest = higher[-1]
        what = f"The newest tag is {_tag_link(report, links, newest)}. {_if_unreleased(report, links, 'higher ones')}"
    else:
        return ""
    return f"{what} Once it is safe to run again, deploy it:\n\n{_ways(report, links, newest, awx=awx)}"


def _last_good(report: GateReport, links: Links, good: str) -> str:
    """Return which release is good, or, if records of rollbacks could not be read, the newest with a record."""
    unread = _unread_rollbacks(report)
    if not unread:
        return f"The last good release is {_tag_link(report, links, good)}: its `release.json` is there."
    return f"The newest older release with a `release.json` is {_tag_link(report, links, good)}.{unread}"


def _unread_rollbacks(report: GateReport) -> str:
    """Return why taken-back releases are unknown; empty if the deployment records were read."""
    unread = "" if isinstance(report.released, Unknown) else report.released.unread
    return f" {markdown.words(rollbacks_unknown(unread), 400)} {CHECK_FIRST}" if unread else ""


def _if_unreleased(report: GateReport, links: Links, which: str) -> str:
    releases = markdown.link("Releases", links.releases(report.repository))
    return (
        f"It may have been blocked or never released: if {releases} has {which} with a `release.json`, use the newest "
        "of these. Do not deploy one whose text says that it was taken back."
    )


def _taken_back(report: GateReport, links: Links) -> str:
    """Return which newer releases are skipped because production went back from them."""
    good = parse_production_tag(report.last_good or "", report.tag_format)
    left = [tag for one in report.taken_back if (tag := parse_production_tag(one, report.tag_format))]
    passed = [_tag_link(report, links, tag.text) for tag in left if good is None or tag.version > good.version]
    if not passed:
        return ""
    return f" Skipped, because production went back from them: {', '.join(passed[:10])}."


def _tag_link(report: GateReport, links: Links, tag: str) -> str:
    return markdown.code_link(tag, links.tag(report.repository, tag))


def _ways(report: GateReport, links: Links, tag: str, *, by_form: bool = True, awx: bool = False) -> str:
    """Return the two ways to deploy a release again without building it, and what neither does.

    It was not checked whether the stack has the form, so the text has an "if" and no link to the form.
    """
    form = f"{markdown.link('Actions', links.actions(report.repository))} &gt; Deploy &gt; Run workflow"
    that = markdown.code(tag) if tag else "that one"
    image = stack_image(report, report.tag_format.image_tag(tag)) if tag else "its image"
    form_filled = (
        f"By the form, if the stack has one like `examples/deploy.yaml` of this action: {form}. *Use workflow from*: "
        f"the newest production tag, under *Tags* (the environment refuses branches). *tag*: {that}. *environment*: "
        "`production`. *rollback*: ticked. Nothing is built: the evidence is the release's `release.json`, written by "
        "`publish`, and the digest of its image. If that file records no digest, the form refuses it: use an older "
        "release, or deploy by hand."
    )
    launch = "launch the template in AWX for" if awx else "deploy"
    tool = "" if awx else " with the tool that deploys this stack"
    by_hand = (
        f"By hand: {launch} {image}{tool}, after checking that it is still the released image. Nothing is verified."
    )
    by_hand += _awx_fields(report, tag)
    undone = (
        "Once a higher release exists, `tag-order` refuses a re-run of its build. Database migrations are not undone."
    )
    return markdown.bullets([*([form_filled] if by_form else []), by_hand, undone])


def _awx_fields(report: GateReport, tag: str) -> str:
    """Return what to enter in AWX for the tag and the digest; other variables may hold secrets, and are not shown."""
    form = report.awx
    if form is None:
        return ""
    value = markdown.code(report.tag_format.image_tag(tag)) if tag else "its tag"
    variables = [f"{markdown.code(name, 100)}: {value}" for name in form.of_tag]
    variables += [f"{markdown.code(name, 100)}: the digest of that image" for name in form.of_digest]
    more = f" with {', '.join(variables)}" if variables else ""
    return f" In {markdown.link('AWX', form.url)}, the template {markdown.code(form.template, 200)}{more}."


def next_steps(report: GateReport) -> str:
    """Return a numbered list in Markdown."""
    verdict = report.decision.verdict
    if verdict is Verdict.BLOCKED:
        return markdown.numbered([*remedies(blocking(report.decision.findings)), _afterwards(report)])
    return markdown.numbered(_after_deploy(report) if verdict is Verdict.DEPLOY else _after_build(report))


def remedies(blockers: Sequence[Finding], cap: int = 18) -> list[str]:
    """Return a step for each remedy, failures first: several findings often share one."""
    by_remedy: dict[tuple[bool, str], list[Finding]] = {}
    for finding in blockers:
        key = (finding.status is Status.UNKNOWN, finding.remedy or "Run this again.")
        by_remedy.setdefault(key, []).append(finding)
    ordered = sorted(by_remedy.items(), key=lambda item: item[0][0])
    steps = [
        f"{MARKS[found[0].status]} {_subjects(found)}: {_messages(found)}{markdown.words(remedy, url=found[0].url)}"
        for (_, remedy), found in ordered[:cap]
    ]
    left = len(ordered) - cap
    return steps + ([f"… and {count(left, 'more step')}, listed below."] if left > 0 else [])


def _messages(findings: Sequence[Finding], cap: int = 3) -> str:
    messages = dict.fromkeys(markdown.words(one.message, 400) for one in findings)
    more = ["…"] if len(messages) > cap else []
    return f"{'<br>'.join([*list(messages)[:cap], *more])}<br>→ "


def _subjects(findings: Sequence[Finding], cap: int = 6) -> str:
    named = [f"**{markdown.text(one.subject)}** ({markdown.code(one.rule)})" for one in findings[:cap]]
    more = f" and {len(findings) - cap} others" if len(findings) > cap else ""
    return ", ".join(named) + more


def _afterwards(report: GateReport) -> str:
    blockers = blocking(report.decision.findings)
    if all(finding.status is Status.UNKNOWN for finding in blockers):
        return "Then re-run this job. Nothing was found to be wrong: you need no new commit and no new tag."
    if report.decision.kind is RefKind.PULL_REQUEST:
        return "Push the correction to this pull request; it is judged again."
    again = " If everything was fixed elsewhere, re-run." if all_fixable_elsewhere(blockers) else ""
    return (
        "If the stack's workflow file has to change, commit the change to the stack branch and release it under a "
        f"**new** tag; do not move {markdown.code(report.ref.name)}.{again}"
    )


def _after_deploy(report: GateReport) -> list[str]:
    warnings = [one for one in report.decision.findings if one.status is Status.WARN]
    steps = [f"Look at the {count(len(warnings), 'warning')} below first."] if warnings else []
    if report.facts.stack and report.facts.stack.run_commit is None:
        return [
            *steps,
            "Nothing was started: this gate ran outside a workflow run. The stack's own workflow run for "
            f"the tag {markdown.code(report.ref.name)} runs the gate again, builds and deploys.",
        ]
    return [
        *steps,
        f"Nothing to do: this run continues, builds {stack_image(report, report.decision.image_tag)} from exactly the "
        "pair below and may deploy it to staging and production.",
        "If the `production` environment requires a reviewer, approve it once the build has passed.",
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
        "The pair in its workflow file is then verified, and the build continues if all checks pass.",
    ]


def _tag_without_production(report: GateReport) -> str:
    if is_judged(report):
        return "To deploy it, run the stack's workflow at that tag."
    return "To deploy production tags from here, remove `production: false` from the workflow's gate step."
