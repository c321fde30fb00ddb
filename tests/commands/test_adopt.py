"""The command `adopt` as a process, in a clone of a stack: what it shows, what it writes, and what it refuses to."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands.conftest import World
from contract.sources import ROOT
from frag_release.domain.refs import DEFAULT_FORMAT, TagFormat
from frag_release.domain.reports.adopt import AdoptReport, Found, OtherFile
from frag_release.render import adopt as page
from frag_release.render.wording import Links
from world.emulate import node
from world.example import add_off_production_release
from world.git import run_git
from world.github_server import TOKEN
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
def own_action(action_folder: Path, tmp_path: Path) -> Path:
    """The action as a clone of it lies on a disk: with the examples."""
    folder = tmp_path / "action"
    folder.mkdir()
    for name in ("scripts", "vendor"):
        (folder / name).symlink_to(action_folder / name)
    (folder / "examples").symlink_to(ROOT / "examples")
    return folder


@pytest.fixture
def adopt(own_action: Path, clone: Path) -> Run:
    """Runs adopt in the clone with these options."""

    def start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-B", "-I", "-X", "utf8", str(own_action / "scripts"), "adopt", *arguments]
        env = {**os.environ, **environ}
        return subprocess.run(
            command, env=env, cwd=clone / ".github", capture_output=True, encoding="utf-8", check=False
        )

    return start


def test_a_stack_that_deploys_by_itself_gets_no_secrets_of_awx(adopt: Run) -> None:
    """With deployer none the settings that remain name no secret; by default they are AWX's."""
    assert "gh secret set AWX_HOST --repo xchem/fragalysis-stack" in adopt().stdout
    settings = adopt("--deployer", "none").stdout.partition("Settings still to make")[2]
    assert "secrets of only that environment" in settings
    assert "AWX_" not in settings


def test_the_change_is_shown_then_written_then_there(adopt: Run, clone: Path, tmp_path: Path) -> None:
    """Without options nothing is written; with --write the file is the README's; then there is nothing to do."""
    shown = adopt("--report", str(tmp_path / "report.json"))
    assert (shown.returncode, (clone / FILE).read_text("utf-8")) == (0, BEFORE)
    assert shown.stdout.startswith("The change that puts the gate in front: 17 lines added, 1 line removed.\n")
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


def others(clone: Path) -> dict[str, str]:
    """What the other files hold, by their names."""
    files = [one for one in (clone / FILE).parent.iterdir() if one.name != "build-main.yaml"]
    return {one.name: one.read_text("utf-8") for one in files}


def test_a_new_stack_gets_every_file(adopt: Run, clone: Path) -> None:
    """Where there is none, --all --write leaves the examples themselves; then there is nothing to do, nor to add."""
    run_git(["rm", "-r", "--quiet", ".github"], clone)
    (clone / ".github").mkdir()
    shown = adopt("--all")
    assert (shown.returncode, list((clone / ".github").iterdir())) == (0, [])
    assert shown.stdout.startswith("The gate is in front; 7 files to add.\n"), shown.stderr
    assert adopt("--all", "--check").returncode == 1
    assert adopt("--all", "--write").stdout.startswith("The gate is in front; 7 files added.\n")
    examples = {one.name: one.read_text("utf-8") for one in (ROOT / "examples").iterdir() if one.stem != "component"}
    assert {**others(clone), "build-main.yaml": (clone / FILE).read_text("utf-8")} == examples
    commit(clone)
    again = adopt("--all", "--write")
    assert again.stdout.startswith("Nothing to do: the gate is in front.\n")
    assert run_git(["status", "--porcelain"], clone) == b""
    assert adopt("--all", "--check").stdout.count(": exists\n") == 6


def test_a_stack_with_other_names_gets_what_it_lacks(adopt: Run, clone: Path, tmp_path: Path) -> None:
    """A file that is there is shown and left; names that are given go into the configuration file, not to the gate."""
    (clone / FILE).with_name("audit.yaml").write_text("on: push\njobs: {}\n", "utf-8")
    commit(clone)
    given = ("--all", "--backend-repository", "xchem/api", "--frontend-branch", "main", "--stack-branch", "trunk")
    done = adopt(*given, "--write")
    assert done.stdout.startswith("The change was written: 17 lines added, 1 line removed; 6 files added.\n"), (
        done.stderr
    )
    assert "audit.yaml: exists, and differs. It is left" in done.stdout
    assert "    -jobs: {}\n" in done.stdout
    assert "xchem/api" not in (clone / FILE).read_text("utf-8")
    assert (clone / ".github" / "frag-release.yaml").read_text("utf-8").partition("\n")[2] == (
        "stack-branch: trunk\ncomponents:\n  backend:\n    repository: xchem/api\n"
        "  frontend:\n    repository: xchem/fragalysis-frontend\n    branch: main\n"
    )
    made = others(clone)
    assert made.pop("audit.yaml") == "on: push\njobs: {}\n"
    assert set(made) == {
        f"{name}.yaml" for name in ("prepare-release", "publish-release", "release", "deploy", "doctor")
    }
    commit(clone)
    again = adopt("--all", "--write", "--report", str(tmp_path / "report.json"))
    assert again.stdout.startswith("Nothing to do: the gate is in front.\n")
    assert run_git(["status", "--porcelain"], clone) == b""
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [one["file"] for one in report["files"] if one["missing"] or one["diff"]] == [".github/workflows/audit.yaml"]
    other = adopt("--all", "--backend-branch", "next")
    assert "frag-release.yaml: exists, and differs" in other.stdout
    assert "\n        branch: next\n" in other.stdout


def test_with_a_link_in_the_way_nothing_at_all_is_written(adopt: Run, clone: Path, tmp_path: Path) -> None:
    """A link in the place of one of the other files is not followed, and no other file is written either."""
    (clone / FILE).with_name("doctor.yaml").symlink_to(tmp_path / "outside")
    done = adopt("--all", "--write")
    assert (done.returncode, (clone / FILE).read_text("utf-8")) == (1, BEFORE)
    assert "doctor.yaml is a symbolic link" in done.stderr
    assert (others_there(clone), (tmp_path / "outside").exists()) == (["doctor.yaml"], False)


def test_without_the_examples_nothing_at_all_is_written(adopt: Run, own_action: Path, clone: Path) -> None:
    """An unpacked release has none of them, which is said before the workflow is changed."""
    (own_action / "examples").unlink()
    done = adopt("--all", "--write")
    assert (done.returncode, (clone / FILE).read_text("utf-8")) == (1, BEFORE)
    assert "Run it from a clone of the action" in done.stderr


def others_in(clone: Path) -> list[Path]:
    """The files that the examples have names for, beside the workflow."""
    return [(clone / FILE).with_name(one) for one in others_there(clone) if (ROOT / "examples" / one).exists()]


def others_there(clone: Path) -> list[str]:
    """The names beside the workflow."""
    return [one.name for one in (clone / FILE).parent.iterdir() if one.name != "build-main.yaml"]


def last_releases(shown: str) -> list[str]:
    """The lines about the last releases."""
    _, _, rest = shown.partition("\nThe last releases, by today's rules:\n")
    return rest.partition("\n\n")[0].split("\n")


def test_the_last_releases_are_judged_by_the_clones(adopt: Run, clone: Path, unseeded: World) -> None:
    """Without a token a wrong pair is told, no other is called fine, and a pair without its clone was not checked."""
    example = unseeded.example
    add_off_production_release(example)
    example.stack.checkout()
    shutil.rmtree(clone)
    shutil.copytree(example.folder, clone.parent / "beside", symlinks=True)
    (clone.parent / "beside" / "fragalysis-stack").rename(clone.parent / "beside" / "of-another-name")
    clone.symlink_to(clone.parent / "beside" / "of-another-name")
    (clone / ".github").mkdir(exist_ok=True)
    given = ("--stack-repository", "xchem/fragalysis-stack")
    none = "not checked: CI, images, release.json"
    assert last_releases(adopt(*given).stdout) == [
        "  2023.06.3 | backend 2023.05.2, frontend 2023.05.4 | ❌ breaks a rule",
        "    FAIL  pin-on-branch  backend  2023.05.2 of xchem/fragalysis-backend is not on production.",
        f"  2023.06.2 | backend 2023.05.1, frontend 2023.05.4 | nothing wrong found; {none}",
        f"  2023.06.1 | backend 2023.03.1, frontend 2023.05.3 | nothing wrong found; {none}",
        "  Not checked without a token: CI, images, release.json. Set GITHUB_TOKEN to check them on GitHub.",
    ]
    shutil.rmtree(clone.parent / "beside" / "fragalysis-backend")
    ends = [line.rpartition(" | ")[2] for line in last_releases(adopt(*given).stdout) if " | " in line]
    assert ends == ["not checked"] * 3


def test_the_last_releases_are_judged_by_github(adopt: Run, unseeded: World) -> None:
    """With a token CI and images count as well; the token comes into no page, and without GitHub nothing is fine."""
    add_off_production_release(unseeded.example)
    world = unseeded.seed()
    given = ("--registry-url", world.registry.url)
    environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": world.github.url}
    done = adopt(*given, **environ)
    lines = [line for line in last_releases(done.stdout) if " | " in line]
    assert [line.split(" | ")[0].strip() for line in lines] == ["2023.06.3", "2023.06.2", "2023.06.1"]
    assert [line.split(" | ")[2] for line in lines] == ["❌ breaks a rule", "fine", "fine"]
    assert TOKEN not in done.stdout + done.stderr
    environ["GITHUB_API_URL"] = "http://127.0.0.1:9"
    lost = last_releases(adopt(*given, **environ).stdout)
    assert lost[0].startswith("  Not judged: The list of tags of xchem/fragalysis-stack")


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


def linked_top(clone: Path) -> None:
    """The first folder is a link that leads to another one of the clone, where the same files are."""
    (clone / ".github").rename(clone / "elsewhere")
    (clone / ".github").symlink_to(clone / "elsewhere")


@pytest.mark.parametrize(("prepare", "why"), [
    (uncommitted, "is not as it was committed: it has changes."),
    (staged, "is not as it was committed: it has staged changes."),
    (untracked, "is not as it was committed: it is not tracked by git yet."),
    (linked, "is a symbolic link, is reached by one, or cannot be read"),
    (linked_folder, "is a symbolic link, is reached by one, or cannot be read"),
    (linked_top, "is a symbolic link, is reached by one, or cannot be read"),
])  # fmt: skip
def test_what_could_not_be_taken_back_is_not_written(
    adopt: Run, clone: Path, prepare: Callable[[Path], None], why: str
) -> None:
    """A file with uncommitted changes, and one that lies behind a link, stay as they are."""
    prepare(clone)
    before = (clone / FILE).read_bytes()
    done = adopt("--write")
    assert (done.returncode, (clone / FILE).read_bytes()) == (1, before)
    assert f" {why}" in done.stderr


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


def test_names_in_a_strangers_clone_are_only_shown(adopt: Run, clone: Path, tmp_path: Path) -> None:
    """Files, tags, branches and environments may be called as they like: no control sign of theirs is printed."""
    sign = "\x1b[2J\x9b\u202e\n::error::x"
    (clone / FILE).with_name(f"{sign[:6]}::.yaml").write_text("a", "utf-8")
    run_git(["branch", "-m", "\u202emain\u009b"], clone)
    for tag in ("2023.06.1", "\u202e2023.06.2", "--upload-pack=touch"):
        run_git(["update-ref", f"refs/tags/{tag}", "HEAD"], clone)
    text = BEFORE.replace("environment: awx/fragalysis-production", r'environment: "a\e[2J\u202eproduction $(id)`id`"')
    text = text.replace("name: build main", r'name: "b\e[2J\n::error::x"')
    (clone / FILE).write_text(text, "utf-8")
    commit(clone)
    for done in (adopt("--workflow-file", "x.yaml"), adopt("--all", "--write"), adopt("--check", "--all")):
        shown = done.stdout + done.stderr
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]|^::", shown, re.M), shown
        assert "Internal error" not in shown
    assert len(others_in(clone)) == 6
    command = [node(), str(ROOT / "tests" / "lint_workflows.mjs"), *map(str, others_in(clone))]
    lint = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (lint.returncode, lint.stderr) == (0, "")


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
    assert f"Nothing can be written safely: {reason}\nAdd these lines yourself:\n" in done.stdout
    assert "      needs: [gate, build]\n      if: needs.gate.outputs.deploy-production == 'true' && (" in done.stdout


def test_a_stack_with_its_own_runners_gets_no_job_that_waits_for_githubs(adopt: Run, clone: Path) -> None:
    """On a server without GitHub's runners a job for them would wait for ever: every file takes the build's labels."""
    text = BEFORE.replace("runs-on: ubuntu-latest", "runs-on: [self-hosted, linux]")
    (clone / FILE).write_text(text, "utf-8")
    commit(clone)
    done = adopt("--all", "--write")
    assert done.returncode == 0, done.stderr
    found = [re.findall(r"runs-on: .*", one.read_text("utf-8")) for one in (clone / FILE).parent.iterdir()]
    assert len(found) == 7
    assert {line for lines in found for line in lines} == {"runs-on: [self-hosted, linux]"}
    commit(clone)
    assert adopt("--all", "--write").stdout.startswith("Nothing to do: the gate is in front.\n")


def test_tags_of_another_format_are_not_called_none(adopt: Run, clone: Path) -> None:
    """If no tag of the stack is a release by tag-format, the gate would let none through: the right format is named."""
    run_git(["tag", "v1.4.2"], clone)
    run_git(["tag", "nightly"], clone)
    assert last_releases(adopt().stdout)[0] == (
        "  Not judged: xchem/fragalysis-stack has no production tag: v1.4.2 is not N.N.N, "
        "and neither is any other tag. v1.4.2 has a v in front, but tag-format (YEAR.MONTH.ITERATION) has no v: set "
        "tag-format to vN.N.N if that is how the repository tags its releases. Until then the gate lets no tag deploy."
    )
    run_git(["tag", "--delete", "v1.4.2"], clone)
    assert last_releases(adopt().stdout)[0] == "  Not judged: There is no release to judge yet."


def test_a_staging_that_the_change_would_stop_is_told(adopt: Run, clone: Path) -> None:
    """A job that deploys to both is changed, and the page says that staging ends with it."""
    both = "${{ github.ref_type == 'tag' && 'awx/production' || 'awx/staging' }}"
    before, _, production = BEFORE.partition("\n  deploy-production:\n")
    (clone / FILE).write_text(
        f"{before}\n  deploy:\n" + production.replace("environment: awx/fragalysis-production", f"environment: {both}"),
        "utf-8",
    )
    commit(clone)
    done = adopt("--write")
    assert (done.returncode, "needs: [gate, build]" in (clone / FILE).read_text("utf-8")) == (0, True), done.stderr
    assert re.search(
        r"WARN +danger +shared-deployment +.* deploy \(its environment is an expression, line", done.stdout
    )


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
    creation, keeping, review, immutable, reviewers, *patterns = lines_of(report)
    bodies: list[Any] = [json.loads(one[1]) for one in (creation, keeping, review)]
    kinds = [[rule["type"] for rule in one["rules"]] for one in bodies]
    assert kinds == [["creation"], ["update", "deletion"], ["pull_request"]]
    assert [len(one["bypass_actors"]) for one in bodies] == [1, 0, 0]
    policy = {"protected_branches": False, "custom_branch_policies": True}
    sent = [
        *(("POST", "repos/xchem/fragalysis-stack/rulesets", body) for body in bodies),
        ("PUT", "repos/xchem/fragalysis-stack/immutable-releases", None),
        ("PUT", place, {"reviewers": [{"type": "User", "id": 1}], "deployment_branch_policy": policy}),
        *(("POST", f"{place}/deployment-branch-policies", dict(part.split("=", 1) for part in one[6::2]))
          for one in patterns),
    ]  # fmt: skip
    assert [one[sent_at] for one, sent_at in ((reviewers, -3), (patterns[0], 4), (immutable, 4))] == [
        place, sent[5][1], sent[3][1],
    ]  # fmt: skip
    for method, path, body in sent:
        headers = {"content-type": "application/json", "x-github-api-version": "2022-11-28", "user-agent": "gh"}
        content = json.dumps(body).encode() if body else b""
        request = Request(method, f"/{path}", {}, headers, content, f"/{path}")
        assert github_description().request_faults(request) == []
    assert "https://github.com/organizations/xchem/settings/apps/new?name=" in page.text(report)
    assert page.summary(report, Links("")).startswith("## Nothing to do")


@pytest.mark.parametrize(("form", "patterns"), [
    ("vYEAR.MONTH.ITERATION", [f"v{'[0-9]' * 4}.{'[0-9]' * 2}.[0-9]", f"v{'[0-9]' * 4}.{'[0-9]' * 2}.[0-9][0-9]"]),
    ("N.N.N", ["[0-9]*.[0-9]*.[0-9]*"]), ("vN.N.N", ["v[0-9]*.[0-9]*.[0-9]*"]),
])  # fmt: skip
def test_the_environment_lets_in_the_tags_of_the_stack(
    adopt_report: AdoptReport, form: str, patterns: list[str]
) -> None:
    """The patterns are of the form in which the stack writes its tags, which others would keep out of production."""
    lines = lines_of(replace(adopt_report, tag_format=TagFormat(form)))
    named = [word for line in lines for word in line if word.startswith("name=") and "type=tag" in line]
    assert named == [f"name={one}" for one in patterns]


def test_with_all_the_settings_of_the_forms_are_told(adopt_report: AdoptReport) -> None:
    """Both environments of the forms take the default branch alone, and each gets the key of the app."""
    report = replace(adopt_report, files=[OtherFile(".github/workflows/release.yaml")])
    more = [line for line in page.text(report).split("\n") if line not in page.text(adopt_report).split("\n")]
    place = "repos/xchem/fragalysis-stack/environments"
    plain, approved = [shlex.split(line) for line in more if "--method PUT" in line]
    assert [plain[-3], approved[-3]] == [f"{place}/release", f"{place}/release-approved"]
    assert json.loads(plain[1])["deployment_branch_policy"]["custom_branch_policies"]
    assert "reviewers: [" in approved[4]
    assert sum("{name: .default_branch}" in line for line in more) == 2
    assert [line.split()[-3] for line in more if "gh secret set" in line] == ["--env=release", "--env=release-approved"]
    assert sum("gh variable set RELEASE_APP_CLIENT_ID" in line for line in more) == 1


@pytest.fixture
def adopt_report() -> AdoptReport:
    """A report of a file in which nothing is left to do."""
    import datetime

    moment = datetime.datetime(2026, 8, 1, tzinfo=datetime.timezone.utc)
    return AdoptReport(
        "1.0.0", moment, "xchem/fragalysis-stack", FILE, [], Found((), ()), [], "production", DEFAULT_FORMAT, "awx"
    )
