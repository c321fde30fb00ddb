"""The files of this repository, for the tests that hold them to the contract."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from world.git import run_git

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
PACKAGE = SCRIPTS / "frag_release"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.M | re.S)


def committed_files() -> list[Path]:
    """Every file that is committed, or would be by `git add`."""
    listing = run_git(
        ["-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT
    )
    paths = [ROOT / name for name in listing.decode().split("\0") if name]
    return sorted(path for path in paths if path.is_file())


def our_modules() -> list[Path]:
    """The Python files of the action itself."""
    return sorted(SCRIPTS.rglob("*.py"))


def name_of(path: Path) -> str:
    """A file's path within the repository, for test ids and messages."""
    return path.relative_to(ROOT).as_posix()


def load_yaml(text: str) -> Any:
    """The data in a YAML document."""
    return YAML(typ="safe", pure=True).load(text)


def fences(markdown: str, *languages: str) -> list[str]:
    """The code blocks of a Markdown text in one of the languages."""
    found = []
    for fence in _FENCE.finditer(markdown):
        if fence["language"] in languages:
            indent = len(fence["indent"])
            found.append("\n".join(line[indent:] for line in fence["body"].split("\n")))
    return found


def values_of(key: str, node: object) -> Iterator[str]:
    """Every text that stands under `key`, at any depth of YAML data."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == key and isinstance(value, str):
                yield value
            yield from values_of(key, value)
    elif isinstance(node, list):
        for value in node:
            yield from values_of(key, value)


def imports(path: Path) -> set[str]:
    """The dotted names that a module imports, wherever in it; relative ones made absolute."""
    found: set[str] = set()
    package = path.relative_to(SCRIPTS).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *filter(None, [node.module])))
            found |= {f"{stem}.{alias.name}" for alias in node.names}
    return found
