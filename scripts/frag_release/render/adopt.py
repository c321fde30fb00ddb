"""The findings of `adopt` as text: the change, today's dangers, the remaining gaps, and the settings still to make."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from ..domain.decision import Verdict
from ..domain.findings import Status, blocking
from ..domain.reports.adopt import AdoptReport, OtherFile, Past
from . import markdown
from .audit import in_short
from .markdown import visible
from .wording import Links, finding_lines

_ADMINISTRATORS = 5
"""The id of the repository role of administrators in rulesets."""

_GAPS = (
    "Not protected without the gate (today):",
    "  - An invalid production pair: a tag that is missing, on another branch, or whose CI failed.",
    "  - Overrides by secrets and dispatches: their values are built and go to production.",
    "Not protected at level 1 (this change):",
    "  - An image or tag that is moved between check and build: the build pulls by tag.",
    "  - What is pushed and what runs: another image under the stack's tag, a failed deployment whose job is green.",
    "  - Builds of other refs: latest, branches and other tags go to staging as before.",
    "  - An override that is not in the file, or sources in another order than the gate receives them.",
    "Not protected at level 2 (examples/build-main.yaml of the action: the build takes digests from the gate):",
    "  - The contents of an image, and the effects of a database migration.",
    "Not protected at any level, only by the settings below:",
    "  - A tag that is pushed with another workflow file, without the gate.",
)
_REVIEW: dict[str, Any] = {
    "name": "review",
    "target": "branch",
    "enforcement": "active",
    "bypass_actors": [],
    "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
    "rules": [
        {
            "type": "pull_request",
            "parameters": {
                "required_approving_review_count": 1,
                "dismiss_stale_reviews_on_push": True,
                "require_code_owner_review": True,
                "require_last_push_approval": False,
                "required_review_thread_resolution": False,
            },
        }
    ],
}
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
    """Return what was found; with `check` only the rows. Lines to copy are never cut."""
    rows = finding_lines([row.finding for row in (report.rows if report.check else report.open_rows)])
    if report.check:
        return _joined([report.headline, *rows, *_files(report)])
    return _joined(
        [
            f"{report.headline}.",
            *_found(report),
            *_change(report),
            *_files(report),
            *_titled("Left to do in the file:", [] if report.obstacle else rows),
            *_titled("The last releases, by today's rules:", list(_past(report.past))),
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
    yield f"Jobs that build: {_jobs(report.found.builds)}. To correct this: --build-jobs NAME,NAME"
    production = _jobs(report.found.production)
    yield f"Jobs that deploy to production: {production}. To correct this: --production-jobs NAME,NAME"


def _jobs(found: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{visible(name, 100)} (line {line})" for name, line in found) or "none was recognised"


def _change(report: AdoptReport) -> Iterator[str]:
    if report.diff:
        yield ""
        yield from (_line(line) for line in report.diff.removesuffix("\n").split("\n"))
        yield ""
        yield (
            "Check the change, commit it, and have it reviewed."
            if report.changed
            else "Nothing was written. If the sources of the pair are in the order that the build uses, add --write."
        )
    if report.obstacle:
        yield ""
        yield f"Nothing can be written safely: {visible(report.obstacle)}."
        yield from ["Add these lines yourself:"] if report.by_hand else []
        for one in report.by_hand:
            yield f"  {visible(one.where)}{f' (line {one.line})' if one.line else ''}:"
            yield from (f"      {_line(line)}" for line in one.lines)


def _files(report: AdoptReport) -> list[str]:
    """Return a line about each other file, and the diff from an existing file to the generated one."""
    lines = []
    for one in report.files:
        lines.append(f"  {visible(one.path)}: {_file(one, added=report.changed)}")
        lines += [f"    {_line(line)}" for line in one.diff.removesuffix("\n").split("\n") if one.diff]
    return _titled("The other files:", lines)


def _file(one: OtherFile, *, added: bool) -> str:
    if one.why:
        return f"not created: {visible(one.why)}. Copy it from the action's examples, and adapt it by hand"
    if one.is_missing:
        return f"{'added' if added else 'to add'} ({one.lines} lines)"
    return "exists, and differs. It is left as it is: copy what you want of this by hand" if one.diff else "exists"


def _line(line: str) -> str:
    return markdown.verbatim(line.removesuffix("\r"), 10_000)


def _past(past: Past) -> Iterator[str]:
    """Yield a line about each release, newest first, then what blocks it; unchecked is not fine."""
    for one in reversed(past.releases):
        pair = ", ".join(f"{facts.pin.component.name} {facts.pin.tag or 'none'}" for facts in one.components)
        fine = f"nothing wrong found; not checked: {', '.join(past.unchecked)}" if past.unchecked else "fine"
        blockers = blocking(one.findings)
        failed = [finding for finding in blockers if finding.status is Status.FAIL]
        short = fine if one.verdict is Verdict.DEPLOY else in_short(one) if failed else "not checked"
        yield f"  {visible(f'{one.tag} | {pair}')} | {short}"
        yield from (f"    {line.splitlines()[0]}" for line in finding_lines(failed or blockers[:1]))
    if past.problem:
        yield f"  Not judged: {visible(past.problem)}" if not past.releases else f"  {visible(past.problem)}"
    if past.unchecked:
        yield f"  Not checked without a token: {', '.join(past.unchecked)}. Set GITHUB_TOKEN to check them on GitHub."


def _settings(report: AdoptReport) -> Iterator[str]:
    repository, owner = report.repository, report.repository.partition("/")[0]
    tags = f"refs/tags/{report.tag_format.ruleset_pattern}"
    yield "Settings still to make, with gh as an administrator (you can change afterwards who may do what):"
    yield "# Only administrators create production tags; replace them in the bypass list with your release managers"
    yield _posted(f"repos/{repository}/rulesets", _ruleset("who makes production tags", tags, ["creation"], True))
    yield "# Production tags cannot be moved or deleted, not even by administrators"
    yield _posted(f"repos/{repository}/rulesets", _ruleset("production tags stay", tags, ["update", "deletion"], False))
    yield "# Merges require a review; skip this if releases are committed without a pull request"
    yield _posted(f"repos/{repository}/rulesets", _REVIEW)
    yield "# Published releases cannot be changed"
    yield f"gh api --method PUT repos/{repository}/immutable-releases"
    yield from _environment(report)
    yield ""
    yield "For releases by form (docs/adopting.md of the action): create the app with the permissions it needs, at"
    yield f"https://github.com/organizations/{owner}/settings/apps/new?{_app(report)}"
    yield f"If {owner} is a user: https://github.com/settings/apps/new with the same text after the question mark."
    yield from _forms(report)
    yield ""
    yield f"Judge every release so far: GITHUB_TOKEN=... python3 scripts audit --stack-repository {repository}"


def _environment(report: AdoptReport) -> Iterator[str]:
    """Yield the settings of the production environment."""
    place = f"repos/{report.repository}/environments/{quote(report.environment, safe='')}"
    form = report.tag_format
    yield f"# Production environment: you become its reviewer, replacing any others; only tags such as {form.like()}"
    if any(one.subject == "staging-environment" for one in report.dangers):
        yield "# First give staging its own environment (see above): this one will refuse runs from branches"
    yield _approved_by_me(place)
    for pattern in form.environment_patterns:
        yield (
            f"gh api --method POST {shlex.quote(f'{place}/deployment-branch-policies')} "
            f"-f {shlex.quote(f'name={pattern}')} -f type=tag"
        )
    yield from _secrets(report)


def _approved_by_me(place: str) -> str:
    """Return the line that creates an environment with the person who runs it as its reviewer."""
    policy = "{protected_branches: false, custom_branch_policies: true}"
    body = f'{{reviewers: [{{type: "User", id: .id}}], deployment_branch_policy: {policy}}}'
    return f"gh api user --jq {shlex.quote(body)} | gh api --method PUT {shlex.quote(place)} --input -"


def _forms(report: AdoptReport) -> Iterator[str]:
    """Yield the settings of the forms, for after the app is created."""
    repository = report.repository
    if not report.files:
        return
    yield "# Install it on the stack only, and give the forms its client ID and key (you review release-approved)"
    yield f"gh variable set RELEASE_APP_CLIENT_ID --repo {repository}"
    policy = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    for name in ("release", "release-approved"):
        place = f"repos/{repository}/environments/{name}"
        plain = f"echo {shlex.quote(json.dumps(policy))} | gh api --method PUT {place} --input -"
        yield plain if name == "release" else _approved_by_me(place)
        yield (
            f"gh api repos/{repository} --jq '{{name: .default_branch}}' | "
            f"gh api --method POST {place}/deployment-branch-policies --input -"
        )
        yield f"gh secret set RELEASE_APP_KEY --repo {repository} --env={name} < KEY.pem"


def _secrets(report: AdoptReport) -> Iterator[str]:
    into = f"--repo {report.repository} {shlex.quote(f'--env={report.environment}')}"
    if report.deployer == "none":
        yield "# The step that deploys logs in with secrets of only that environment: set each by `gh secret set` with"
        yield f"#   {into}"
        return
    yield "# AWX credentials as secrets of that environment (each line prompts for the value); then delete the others"
    for name in ("AWX_HOST", "AWX_USER", "AWX_USER_PASSWORD"):
        yield f"gh secret set {name} {into}"


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
