"""`make demo`: the gate, a plan and an audit on real git repositories of the worked example, with an HTML page.

Runs the program as users do, prints its decisions and reasons, and fails if they are not those of the example's story.
Standard library only; without the optional packages the page is plainer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from demo_page import Shown, write_page  # noqa: E402
from world.example import Example, add_branch_like_tag, add_off_production_release, build_example  # noqa: E402

STACK = "xchem/fragalysis-stack"
BUILD = ROOT / "build"
OUT = BUILD / "demo"


@dataclass(frozen=True)
class Case:
    """A command and the result that the story requires.

    `failed` are the blocking rules, `image_tag` is the tag of the stack's image. `ref` is empty for commands that judge
    no ref; `more` are their own options.
    """

    name: str
    title: str
    ref: str
    verdict: str
    status: int
    failed: Sequence[str] = ()
    image_tag: str = ""
    command: str = "gate"
    more: Sequence[str] = ()


BEFORE = (
    Case("good-release", "A good release", "refs/tags/2023.06.2", "deploy", 0, image_tag="2023.06.2"),
    Case(
        "release-candidate",
        "A release candidate",
        "refs/tags/2023.06.2-rc.1",
        "build-only",
        0,
        image_tag="2023.06.2-rc.1",
    ),
    Case("stack-branch", "The stack branch", "refs/heads/master", "build-only", 0, image_tag="latest"),
)
OFF_PRODUCTION = Case(
    "backend-off-production",
    "A backend that is not on production",
    "refs/tags/2023.06.3",
    "blocked",
    1,
    ("pin-on-branch:backend",),
)
ROLLBACK = Case(
    "plan-that-goes-back",
    "A plan that takes the backend back",
    "",
    "build-only",
    0,
    command="prepare",
    more=("--backend-tag", "2023.03.1", "--dry-run", "true"),
)
HISTORY = Case("history", "All releases, judged by the same rules", "", "blocked", 1, command="audit")
LOOK_ALIKE = Case(
    "branch-named-like-a-release",
    "A branch that is named like a release",
    "refs/heads/2023.06.2",
    "build-only",
    0,
)


def main() -> int:
    """Build the repositories, run the cases, print, write the page; return 1 if a result is not as required."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    # So that none of this is ever committed, regardless of the repository's .gitignore.
    (BUILD / ".gitignore").write_text("*\n", encoding="utf-8")
    repositories = OUT / "repositories"
    repositories.mkdir()
    example = build_example(repositories)
    print(f"Three git repositories were made in {_shown(repositories)}:\n{_listed(example)}")
    print("Local clones have no CI runs and no images, so these two checks are switched off here.")
    shown = [_ask(case, repositories) for case in (*BEFORE, ROLLBACK)]
    # Only now: with it as the highest tag, 2023.06.2 would be a step back.
    add_off_production_release(example)
    shown += [_ask(case, repositories) for case in (OFF_PRODUCTION, HISTORY)]
    add_branch_like_tag(example)
    shown.append(_ask(LOOK_ALIKE, repositories))
    good, candidate, branch, plan, off, history, look_alike = shown
    page = write_page([good, off, plan, history, candidate, branch, look_alike], OUT, BUILD / "mermaid")
    wrong = [one for one in shown if one.problem]
    print(f"\nSummaries: {_shown(OUT)}/NAME.md and, for a browser, {_shown(page)}")
    print(f"{len(shown) - len(wrong)} of {len(shown)} results are as required.")
    return 1 if wrong else 0


def _ask(case: Case, repositories: Path) -> Shown:
    """Run the command as a user would, with the summary in a file as on a runner."""
    chosen = [*(["--ref", case.ref] if case.ref else []), *case.more]
    arguments = [case.command, "--local", str(repositories), "--stack-repository", STACK, *chosen]
    arguments += ["--check-ci", "false", "--check-images", "false"]
    summary, report = OUT / f"{case.name}.md", OUT / f"{case.name}.json"
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "scripts", *arguments, "--report", str(report)],
        cwd=ROOT,
        env=_environment(summary),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=600,
        check=False,
    )
    answer: dict[str, Any] = json.loads(report.read_text("utf-8")) if report.is_file() else {}
    problem = _problem(case, answer, done.returncode)
    _print(case, answer, done, problem)
    command = f"python3 scripts {case.command} --local {_shown(repositories)} {' '.join(chosen)} …"
    markdown = summary.read_text("utf-8") if summary.is_file() else f"```text\n{done.stdout}{done.stderr}\n```"
    return Shown(case.name, case.title, case.ref, command, answer.get("verdict", "none"), markdown, problem)


def _environment(summary: Path) -> dict[str, str]:
    foreign = ("GITHUB_", "INPUT_", "RUNNER_", "ACTIONS_", "GIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "GITHUB_STEP_SUMMARY": str(summary)}


def _problem(case: Case, answer: dict[str, Any], status: int) -> str:
    """What differs from the story; empty if nothing does."""
    image = str((answer.get("stack") or {}).get("image") or "")
    blocking = [one for one in answer.get("findings", ()) if one["status"] in ("fail", "unknown")]
    failed = tuple(f"{one['rule']}:{one['subject']}" for one in blocking)
    checks = (
        ("verdict", answer.get("verdict"), case.verdict),
        ("exit status", status, case.status),
        ("refusing rules", failed, tuple(case.failed)),
    )
    wrong = [f"{what} is {seen!r} and must be {wanted!r}" for what, seen, wanted in checks if seen != wanted]
    if case.image_tag and not image.endswith(f":{case.image_tag}"):
        wrong.append(f"image is {image!r} and must have the tag {case.image_tag!r}")
    # The image of a branch may have any tag but the release's.
    if not case.image_tag and image.endswith(":2023.06.2"):
        wrong.append(f"image is {image!r}, which is the release's")
    return "; ".join(wrong)


def _print(case: Case, answer: dict[str, Any], done: subprocess.CompletedProcess[str], problem: str) -> None:
    # The progress lines at the start are not the result.
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("Looking ", "Reading "))]
    why = lines[1] if len(lines) > 1 else done.stderr.strip()[-400:] or "no output"
    facts = [("verdict", f"{answer.get('verdict', 'none')} (exit status {done.returncode})"), ("why", why)]
    for finding in answer.get("findings", ()):
        if finding["status"] in ("fail", "unknown"):
            facts.append((finding["status"], f"{finding['rule']} {finding['subject']}: {finding['message']}"))
            facts.append(("what to do", finding["remedy"]))
    facts.append(("image", (answer.get("stack") or {}).get("image") or "none"))
    if problem:
        facts += [
            ("WRONG", problem),
            *(("", line) for line in (done.stdout + done.stderr).splitlines()[-20:]),
        ]
    print(f"\n{case.title}: {case.ref or case.command}")
    print("\n".join(f"  {what.ljust(10)}  {value}" for what, value in facts))


def _listed(example: Example) -> str:
    return "\n".join(
        f"  {name.ljust(20)}  tags {', '.join(sorted(tags))}" for name, tags in sorted(example.commits.items())
    )


def _shown(path: Path) -> Path:
    """The path relative to the repository's folder."""
    return path.relative_to(ROOT)


if __name__ == "__main__":
    sys.exit(main())
