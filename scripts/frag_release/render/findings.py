"""The evidence as tables: the pair, the stack, their changes, and the findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..domain.components import Pin
from ..domain.evidence import Image, Placement, Unknown
from ..domain.facts import NOT_ASKED, ComponentFacts
from ..domain.findings import Finding, Status
from ..domain.origin import origins_of
from ..domain.reports import known_commit, known_image
from ..domain.reports.gate import GateReport
from . import markdown, picture
from .markdown import Section
from .wording import MARKS, NEEDS_ATTENTION, Links, age, count, finding_mark, is_judged, mark

_PAIR_HEADER = ("Part", "Tag", "Commit", "Branch", "CI", "Image", "Age")
_NAME = 80
_NONE = "➖ none"

LineUrl = Callable[[str, "int | None"], str]
"""Returns the URL of a line (counted from 1) of a file at the judged commit; empty if there is none."""

_HEADER = ("Result", "Rule", "Subject", "What was found", "What to do")


def pair_table(report: GateReport, links: Links, stack_build: tuple[str, str] | None = None) -> str:
    """Return the parts of the stack: one row per component, then one for the stack itself.

    `stack_build` holds the cells of the stack's CI and image in Markdown, once they are known.
    """
    findings = report.decision.findings
    rows = [
        (*_component_row(findings, facts, links), _age(facts.placement, report)) for facts in report.facts.components
    ]
    return markdown.table(_PAIR_HEADER, [*rows, _stack_row(report, links, stack_build or _stack_to_build(report))])


def evidence_table(components: Sequence[ComponentFacts], findings: Sequence[Finding], links: Links) -> str:
    """Return the evidence for the components' pins, without values that depend on the time."""
    return markdown.table(_PAIR_HEADER[:-1], [_component_row(findings, facts, links) for facts in components])


def changes(report: GateReport, links: Links) -> str:
    """Return the changes since the previous release, or why they are unknown; empty if there is no previous release."""
    lost, previous = report.facts.previous, report.previous
    if isinstance(lost, Unknown) and lost is not NOT_ASKED:
        return f"{MARKS[Status.UNKNOWN]} The previous tag could not be read: {markdown.words(lost.reason, 300)}."
    if previous is None:
        return ""
    before = {pin.component.name: pin for pin in previous.pins}
    items = [_change(before.get(facts.pin.component.name), facts.pin, links) for facts in report.facts.components]
    tag = markdown.code_link(previous.tag.text, links.tag(report.repository, previous.tag.text))
    known = report.last_good
    unreleased = (
        " (warnings that a component goes back compare with it, too). It has no release with a `release.json`, so "
        "production may never have run it"
    )
    more = "" if known in (None, "", previous.tag.text) else unreleased
    return f"Compared with {tag}, the previous tag{more}:\n\n{markdown.bullets(items)}"


def _component_row(findings: Sequence[Finding], facts: ComponentFacts, links: Links) -> Sequence[str]:
    pin = facts.pin
    name, repository = pin.component.name, pin.component.repository
    placement = facts.placement
    return (
        f"**{markdown.link(name, links.repository(repository))}**",
        _cell(_tag(repository, pin.tag, links), picture.marked(picture.TAG, findings, name)),
        _component_commit(facts, links),
        _cell(_branches(repository, placement, links), picture.marked(picture.BRANCH, findings, name)),
        _cell(_runs(facts) or _recorded_run(findings, name), picture.marked(picture.CI, findings, name)),
        _cell(image_cell(known_image(facts)), picture.marked(picture.IMAGE, findings, name)),
    )


def _stack_to_build(report: GateReport) -> tuple[str, str]:
    tag = report.decision.image_tag
    if not tag:
        return "➖ not run", "➖ not built"
    image = _short_image(f"{report.image_name}:{tag}") if report.image_name else f"tag {_short_image(tag)}"
    return "➖ comes next", _cell(image, "🔨 to be built")


def _stack_row(report: GateReport, links: Links, build: tuple[str, str]) -> Sequence[str]:
    stack, findings, repository = report.facts.stack, report.decision.findings, report.repository
    tag = _tag(repository, report.tag, links) if report.tag else _ref(report, links)
    branches = _branches(stack.repository, stack.placement, links) if stack else ""
    return (
        f"**{markdown.link('stack', links.repository(repository))}**",
        _cell(tag, picture.marked(picture.STACK_TAG, findings, "stack")),
        _commit(repository, report.commit, links),
        _cell(branches, picture.marked(picture.STACK_BRANCH, findings, "stack")),
        *build,
        _age(stack.placement, report) if stack else "",
    )


def built_before(report: GateReport, image: Image) -> tuple[str, str]:
    """Return the CI and image cells of a stack that was built before, with the image that was found."""
    found = picture.marked(picture.STACK_IMAGE, report.decision.findings, "stack")
    return "➖ built before", _cell(image_cell(image), found)


def _cell(value: str, mark: str) -> str:
    return f"{value}\n{mark}" if value else mark


def _tag(repository: str, tag: str, links: Links) -> str:
    return markdown.code_link(markdown.visible(tag, _NAME), links.tag(repository, tag)) if tag else _NONE


def _ref(report: GateReport, links: Links) -> str:
    name = report.ref.name
    url = links.branch(report.repository, name) if report.ref.branch else ""
    return f"{markdown.code_link(markdown.visible(name, _NAME), url)} ({report.decision.kind.value})"


def _commit(repository: str, commit: str, links: Links) -> str:
    return markdown.code_link(commit[:10], links.commit(repository, commit)) if commit else _NONE


def _component_commit(facts: ComponentFacts, links: Links) -> str:
    if facts.commit is NOT_ASKED:
        return "➖ not looked up"
    if isinstance(facts.commit, Unknown):
        return mark(Status.UNKNOWN)
    return _commit(facts.pin.component.repository, known_commit(facts), links)


def _branches(repository: str, placement: object, links: Links) -> str:
    if not isinstance(placement, Placement):
        return ""
    names = sorted(placement.branches)[:5]
    return ", ".join(
        markdown.code_link(markdown.visible(name, _NAME), links.branch(repository, name)) for name in names
    )


def _runs(facts: ComponentFacts) -> str:
    newest = {run.workflow: run for run in facts.tag_runs}
    shown = [markdown.link(markdown.visible(run.file, _NAME), run.url) for run in list(newest.values())[:5]]
    return ", ".join(shown)


def _recorded_run(findings: Sequence[Finding], name: str) -> str:
    """Return the run that a finding links to: the only known one if an older release is judged."""
    finding = picture.CI.finding(findings, name)
    return markdown.link("CI run", finding.url) if finding and finding.url else ""


def image_cell(image: Image | None) -> str:
    """Return an image name without Docker Hub's registry host, with the start of its digest if it has one."""
    if image is None:
        return ""
    digest = f"\n{markdown.code(image.digest[:19])}" if image.digest else ""
    origins = origins_of(image)
    origin = f"\norigin {markdown.code(origins.commit[:10])}" if origins and origins.commit else ""
    return _short_image(f"{image.name}:{image.tag}") + digest + origin


def _short_image(reference: str) -> str:
    return markdown.code(reference.removeprefix("docker.io/"), 2 * _NAME)


def _age(placement: object, report: GateReport) -> str:
    if not isinstance(placement, Placement):
        return ""
    return age(placement.committed, report.time)


def _change(before: Pin | None, now: Pin, links: Links) -> str:
    name = f"**{markdown.text(now.component.name)}**"
    if before is None or not before.tag:
        return f"{name}: {_code(now.tag)}; the previous one could not be read."
    if before.same_choice == now.same_choice:
        return f"{name}: {_code(now.tag)}, unchanged."
    arrow = f"{_code(before.tag)} → {_code(now.tag)}"
    if before.namespace != now.namespace:
        arrow += f", namespace {_code(before.namespace)} → {_code(now.namespace)}"
    url = links.comparison(now.component.repository, before.tag, now.tag)
    return f"{name}: {arrow} ({markdown.link('what changed', url)})" if url else f"{name}: {arrow}"


def _code(value: str) -> str:
    return markdown.code(value, _NAME) if value else f"{MARKS[Status.SKIPPED]} none"


def open_findings(findings: Sequence[Finding], line_url: LineUrl) -> str:
    """Return the findings that block or warn, worst first; empty if there are none."""
    chosen = [finding for finding in findings if finding.status in NEEDS_ATTENTION]
    chosen.sort(key=lambda finding: (NEEDS_ATTENTION.index(finding.status), not finding.allowed))
    return _table(chosen, line_url) if chosen else ""


def folded_findings(findings: Sequence[Finding], line_url: LineUrl) -> list[Section]:
    """Return the findings that passed and those that were not checked, each folded under their number."""
    folds: list[Section] = []
    for status, title in ((Status.PASS, "passed"), (Status.SKIPPED, "not made")):
        chosen = [finding for finding in findings if finding.status is status]
        if chosen:
            fold = markdown.details(f"{count(len(chosen), 'check')} {title}", _table(chosen, line_url))
            folds.append(Section(2 - len(folds), "", fold))
    return folds


def overrides_notice(report: GateReport) -> str:
    """Return a warning about checks that were allowed or switched off by hand."""
    lines = switched_off(report.facts.components) if is_judged(report) else []
    lines += allowed_by_hand(report.decision.findings)
    lines += [
        f"⚠️ The allowance {markdown.code(str(allowance))} had no effect: this release has no such blocking "
        "finding. Remove it from the input `allow`."
        for allowance in report.unused_allowances
    ]
    return warning(lines)


def warning(lines: Sequence[str], cap: int = 50) -> str:
    """Return lines of Markdown as a quotation, which stands out; empty if there are none."""
    left = len(lines) - cap
    shown = [*lines[:cap], *([f"⚠️ … and {left} more."] if left > 0 else [])]
    return "\n>\n".join(f"> {line}" for line in shown)


def allowed_by_hand(findings: Sequence[Finding]) -> list[str]:
    """Return a line of Markdown for each finding that the input `allow` demoted to a warning."""
    return [
        f"⚠️ **ALLOWED by hand:** {markdown.code(finding.key)}. {markdown.words(finding.message)}"
        for finding in findings
        if finding.allowed
    ]


def switched_off(components: Sequence[ComponentFacts]) -> list[str]:
    """Return a line of Markdown for each kind of check that was switched off, with the components."""
    without_ci = [facts.pin.component for facts in components if facts.runs is None]
    without_image = [facts.pin.component for facts in components if facts.image is None and _uses_image(facts)]
    return [
        f"⚠️ **{what} not checked**, because {markdown.code(switch)} is `false`: "
        f"{', '.join(markdown.text(component.name, 80) for component in named[:10])}."
        for what, switch, named in (
            ("CI", "check-ci", without_ci),
            ("Images", "check-images", without_image),
        )
        if named
    ]


def _uses_image(facts: ComponentFacts) -> bool:
    return facts.pin.component.image_name(facts.pin.namespace) is not None


def _table(findings: Sequence[Finding], line_url: LineUrl) -> str:
    with_remedy = any(finding.remedy for finding in findings)
    rows = [_row(finding, line_url) for finding in findings[:200]]
    width = len(_HEADER) if with_remedy else len(_HEADER) - 1
    # Omitted rows still count in "Showing N of M".
    rows += [()] * (len(findings) - len(rows))
    return markdown.table(_HEADER[:width], [row[:width] for row in rows], cap=200)


def _row(finding: Finding, line_url: LineUrl) -> tuple[str, ...]:
    return (
        finding_mark(finding).replace(" ", "&nbsp;"),
        markdown.code(finding.rule),
        markdown.text(finding.subject),
        "\n".join([markdown.words(finding.message), *_places(finding, line_url)]),
        markdown.words(finding.remedy, url=finding.url) if finding.status is not Status.PASS else "",
    )


def _places(finding: Finding, line_url: LineUrl) -> list[str]:
    places = []
    if finding.url:
        places.append(markdown.link("evidence", finding.url))
    if finding.file and finding.status in NEEDS_ATTENTION:
        at = f"{finding.file}:{finding.line}" if finding.line else finding.file
        places.append(markdown.code_link(at, line_url(finding.file, finding.line)))
    return places
