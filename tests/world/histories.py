"""Long and tangled histories in one git process each: for the audit, its tests and its benchmark."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from world.example import BACKEND, FRONTEND, OWNER, STACK, WORKFLOW_FILE, Example, workflow_text
from world.git import PERSON, Files, Repo, commit_stream

START = datetime(2010, 1, 4, 9, tzinfo=timezone.utc)


@dataclass
class Import:
    """Commits and tags that go into a repository together. Commits are named by marks until `run`."""

    repo: Repo
    parts: list[bytes] = field(default_factory=list)
    count: int = 0

    def commit(self, branch: str, files: Files, parents: Sequence[str], date: datetime) -> str:
        """Add a commit to a branch, and return its mark."""
        self.count += 1
        text = f"commit {self.count}"
        self.parts.append(commit_stream(f"refs/heads/{branch}", files, text, date, parents, self.count))
        return f":{self.count}"

    def tag(self, name: str, target: str, date: datetime | None = None) -> None:
        """Add a tag; an annotated one where it has a date of its own."""
        if date is None:
            self.parts.append(f"reset refs/tags/{name}\nfrom {target}\n\n".encode())
            return
        stamp = f"{PERSON} {int(date.timestamp())} +0000"
        self.parts.append(f"tag {name}\nfrom {target}\ntagger {stamp}\ndata 7\nrelease\n".encode())

    def run(self) -> dict[str, str]:
        """Write all of it, and return the commits by their marks."""
        with tempfile.TemporaryDirectory() as folder:
            marks = Path(folder) / "marks"
            options = ["--quiet", "--force", f"--export-marks={marks}"]
            self.repo.git("fast-import", *options, stdin=b"".join(self.parts) + b"done\n")
            rows = (line.split() for line in marks.read_text().splitlines())
            return {row[0]: row[1] for row in rows}


def add_releases(example: Example, tags: Sequence[str], backend: str, frontend: str) -> None:
    """Give the worked example's stack more releases of one pair, each an hour younger than the one before."""
    stack = example.stack
    added, tip, at = Import(stack), stack.head(), datetime(2023, 6, 2, tzinfo=timezone.utc)
    marks = {}
    for number, tag in enumerate(tags):
        files = {WORKFLOW_FILE: workflow_text(backend, frontend), "n": str(number)}
        tip = marks[tag] = added.commit("master", files, [tip], at + timedelta(hours=number))
        added.tag(tag, tip)
    commits = added.run()
    example.commits[STACK] |= {tag: commits[mark] for tag, mark in marks.items()}


def calendar_tag(number: int) -> str:
    """The tag of the release of that number, from 0: five a month from 2010 on."""
    return f"{2010 + number // 60}.{number // 5 % 12 + 1:02d}.{number % 5 + 1}"


def scaled_history(folder: Path, commits: int, tags: int) -> dict[str, Repo]:
    """A stack and two components below `folder`, each with so many commits and so many releases, by full name.

    Each release has a pair of its own. Every fourth tag is annotated, every tenth tag of a component is off its
    production branch, and every fifth commit is a merge.
    """
    every = max(1, commits // tags)
    pairs = [calendar_tag(number) for number in range(tags)]
    repos = {name: Repo.create(folder / name, bare=True) for name in (STACK, BACKEND, FRONTEND)}
    for name in (BACKEND, FRONTEND):
        repos[name].default_branch = "production"
        _long(repos[name], "production", commits, every, tags, {})
    _long(repos[STACK], "master", commits, every, tags, {tag: workflow_text(tag, tag) for tag in pairs})
    return {f"{OWNER}/{name}": repo for name, repo in repos.items()}


def _long(repo: Repo, branch: str, commits: int, every: int, tags: int, files: dict[str, str]) -> None:
    added, tip, tagged = Import(repo), "", 0
    older = ""
    for number in range(commits):
        date = START + timedelta(hours=number)
        name = calendar_tag(tagged) if number % every == every - 1 and tagged < tags else ""
        content: dict[str, str] = {WORKFLOW_FILE: files[name]} if name in files else {}
        parents = [each for each in (tip, older if number % 5 == 4 else "") if each]
        older, tip = tip, added.commit(branch, content, parents, date)
        if name:
            off = not files and tagged % 10 == 9
            target = added.commit("staging", {"off": name}, [tip], date) if off else tip
            added.tag(name, target, date if tagged % 4 == 3 else None)
            tagged += 1
    added.run()
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")


_PRODUCTION = ("2023.01.1", "2023.01.2", "2023.02.1", "2023.2.1", "2023.02.10", "2023.03.1", "2022.12.1", "2023.00.0")
_OTHERS = ("v2023.01.1", "2023.01.1-rc.1", "latest", "2023.01")


def tangled_history(folder: Path, seed: int) -> dict[str, Repo]:
    """Three repositories as chance made them, by full name: other roots, merges of up to four, dates in any order.

    Tags of every kind lie anywhere; all branches but one are gone, which may be a replacement of what was
    released from; now and then a branch has the name of a tag.
    """
    chance = random.Random(seed)
    repos = {}
    for name, branch in ((BACKEND, "production"), (FRONTEND, "production"), (STACK, "master")):
        repo = Repo.create(folder / name, bare=True, default_branch=branch)
        _tangle(repo, branch, chance, with_pins=name == STACK)
        repos[f"{OWNER}/{name}"] = repo
    return repos


def _tangle(repo: Repo, branch: str, chance: random.Random, with_pins: bool) -> None:
    added = Import(repo)
    marks: list[str] = []
    for number in range(30):
        few = chance.choices((0, 1, 2, 3, 4), (1, 10, 4, 2, 1))[0]
        parents = chance.sample(marks[-12:], min(few, len(marks[-12:])))
        date = START + timedelta(days=chance.randrange(40))
        files = _pins(chance) if with_pins else {"n": str(number)}
        marks.append(added.commit(f"gone/{number}", files, parents, date))
    for name in (*_PRODUCTION, *_OTHERS):
        if chance.random() < 0.85:
            own_date = START + timedelta(days=chance.randrange(40)) if chance.random() < 0.4 else None
            added.tag(name, chance.choice(marks), own_date)
    commits = added.run()
    head, nested, shadow = (commits[chance.choice(marks[-15:])] for _ in range(3))
    gone = "".join(f"delete refs/heads/gone/{number}\n" for number in range(30))
    repo.git("update-ref", "--stdin", stdin=gone.encode())
    repo.branch(branch, head)
    repo.nested_tag("2022.11.1", nested, depth=3)
    if chance.random() < 0.5:
        repo.branch("2023.01.1", shadow)


def _pins(chance: random.Random) -> Files:
    """A workflow file with some pair; without a variable, or without the file, now and then."""
    names = (*_PRODUCTION, *_OTHERS, "2022.11.1", "2023.09.9")
    text = workflow_text(chance.choice(names), chance.choice(names))
    kind = chance.random()
    if kind < 0.1:
        return {"n": str(kind), WORKFLOW_FILE: None}
    if kind < 0.2:
        text = "\n".join(line for line in text.split("\n") if "FE_IMAGE_TAG" not in line)
    return {WORKFLOW_FILE: text}
