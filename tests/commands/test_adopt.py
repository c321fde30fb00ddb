"""The command `adopt` as a process, in a clone of a stack: what it shows, what it writes, and what it refuses to."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frag_release.domain.reports.adopt import AdoptReport
from frag_release.render import adopt as page
from frag_release.render.links import Links
from world.git import run_git
from world.level_one import BEFORE, with_level_one
from world.loopback import Request
from world.openapi import github_description

FILE = ".github/workflows/build-main.yaml"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a stack as it is before the gate."""
    folder = tmp_path / "clone"
    run_git(["init", "--quiet", str(folder)])
    run_git(["remote", "add", "origin", "git@github.example:xchem/fragalysis-stack.git"], folder)
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).write_text(BEFORE, "utf-8")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit all that is there."""
    run_git(["add", "--all"], folder)
    run_git(["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message=x"], folder)


@pytest.fixture
def adopt(action_folder: Path, clone: Path) -> Run:
    """Runs adopt in the clone with these options."""

    def start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-B", "-I", "-X", "utf8", str(action_folder / "scripts"), "adopt", *arguments]
        env = {**os.environ, **environ}
        return subprocess.run(
            command, env=env, cwd=clone / ".github", capture_output=True, encoding="utf-8", check=False
        )

    return start


def test_a_stack_that_deploys_by_itself_gets_no_secrets_of_awx(adopt: Run) -> None:
    """With deployer none the settings that remain name no secret; by default they are AWX's."""
    assert "gh secret set AWX_HOST --repo xchem/fragalysis-stack" in adopt().stdout
    settings = adopt("--deployer", "none").stdout.partition("Settings that remain")[2]
    assert "secrets of that environment alone" in settings
    assert "AWX_" not in settings


def test_the_change_is_shown_then_written_then_there(adopt: Run, clone: Path, tmp_path: Path) -> None:
    """Without options nothing is written; with --write the file is the README's; then there is nothing to do."""
    shown = adopt("--report", str(tmp_path / "report.json"))
    assert (shown.returncode, (clone / FILE).read_text("utf-8")) == (0, BEFORE)
    assert shown.stdout.startswith("The change that puts the gate in front: 17 lines more, 1 line less.\n")
    assert "\n-    needs: build\n+    needs: [gate, build]\n" in shown.stdout
    diff = json.loads((tmp_path / "report.json").read_text("utf-8"))["diff"]
    assert run_git(["apply", "--check", "-"], clone, diff.encode()) == b""
    mode = (clone / FILE).stat().st_mode

    written = adopt("--write")
    assert (written.returncode, (clone / FILE).read_text("utf-8")) == (0, with_level_one(BEFORE)), written.stderr
    assert (clone / FILE).stat().st_mode == mode
    assert run_git(["status", "--porcelain"], clone) == f" M {FILE}\n".encode()

    again = adopt("--write")
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "Nothing to do: the gate is in front.")
    assert (clone / FILE).read_text("utf-8") == with_level_one(BEFORE)


def test_check_shows_the_rows_of_the_file_alone(adopt: Run, clone: Path) -> None:
    """Of a file before the gate all rows fail; with level 1 two are left, which it does not mend."""
    failed = re.findall(r"(?m)^FAIL +workflow +(\S+)", adopt("--check").stdout)
    first = ["gate-used", "gate-needed", "gate-asked", "gate-told", "gate-alone"]
    assert failed == [*first, "staging-environment", "deployment-failures"]
    (clone / FILE).write_text(with_level_one(BEFORE), "utf-8")
    done = adopt("--check")
    assert re.findall(r"(?m)^FAIL +workflow +(\S+)", done.stdout) == ["staging-environment", "deployment-failures"]
    assert (done.returncode, re.findall(r"(?m)^PASS +workflow +(\S+)", done.stdout)) == (1, ["workflow-file", *first])


def uncommitted(clone: Path) -> None:
    """A change that nobody has committed."""
    (clone / FILE).write_text(BEFORE.replace("2023.05.4", "2023.05.5"), "utf-8")


def staged(clone: Path) -> None:
    """A change that is staged, while the file itself is as it was committed."""
    uncommitted(clone)
    run_git(["add", FILE], clone)
    (clone / FILE).write_text(BEFORE, "utf-8")


def untracked(clone: Path) -> None:
    """A file that git does not know."""
    run_git(["rm", "--quiet", "--cached", FILE], clone)


def linked(clone: Path) -> None:
    """The file itself is a link that leads out of the clone."""
    (clone / FILE).rename(clone.parent / "outside.yaml")
    (clone / FILE).symlink_to(clone.parent / "outside.yaml")


def linked_folder(clone: Path) -> None:
    """A folder on the way is a link that leads out of the clone."""
    (clone / ".github" / "workflows").rename(clone.parent / "outside")
    (clone / ".github" / "workflows").symlink_to(clone.parent / "outside")


@pytest.mark.parametrize(("prepare", "why"), [
    (uncommitted, "is not as it was committed: it has changes."),
    (staged, "is not as it was committed: it has staged changes."),
    (untracked, "is not as it was committed: git does not know it yet."),
    (linked, "is a symbolic link, is reached by one, or cannot be read"),
    (linked_folder, "is a symbolic link, is reached by one, or cannot be read"),
])  # fmt: skip
def test_what_could_not_be_taken_back_is_not_written(
    adopt: Run, clone: Path, prepare: Callable[[Path], None], why: str
) -> None:
    """A file with uncommitted changes, and one that lies behind a link, stay as they are."""
    prepare(clone)
    before = (clone / FILE).read_bytes()
    done = adopt("--write")
    assert (done.returncode, (clone / FILE).read_bytes()) == (1, before)
    assert f"{FILE} {why}" in done.stderr


def test_a_clone_of_a_stranger_runs_nothing(adopt: Run, clone: Path, tmp_path: Path) -> None:
    """Hooks, monitors and filters of the clone are not started, its host is not believed, no control sign printed."""
    planted = tmp_path / "planted"
    hook = clone / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {planted}\n", "utf-8")
    hook.chmod(0o755)
    text = BEFORE.replace("# A stack's", "# \u202eA stack's").replace("name: Deploy staging", r'name: "a\e[2J\u009b"')
    (clone / FILE).write_text(text, "utf-8")
    (clone / ".gitattributes").write_text("*.yaml filter=evil\n", "utf-8")
    commit(clone)
    for name in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.external", "core.sshCommand"):
        run_git(["config", name, f"touch {planted}; cat"], clone)
    planted.unlink(missing_ok=True)
    os.utime(clone / FILE, (1, 1))
    done = adopt("--write")
    assert (done.returncode, planted.exists()) == (0, False), done.stderr
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.stdout + done.stderr)
    assert "github.example" not in done.stdout


@pytest.mark.parametrize(("arguments", "environ", "status", "told"), [
    ((), {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "x/y"}, 2, "Run it in a terminal, in a clone of the stack"),
    (("--check", "--write"), {}, 2, "Check first, then write."),
    (("--workflow-file", "x.yaml"), {}, 1, f"There are: {FILE}."),
    (("--build-jobs", "bild"), {}, 2, "It has: build, deploy-staging, deploy-production."),
    (("--action", "x"), {}, 2, "Use OWNER/NAME@REF"),
    (("--backend-image", "ghcr.io/${{ x }}"), {}, 2, "input backend-image cannot be"),
])  # fmt: skip
def test_wrong_use_says_what_to_do(
    adopt: Run, arguments: tuple[str, ...], environ: dict[str, str], status: int, told: str
) -> None:
    """In a workflow, with options that contradict each other, and for names that are not there."""
    done = adopt(*arguments, **environ)
    assert done.returncode == status
    assert told in done.stdout + done.stderr


def test_a_file_that_takes_no_change_is_left_with_the_lines(adopt: Run, clone: Path) -> None:
    """The reason comes with its line, then the lines to put in, and nothing is written."""
    text = BEFORE.replace("\n  deploy-production:\n", "\n  deploy-production: &it\n")
    (clone / FILE).write_text(text, "utf-8")
    commit(clone)
    done = adopt("--write")
    assert (done.returncode, (clone / FILE).read_text("utf-8")) == (1, text)
    line = text.splitlines().index("  deploy-production: &it") + 1
    reason = f"the job deploy-production has an anchor, an alias or a tag (line {line})."
    assert f"Nothing can be written safely: {reason}\nPut these lines in yourself:\n" in done.stdout
    assert "      needs: [gate, build]\n      if: needs.gate.outputs.deploy-production == 'true' && (" in done.stdout


def test_a_pair_that_is_not_found_is_asked_for(adopt: Run, clone: Path) -> None:
    """Without the usual variables the reason names those that are there, and with options they are told to the gate."""
    (clone / FILE).write_text(BEFORE.replace("  BE_IMAGE_TAG: 2023", "  API_TAG: 2023"), "utf-8")
    done = adopt()
    assert done.returncode == 1
    assert "The top-level env: has API_TAG, FE_IMAGE_TAG, BE_NAMESPACE, FE_NAMESPACE. Name the variable" in done.stdout
    done = adopt("--backend-variable", "API_TAG", "--backend-repository", "acme/api")
    assert "\n+        backend-repository: acme/api\n+        backend-variable: API_TAG\n" in done.stdout


def lines_of(report: AdoptReport) -> list[list[str]]:
    """The commands of a page, as a shell takes them apart."""
    return [shlex.split(line) for line in page.text(report).split("\n") if " gh api " in f" {line}"]


def test_the_settings_can_be_pasted_and_are_githubs(adopt_report: AdoptReport) -> None:
    """Each line is taken by a shell whatever the environment is called, and what it sends is as GitHub describes it."""
    report = replace(adopt_report, environment="it's; $(id) `id`/é")
    place = "repos/xchem/fragalysis-stack/environments/it%27s%3B%20%24%28id%29%20%60id%60%2F%C3%A9"
    creation, keeping, reviewers, *patterns = lines_of(report)
    bodies: list[Any] = [json.loads(one[1]) for one in (creation, keeping)]
    assert [[rule["type"] for rule in one["rules"]] for one in bodies] == [["creation"], ["update", "deletion"]]
    assert [len(one["bypass_actors"]) for one in bodies] == [1, 0]
    policy = {"protected_branches": False, "custom_branch_policies": True}
    sent = [
        ("POST", "repos/xchem/fragalysis-stack/rulesets", bodies[0]),
        ("POST", "repos/xchem/fragalysis-stack/rulesets", bodies[1]),
        ("PUT", place, {"reviewers": [{"type": "User", "id": 1}], "deployment_branch_policy": policy}),
        *(("POST", f"{place}/deployment-branch-policies", dict(part.split("=", 1) for part in one[6::2]))
          for one in patterns),
    ]  # fmt: skip
    assert [one[sent_at] for one, sent_at in ((reviewers, -3), (patterns[0], 4))] == [place, sent[3][1]]
    for method, path, body in sent:
        headers = {"content-type": "application/json", "x-github-api-version": "2022-11-28", "user-agent": "gh"}
        request = Request(method, f"/{path}", {}, headers, json.dumps(body).encode(), f"/{path}")
        assert github_description().request_faults(request) == []
    assert "https://github.com/organizations/xchem/settings/apps/new?name=" in page.text(report)
    assert page.summary(report, Links("")).startswith("## Nothing to do")


@pytest.fixture
def adopt_report() -> AdoptReport:
    """A report of a file in which nothing is left to do."""
    import datetime

    moment = datetime.datetime(2026, 8, 1, tzinfo=datetime.timezone.utc)
    return AdoptReport("1.0.0", moment, "xchem/fragalysis-stack", FILE, [], environment="production")
