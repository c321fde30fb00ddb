"""The audit, which asks in bulk, says the same as a slow checker that asks git about one thing at a time."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from frag_release.adapters.git import LocalForge
from frag_release.adapters.github import GithubForge
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.ports import Forge
from frag_release.adapters.registry import RegistryClient
from frag_release.commands.audit import Audit
from frag_release.commands.stack import Stack
from frag_release.inputs.context import Context
from frag_release.inputs.settings.looking import read_audit_settings
from frag_release.inputs.values import Values
from world.clones_on_github import ClonesOnGithub
from world.example import BACKEND, FRONTEND, OWNER, STACK, WORKFLOW_FILE
from world.git import FIRST_DATE, Repo, git_environment
from world.histories import tangled_history

Judged = dict[str, tuple[str, dict[str, str]]]
"""Tag to verdict, and `rule:subject` to status."""

NUMBERS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
NOT_COMPARED = {"tag-commit:stack", "stack-image:stack", "stack-contents:stack", *(f"{rule}:{name}"
                for rule in ("pin-ci", "pin-image", "pin-origin") for name in ("backend", "frontend"))}  # fmt: skip
"""What needs CI, a registry or releases, which clones have not."""


@dataclass(frozen=True)
class Plain:
    """Judges as a person with git would: one question, one process."""

    repos: Mapping[str, Repo]
    said: dict[tuple[str, ...], tuple[int, str]] = field(default_factory=dict)

    def judge(self) -> Judged:
        """Judge every tag of the stack."""
        stack = self.repos[f"{OWNER}/{STACK}"]
        tags = stack.git("for-each-ref", "--format=%(refname:strip=2)", "refs/tags").split()
        return {tag: self._release(stack, tag, [one for one in tags if NUMBERS.fullmatch(one)]) for tag in tags}

    def _release(self, stack: Repo, tag: str, releases: list[str]) -> tuple[str, dict[str, str]]:
        if tag not in releases:
            pins = [self._pin(stack, tag, variable) for variable in ("BE", "FE")]
            missing = {
                f"pin-present:{name}": "warn"
                for name, pin in zip(("backend", "frontend"), pins, strict=True)
                if not pin
            }
            return "build-only", missing
        found = {
            "tag-on-stack-branch:stack": "pass" if self._on(stack, tag, "master") else "fail",
            "tag-unique:stack": "fail" if [one for one in releases if one != tag and key(one) == key(tag)] else "pass",
            "tag-order:stack": "fail" if self._went_back(stack, tag, releases) else "pass",
            "tag-style:stack": "pass" if re.fullmatch(r"2\d\d\d\.(0[1-9]|1[0-2])\.[1-9]\d*", tag) else "warn",
        }
        lower = [one for one in releases if key(one) < key(tag) and self._on(stack, one, "master")]
        previous = max(lower, key=lambda one: (key(one), one), default="")
        found |= self._component(stack, tag, previous, "backend", "BE")
        found |= self._component(stack, tag, previous, "frontend", "FE")
        found["pair-changed:pair"] = self._pair(stack, tag, previous)
        return "blocked" if "fail" in found.values() else "deploy", found

    def _component(self, stack: Repo, tag: str, previous: str, name: str, short: str) -> dict[str, str]:
        repo = self.repos[f"{OWNER}/{BACKEND if name == 'backend' else FRONTEND}"]
        pin, before = self._pin(stack, tag, short), self._pin(stack, previous, short) if previous else ""
        rules = {
            "pin-present": "pass" if pin else "fail",
            "pin-grade": "skipped",
            "pin-exists": "skipped",
            "pin-shadowed": "skipped",
            "pin-on-branch": "skipped",
            "pin-order": "skipped",
        }
        if pin:
            rules["pin-grade"] = "pass" if NUMBERS.fullmatch(pin) else "fail"
            rules["pin-exists"] = "pass" if self._has(repo, f"refs/tags/{pin}") else "fail"
            rules["pin-shadowed"] = "fail" if self._has(repo, f"refs/heads/{pin}") else "pass"
            if rules["pin-exists"] == "pass":
                rules["pin-on-branch"] = "pass" if self._on(repo, pin, "production") else "fail"
        if NUMBERS.fullmatch(pin) and NUMBERS.fullmatch(before):
            rules["pin-order"] = "warn" if key(pin) < key(before) else "pass"
        return {f"{rule}:{name}": status for rule, status in rules.items()}

    def _pair(self, stack: Repo, tag: str, previous: str) -> str:
        now = [self._pin(stack, tag, short) for short in ("BE", "FE")]
        before = [self._pin(stack, previous, short) for short in ("BE", "FE")] if previous else []
        if not before or not all(before):
            return "skipped"
        return "warn" if now == before else "pass"

    def _went_back(self, stack: Repo, tag: str, releases: list[str]) -> bool:
        higher = [one for one in releases if key(one) > key(tag) and self._on(stack, one, "master")]
        return any(self._made(stack, one) < self._made(stack, tag) for one in higher)

    def _made(self, repo: Repo, tag: str) -> int:
        return int(self._run(repo, "for-each-ref", "--format=%(creatordate:unix)", f"refs/tags/{tag}")[1])

    def _on(self, repo: Repo, tag: str, branch: str) -> bool:
        return self._succeeds(
            repo, "merge-base", "--is-ancestor", f"refs/tags/{tag}^{{commit}}", f"refs/heads/{branch}"
        )

    def _has(self, repo: Repo, ref: str) -> bool:
        return self._succeeds(repo, "show-ref", "--verify", "--quiet", ref)

    def _pin(self, stack: Repo, tag: str, short: str) -> str:
        _, text = self._run(stack, "cat-file", "blob", f"refs/tags/{tag}^{{commit}}:{WORKFLOW_FILE}")
        found = re.search(rf"(?m)^  {short}_IMAGE_TAG: (\S+)", text)
        return found[1] if found else ""

    def _succeeds(self, repo: Repo, *arguments: str) -> bool:
        status, _ = self._run(repo, *arguments)
        assert status in (0, 1), arguments
        return status == 0

    def _run(self, repo: Repo, *arguments: str) -> tuple[int, str]:
        asked = (str(repo.path), *arguments)
        if asked not in self.said:
            command = ["git", *arguments]
            done = subprocess.run(command, cwd=repo.path, env=git_environment(), capture_output=True, check=False)
            self.said[asked] = (done.returncode, done.stdout.decode())
        return self.said[asked]


def key(tag: str) -> tuple[int, ...]:
    """The numbers of a tag."""
    return tuple(map(int, tag.split(".")))


def audited(forge: Forge, texts: Mapping[str, str]) -> Judged:
    """What the audit says."""
    given = {"command": "audit", "stack-repository": f"{OWNER}/{STACK}", "stack-branch": "master", **texts}
    settings = read_audit_settings(Values(given), Context())
    registry = RegistryClient(Http(Deadline(60)))
    stack = Stack(settings, forge, Context())
    audit = Audit(settings, stack, registry, FIRST_DATE, lambda line: None, lambda recorded: settings)
    report: Any = audit.run().as_json()
    assert report["complete"], report["missing"]
    return {one["tag"]: (one["verdict"], _statuses(one["findings"])) for one in report["releases"]}


def _statuses(findings: list[dict[str, str]]) -> dict[str, str]:
    found = {f"{one['rule']}:{one['subject']}": one["status"] for one in findings}
    return {name: status for name, status in found.items() if name not in NOT_COMPARED}


@pytest.mark.parametrize("seed", range(6))
def test_clones_give_the_plain_answers(tmp_path: Path, seed: int) -> None:
    """Merges, octopus merges, other roots, nested tags, lost and replaced branches: every finding is the same."""
    repos = tangled_history(tmp_path, seed)
    expected = Plain(repos).judge()
    assert audited(LocalForge(tmp_path, Deadline(60)), {"local": str(tmp_path)}) == expected


@pytest.mark.parametrize("seed", [0, 6, 7])
def test_github_gives_the_plain_answers(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same by comparisons, and the same again by lists of commits."""
    repos = tangled_history(tmp_path, seed)
    expected = Plain(repos).judge()
    server = ClonesOnGithub(repos)
    try:
        for most in (25, 0):
            monkeypatch.setattr("frag_release.adapters.github.repository._MOST_COMPARED", most)
            forge = GithubForge(Http(Deadline(60)), server.url, "")
            assert audited(forge, {"github-api-url": server.url}) == expected
        assert server.errors == []
        assert any("/commits?" in one.request.target for one in server.requests)
        assert any("/compare/" in one.path for one in server.requests)
    finally:
        server.stop()


def test_the_histories_hold_what_they_are_for(tmp_path: Path) -> None:
    """Among the generated histories every rule that can fail fails, and passes, somewhere."""
    seen: dict[str, set[str]] = {}
    for seed in range(6):
        for _, statuses in Plain(tangled_history(tmp_path / str(seed), seed)).judge().values():
            for name, status in statuses.items():
                seen.setdefault(name.partition(":")[0], set()).add(status)
    for rule in ("tag-on-stack-branch", "tag-unique", "tag-order", "pin-present", "pin-grade", "pin-exists"):
        assert seen[rule] >= {"pass", "fail"}, rule
    assert seen["pin-on-branch"] >= {"pass", "fail", "skipped"}
    assert seen["pin-shadowed"] >= {"pass", "fail"}
    assert seen["pin-order"] >= {"pass", "warn", "skipped"}
    assert seen["pair-changed"] >= {"pass", "skipped"}
