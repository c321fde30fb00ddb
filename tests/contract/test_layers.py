"""Imports point inwards, names are those of the domain, functions and modules are short, importing does nothing."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from contract.sources import PACKAGE, ROOT, SCRIPTS, committed_files, imports, name_of, our_modules

MODULES = our_modules()

# Which parts of ours each part may import, beside itself; the version is for all but the pure ones.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": {"dataclass"},
    "render": {"dataclass", "domain"},
    "adapters": {"dataclass", "domain", "cancellation", "errors"},
    "inputs": {"dataclass", "domain", "errors"},
    "runner": {"dataclass", "domain", "inputs", "cancellation", "errors"},
    "commands": {"dataclass", "domain", "render", "adapters", "inputs", "runner", "cancellation", "errors"},
    "cli": {"domain", "render", "adapters", "inputs", "runner", "commands", "errors"},
    "cancellation": {"errors"},
    "errors": set(),
    "dataclass": set(),
}
RUN_TIME = {"actions_toolkit", "requests", "ruamel", "semver"}
UNWANTED_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
# Names under which an import could find something else, or hide it.
CLASHING_NAMES = {"github", "yaml", "semver", "requests", "tests"}
# What a Python may have installed for itself, and loads at its start.
PYTHONS_OWN = {"_distutils_hack", "distutils-precedence", "pip", "setuptools", "pkg_resources"}
MAX_FUNCTION, MAX_MODULE = 30, 450
EXCEPTION = re.compile(r"# Long: \w+")


def part_of(path: Path) -> str:
    """The layer that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def ours(path: Path) -> set[str]:
    """The parts of ours that a module imports."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("frag_release.")}


@pytest.mark.parametrize("path", [p for p in MODULES if p.is_relative_to(PACKAGE)], ids=name_of)
def test_imports_point_inwards(path: Path) -> None:
    """No module imports a layer that is further out than its own."""
    part = part_of(path)
    allowed = MAY_IMPORT.get(part, set()) | {part} | (set() if part in ("domain", "render") else {"__version__"})
    assert ours(path) - allowed == set()


def test_every_layer_is_known() -> None:
    """A new part of the package must be given its place among the layers."""
    parts = {part_of(path) for path in MODULES if path.is_relative_to(PACKAGE)}
    assert parts - set(MAY_IMPORT) == {"__init__"}


def test_the_walk_sees_relative_imports(tmp_path: Path) -> None:
    """The reader of imports understands every way to write one."""
    assert "frag_release.domain.findings.Finding" in imports(PACKAGE / "runner" / "log.py")
    assert "frag_release.__version__" in imports(PACKAGE / "commands" / "gate" / "gate.py")
    assert "frag_release.adapters.git.LocalForge" in imports(PACKAGE / "commands" / "session.py")
    assert "frag_release.domain.facts.ReleaseFacts" in imports(PACKAGE / "domain" / "rules" / "__init__.py")


@pytest.mark.parametrize("part", ["domain", "render"])
def test_the_pure_layers_do_no_io(part: str) -> None:
    """The pure layers import nothing that reaches files, processes, the network, the clock or chance."""
    reach = {"os", "io", "pathlib", "subprocess", "socket", "urllib", "http", "requests", "tempfile", "shutil", "sys"}
    reach |= {"time", "random", "secrets", "threading", "concurrent", "asyncio", "logging", "actions_toolkit"}
    for path in (PACKAGE / part).rglob("*.py"):
        # The parts of URLs are text.
        found = {name.split(".")[0] for name in imports(path) if not name.startswith("urllib.parse")}
        assert found & reach == set(), name_of(path)
        called = {node.func.id for node in ast.walk(ast.parse(path.read_text("utf-8")))
                  if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
        assert called & {"open", "print", "input", "exec", "eval", "__import__"} == set(), name_of(path)


def test_third_party_imports_are_the_four() -> None:
    """Beside the standard library only the four locked packages are imported, and `rich` if a terminal has it."""
    roots = {name.split(".")[0] for path in MODULES for name in imports(path)}
    # requests lets errors of urllib3, on which it stands, through to its callers.
    assert roots - set(sys.stdlib_module_names) - {"frag_release", "urllib3"} == RUN_TIME | {"rich"}
    users = {path.parent for path in MODULES if any(name.startswith("urllib3") for name in imports(path))}
    assert users <= {PACKAGE / "adapters" / "http"}
    coloured = {path for path in MODULES if any(name.split(".")[0] == "rich" for name in imports(path))}
    assert coloured == {PACKAGE / "runner" / "console.py"}


def test_dataclasses_are_ours() -> None:
    """A class made by the library could not be made of one of ours, and takes ten times as long."""
    users = {path for path in MODULES if any(name.startswith("dataclasses") for name in imports(path))}
    assert users == {PACKAGE / "dataclass.py"}


def test_of_actions_toolkit_only_core_is_imported() -> None:
    """Its other modules need packages that the lock leaves out, and change Python's path."""
    found = {name for path in MODULES for name in imports(path) if name.startswith("actions_toolkit")}
    assert all(name.startswith("actions_toolkit.core") for name in found), found


@pytest.mark.parametrize("path", [p for p in committed_files() if p.suffix == ".py"], ids=name_of)
def test_modules_are_named_after_the_domain(path: Path) -> None:
    """No module or folder has a name that says nothing, or that hides another package."""
    parts = {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    assert parts & UNWANTED_NAMES == set()
    if not path.is_relative_to(PACKAGE / "adapters" / "github"):
        assert (parts - {"tests"} if parts & {"tests"} and path.is_relative_to(ROOT / "tests") else parts).isdisjoint(
            CLASHING_NAMES
        )


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "tools").rglob("*.py"))], ids=name_of)
def test_functions_and_modules_are_short(path: Path) -> None:
    """Functions stop at 30 lines and modules at 450, but for those whose comment `# Long:` gives a reason."""
    lines = path.read_text("utf-8").split("\n")
    assert len(lines) - 1 <= MAX_MODULE or EXCEPTION.match(lines[0])
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAX_FUNCTION or EXCEPTION.match(lines[first - 2].strip()), f"{node.name}: {length}"


@pytest.mark.parametrize("path", [p for p in MODULES if p.is_relative_to(PACKAGE)], ids=name_of)
def test_annotations_cost_nothing(path: Path) -> None:
    """Every module of the package leaves its annotations unevaluated, as Python 3.10 needs."""
    text = path.read_text("utf-8")
    assert "from __future__ import annotations" in text or "import" not in text


IMPORT_ALL = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
names = json.loads(sys.argv[2])
import actions_toolkit.core, requests, ruamel.yaml, ruamel.yaml.resolver, semver
import argparse, concurrent.futures.thread, difflib, ipaddress, tempfile, subprocess, signal, email.utils, http.server
effects = []
def watch(event, arguments):
    if event == "open":
        path = str(arguments[0])
        writes = isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or not path.endswith((".py", ".pyc", ".so")) and not path.startswith(sys.prefix):
            effects.append([event, path])
    elif event.split(".")[0] in ("socket", "subprocess", "shutil", "tempfile", "urllib", "http", "ctypes"):
        effects.append([event, repr(arguments)])
    elif event in ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.mkdir", "os.remove", "os.rename",
                   "os.putenv", "os.unsetenv", "os.chmod", "exec.input"):
        effects.append([event, repr(arguments)])
sys.dont_write_bytecode = True
sys.addaudithook(watch)
for name in names:
    importlib.import_module(name)
found = list(effects)
print(json.dumps({"effects": found, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def import_everything() -> dict[str, list[str]]:
    """Import each module of the package in a new Python, and tell what that did and what is loaded then."""
    names = [
        ".".join(path.relative_to(SCRIPTS).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if path.is_relative_to(PACKAGE)
    ]
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", IMPORT_ALL, str(SCRIPTS), json.dumps(names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_importing_does_nothing() -> None:
    """Importing any module of ours opens no file but modules, no socket and no process, and changes no variable."""
    assert import_everything()["effects"] == []


def test_everything_imported_is_locked() -> None:
    """Every package that a run can load is in requirements.txt with a hash, those behind ours included."""
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    locked = {name.lower().replace("_", "-") for name in re.findall(r"(?m)^([A-Za-z0-9._-]+)==\S+ \\$", lock)}
    assert locked
    providers = importlib.metadata.packages_distributions()
    loaded = {name for name in import_everything()["loaded"] if name in providers}
    assert loaded >= RUN_TIME
    for name in loaded - PYTHONS_OWN:
        assert {one.lower().replace("_", "-").replace(".", "-") for one in providers[name]} & {
            one.replace(".", "-") for one in locked
        }, name


def test_no_reader_of_production_tags_has_a_format_by_default() -> None:
    """A call that left it out would go by the default, and so refuse, or leave out, tags with a `v`."""
    readers = {"parse_production_tag", "production_tags", "find_newest", "choose_stack_tag", "review_of", "released_as"}
    readers |= {"same_number", "is_above", "next_iteration"}
    trees = (ast.walk(ast.parse(path.read_text("utf-8"))) for path in MODULES)
    found = [node for tree in trees for node in tree if isinstance(node, ast.FunctionDef) and node.name in readers]
    assert {node.name for node in found} == readers
    for node in found:
        names = [one.arg for one in node.args.args]
        assert "form" in names[: len(names) - len(node.args.defaults)], node.name


def methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """The methods of a class by name."""
    return {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}


def says_answer(method: ast.FunctionDef) -> bool:
    """Whether a method is annotated to return an answer, or answers."""
    return "Answer" in ast.unparse(method.returns or ast.Constant(None))


def test_who_promises_an_answer_gives_one() -> None:
    """Where a Protocol has an `Answer`, an adapter's method is `answered`, or is itself annotated as returning one."""
    folder = PACKAGE / "adapters"
    trees = {path: ast.parse(path.read_text("utf-8")) for path in folder.rglob("*.py")}
    classes = [(path, node) for path, tree in trees.items() for node in tree.body if isinstance(node, ast.ClassDef)]
    ports = {node.name: methods(node) for path, node in classes if path.parent.name == "ports"}
    adapters = {node.name: methods(node) for path, node in classes if path.parent.name != "ports"}
    forgotten, met = [], set()
    for asked in filter(None, ports.values()):
        for name, given in adapters.items():
            for door in asked if asked.keys() <= given.keys() else ():
                if says_answer(asked[door]):
                    met.add(name)
                    decorators = {ast.unparse(each) for each in given[door].decorator_list}
                    forgotten += [] if says_answer(given[door]) or "answered" in decorators else [f"{name}.{door}"]
    assert forgotten == []
    assert met >= {"GithubRepository", "GithubRuns", "GithubBuilds", "GithubTickets", "GithubBoard", "LocalRepository"}
