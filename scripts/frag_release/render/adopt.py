"""What `adopt` found as text: the change, what is dangerous today, what stays open, and the settings that remain."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from ..domain.reports.adopt import AdoptReport
from . import markdown
from .links import Links
from .markdown import visible
from .terminal import finding_lines

_ADMINISTRATORS = 5
"""The id of the repository role of administrators, as rulesets have it."""

_GAPS = (
    "Not protected without the gate (today):",
    "  - A pair that is no production pair: a tag that is missing, on another branch, or whose CI failed.",
    "  - Overrides by secrets and dispatches: whatever they say is built and goes to production.",
    "Not protected at level 1 (this change):",
    "  - An image or tag that is moved between check and build: the build pulls by tag.",
    "  - What is pushed and what runs: another image under the stack's tag, a deployment that failed and is green.",
    "  - Builds of other refs: latest, branches and odd tags go to staging as before.",
    "  - An override that the file does not show, or sources in another order than the gate is given.",
    "Not protected at level 2 (examples/build-main.yaml of the action: the build takes digests from the gate):",
    "  - What is in an image, and what a database migration did.",
    "Not protected at any level, but by the settings below:",
    "  - A tag that is pushed with another workflow file, without the gate.",
)
_APP_RIGHTS = {
    "contents": "write",
    "pull_requests": "write",
    "workflows": "write",
    "actions": "read",
    "administration": "read",
    "environments": "read",
    "secrets": "read",
    "actions_variables": "read",
}


def text(report: AdoptReport) -> str:
    """Return what was found; with `check` the rows alone. Lines to be copied are whole."""
    rows = finding_lines([row.finding for row in (report.rows if report.check else report.open_rows)])
    if report.check:
        return _joined([report.headline, *rows])
    return _joined(
        [
            f"{report.headline}.",
            *_found(report),
            *_change(report),
            *_titled("Left to do in the file:", [] if report.obstacle else rows),
            *_titled("Dangerous in the file today:", finding_lines(report.dangers)),
            "",
            *_GAPS,
            "",
            *_settings(report),
        ]
    )


def summary(report: AdoptReport, _links: Links) -> str:
    """Return the same in Markdown."""
    lines = [markdown.verbatim(line) for line in text(report).split("\n")]
    return f"## {markdown.text(report.headline)}\n\n{markdown.fence(_joined(lines))}\n"


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _titled(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _found(report: AdoptReport) -> Iterator[str]:
    yield f"Read: {visible(report.file)} of {report.repository}."
    yield f"Jobs that build: {_jobs(report.found.builds)}. Not right? --build-jobs NAME,NAME"
    yield f"Jobs that deploy to production: {_jobs(report.found.production)}. Not right? --production-jobs NAME,NAME"


def _jobs(found: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{visible(name, 100)} (line {line})" for name, line in found) or "none was recognised"


def _change(report: AdoptReport) -> Iterator[str]:
    if report.diff:
        yield ""
        yield from (_safe(line) for line in report.diff.removesuffix("\n").split("\n"))
        yield ""
        yield (
            "Look at it, commit it, and have it reviewed."
            if report.changed
            else "Nothing was written. Do the sources of the pair stand in the build's own order? Then add --write."
        )
    if report.obstacle:
        yield ""
        yield f"Nothing can be written safely: {visible(report.obstacle)}."
        yield from ["Put these lines in yourself:"] if report.by_hand else []
        for one in report.by_hand:
            yield f"  {visible(one.where)}{f' (line {one.line})' if one.line else ''}:"
            yield from (f"      {_safe(line)}" for line in one.lines)


def _safe(line: str) -> str:
    return markdown.verbatim(line.removesuffix("\r"), 10_000)


def _settings(report: AdoptReport) -> Iterator[str]:
    repository, form = report.repository, report.tag_format
    owner, tags = repository.partition("/")[0], f"refs/tags/{form.ruleset_pattern}"
    place = f"repos/{repository}/environments/{quote(report.environment, safe='')}"
    reviewer = '{reviewers: [{type: "User", id: .id}], deployment_branch_policy: {protected_branches: false, '
    yield "Settings that remain, with gh as an administrator (who may do what is yours to change afterwards):"
    yield "# Administrators alone create production tags; put release managers on the list in their place"
    yield _posted(f"repos/{repository}/rulesets", _ruleset("who makes production tags", tags, ["creation"], True))
    yield "# Nobody moves or deletes them"
    yield _posted(f"repos/{repository}/rulesets", _ruleset("production tags stay", tags, ["update", "deletion"], False))
    yield f"# Production's environment: you approve, not the reviewers that it has; tags such as {form.like()} only"
    if any(one.subject == "staging-environment" for one in report.dangers):
        yield "# First give staging an environment of its own, as said above: from a branch it could not run in this"
    yield (
        f"gh api user --jq {shlex.quote(reviewer + 'custom_branch_policies: true}}')} | "
        f"gh api --method PUT {shlex.quote(place)} --input -"
    )
    for pattern in form.environment_patterns:
        yield (
            f"gh api --method POST {shlex.quote(f'{place}/deployment-branch-policies')} "
            f"-f {shlex.quote(f'name={pattern}')} -f type=tag"
        )
    yield "# The credentials of AWX as secrets of that environment (each asks for its value); then delete the others"
    for name in ("AWX_HOST", "AWX_USER", "AWX_USER_PASSWORD"):
        yield f"gh secret set {name} --repo {repository} {shlex.quote(f'--env={report.environment}')}"
    yield ""
    yield "For releases by form (docs/adopting.md of the action): make the app with the rights that it needs, at"
    yield f"https://github.com/organizations/{owner}/settings/apps/new?{_app(report)}"
    yield ""
    yield f"Judge the releases so far: GITHUB_TOKEN=... python3 scripts audit --stack-repository {repository}"


def _ruleset(name: str, tags: str, rules: Sequence[str], is_open: bool) -> dict[str, Any]:
    administrators = {"actor_id": _ADMINISTRATORS, "actor_type": "RepositoryRole", "bypass_mode": "always"}
    return {
        "name": name,
        "target": "tag",
        "enforcement": "active",
        "bypass_actors": [administrators] if is_open else [],
        "conditions": {"ref_name": {"include": [tags], "exclude": []}},
        "rules": [{"type": one} for one in rules],
    }


def _posted(path: str, body: dict[str, Any]) -> str:
    return f"echo {shlex.quote(json.dumps(body))} | gh api --method POST {shlex.quote(path)} --input -"


def _app(report: AdoptReport) -> str:
    owner, name = report.repository.split("/")
    given = {
        "name": f"{owner} {name} releases"[:34],
        "url": f"https://github.com/{report.repository}",
        "webhook_active": "false",
        "public": "false",
        **_APP_RIGHTS,
    }
    return urlencode(given)
