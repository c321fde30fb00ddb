"""The idioms that crept into texts most are not in them; the everyday form is named beside each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.sources import PACKAGE, ROOT, committed_files, name_of, our_modules

READ = [path for path in committed_files() if path.suffix == ".md" and path.name != "CHANGELOG.md"]
IDIOMS = {
    r"\b(?:by|leaves out) whoever\b|\bwhoever (?:may|has|can|is on)\b": "anyone who may, anyone with",
    r"\bit is not known whether\b|\bit was not known whether\b": "the outcome is unknown, could not be found out",
    r"\blooks first at what\b": "what exists already is detected first",
    r"\bnobody is there to\b": "which an unattended run cannot",
    r"\blast to get through\b": "the job that finishes last",
    r"\bsays otherwise\b": "unless it contains",
    r"\bone of a list is enough\b": "several: any of them",
    r"\bno reason to refuse\b": "to accept",
    r"\b(?:cannot|could not|to) be had\b": "was unavailable, could not be read",
    r"\bnobody\b|\bwhoever\b": "no one who, anyone with, or the passive",
    r"\banew\b": "again",
    r"\bc[oa]mes? to nothing\b": "had no effect",
    r"\b(?:empty|none|null|true|false|given|needed|missing|only|unless|but) where\b": "if",
    r"\b(?:tells|told) (?:that|which|what|of|so|whether)\b": "reports, shows, names",
}
"""What is refused wherever people read, with what to write."""
IN_PAGES = {
    r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b)[a-z]+\b": "is not a",
}
"""What is refused on README and pages besides. `there is no` is plain English."""


def found(text: str, idioms: dict[str, str]) -> list[tuple[str, str]]:
    """Each idiom in a text, however its lines are broken, with what to write for it."""
    flat = re.sub(r"\s+", " ", text)
    return [(hit[0], better) for idiom, better in idioms.items() for hit in re.finditer(idiom, flat, re.I)]


def prose_of(path: Path) -> Iterator[ast.Constant]:
    """The texts in a module, docstrings among them; of an f-string its literal parts."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def texts_of(path: Path) -> Iterator[str]:
    """The same without docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return (str(one.value) for one in prose_of(path) if one.value not in skipped)


@pytest.mark.parametrize("path", READ, ids=name_of)
def test_pages_speak_plainly(path: Path) -> None:
    """README and pages have none of the idioms."""
    assert found(path.read_text("utf-8"), IDIOMS | IN_PAGES) == []


def test_what_the_program_says_is_plain() -> None:
    """No message, summary, help, description of an input or docstring has one."""
    texts = [(path.name, str(one.value)) for path in our_modules() for one in prose_of(path)]
    said = [(name, hits) for name, text in texts if (hits := found(text, IDIOMS))]
    assert said == []
    assert found((ROOT / "action.yml").read_text("utf-8"), IDIOMS) == []


@pytest.mark.parametrize(("text", "idiom"), [
    ("It can be deleted by\n  whoever may push.", "by whoever"),
    ("Findings that are no reason to refuse", "no reason to refuse"),
    ("A rejected production is no release.", "is no release"),
    ("The tag, empty where there is none", "empty where"),
    ("which nobody can see", "nobody"),
])  # fmt: skip
def test_an_idiom_is_seen(text: str, idiom: str) -> None:
    """Also over the end of a line, and in either case."""
    assert idiom in [hit for hit, _ in found(text, IDIOMS | IN_PAGES)]


@pytest.mark.parametrize(
    "text", ["There is no release yet.", "It is no longer there.", "It is empty. Where it lies is known."]
)
def test_plain_english_is_left_alone(text: str) -> None:
    """What only looks like one of them is none."""
    assert found(text, IDIOMS | IN_PAGES) == []


OF_AWX = {
    "adapters/awx", "commands/deploy/awx_", "commands/deploy/deployer.py", "commands/deploy/recording.py",
    "commands/deploy/__init__.py", "commands/doctor", "commands/session.py", "domain/awx_jobs.py",
    "domain/deployment_records.py", "domain/needs/writing.py", "domain/needs/outside.py",
    "inputs/settings/awx.py", "inputs/settings/deploy.py",
    "inputs/table/release.py", "inputs/table/input.py",
    "render/adopt.py", "render/deploy.py", "render/next_steps.py", "domain/workflow_jobs.py", "inputs/command_line.py",
    "domain/adoption/files.py",
}  # fmt: skip
"""Where texts may name AWX: they are of runs that talk to it, or list its inputs and traces."""
OF_THE_TWO = {
    "domain/components.py", "inputs/table/evidence.py", "domain/plan.py", "domain/tickets.py",
    "inputs/settings/__init__.py", "inputs/command_line.py", "domain/adoption/files.py",
}  # fmt: skip
"""Where the two components without a file are named: their table, their short names, examples of options
and files."""


@pytest.mark.parametrize(
    ("words", "places"),
    [(r"\bawx\b", OF_AWX), (r"\b(?:back|front)-?ends?\b|\bfragalysis\b", OF_THE_TWO)],
    ids=["AWX", "backend and frontend"],
)
def test_texts_of_any_stack_name_no_other(words: str, places: set[str]) -> None:
    """A new text that says AWX, backend or frontend of every stack is found, wherever it stands."""
    said = {
        path.relative_to(PACKAGE).as_posix()
        for path in our_modules()
        if path.is_relative_to(PACKAGE) and any(re.search(words, text, re.I) for text in texts_of(path))
    }
    assert {one for one in said if not one.startswith(tuple(places))} == set()
    assert {one for one in places if not any(path.startswith(one) for path in said)} == set()
