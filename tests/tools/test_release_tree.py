"""The commit of a release: what it is made of, and what is found when it is anything else."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from release_tree import Clone, commit_with_bundle, exported, verify_commit
from tools.small import build_small, plant, small_remote
from world.git import Repo, run_git

MAIN = "refs/remotes/origin/main"


@dataclass(frozen=True)
class Made:
    """A clone with the commit of a release."""

    clone: Clone
    repo: Repo
    built: Path
    commit: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The commit of a release, made once."""
    folder = tmp_path_factory.mktemp("release")
    built = build_small(folder / "small")
    remote = small_remote(folder / "remote")
    run_git(["clone", "--quiet", str(remote.path), str(folder / "clone")])
    clone = Clone(folder / "clone")
    commit = commit_with_bundle(clone, remote.head(), built, "v1.2.3")
    return Made(clone, Repo(folder / "clone", "main"), built, commit)


def test_the_commit_of_a_release_is_accepted(made: Made) -> None:
    """The reviewed commit with its bundle has nothing wrong, and carries every file of the bundle."""
    verify_commit(made.clone, made.commit, MAIN)
    names = set(made.repo.git("ls-tree", "-r", "--name-only", made.commit).splitlines())
    bundled = {path.relative_to(made.built).as_posix() for path in made.built.rglob("*") if path.is_file()}
    assert len(bundled) > 20
    assert names == bundled | set(made.repo.git("ls-tree", "-r", "--name-only", MAIN).splitlines())
    said = made.repo.git("show", "--no-patch", "--format=%an <%ae>%n%cn%n%aI%n%cI%n%B", made.commit).splitlines()
    assert said[0] == "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    date = made.repo.git("show", "--no-patch", "--format=%cI", MAIN)
    assert said[1:5] == ["github-actions[bot]", date, date, "Release v1.2.3"]


def test_it_is_the_same_wherever_it_is_made(made: Made, tmp_path: Path) -> None:
    """Who makes it, when, and with which settings of git and modes of files does not matter."""
    (made.clone.folder / ".git" / "config").open("a").write("[core]\n\tautocrlf = true\n[user]\n\tname = Somebody\n")
    copied = tmp_path / "copied"
    shutil.copytree(made.built, copied, copy_function=shutil.copy)
    for path in copied.rglob("*.py"):
        path.chmod(0o755)
    assert commit_with_bundle(made.clone, made.repo.git("rev-parse", MAIN), copied, "v1.2.3") == made.commit


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"README.md": "Read this.\n"}, "README.md: M with mode 100644"),
        ({"README.md": None}, "README.md: D with mode 000000"),
        ({"vendor/packages.zip": "evil"}, "vendor/packages.zip: not as listed"),
        ({"vendor/requests/api.py": ""}, "vendor/requests/api.py: not as listed"),
        ({"vendor/certifi/core.py": None}, "vendor/certifi/core.py: not as listed"),
        ({"vendor/cpython-39.bytecode": ""}, "vendor/cpython-39.bytecode: not as listed"),
        ({"scripts/json.py": ""}, "scripts/json.py: A with mode 100644"),
        ({"scripts/__pycache__/json.cpython-312.pyc": ""}, "json.cpython-312.pyc: not as listed"),
        ({".github/workflows/more.yaml": "on: push\n"}, "more.yaml: A with mode 100644"),
        ({"requirements.txt": "semver==1\n"}, "requirements.txt: not the lock that the bundle was made from"),
    ],
)
def test_anything_beside_the_bundle_is_found(made: Made, change: dict[str, str | None], words: str) -> None:
    """A file that is changed, added or gone beside what the manifests list is named."""
    planted = plant(made.repo, made.commit, change)
    with pytest.raises(SystemExit, match="is not its parent with a bundle") as caught:
        verify_commit(made.clone, planted, MAIN)
    assert words in str(caught.value)


def test_what_a_runner_downloads_is_known(made: Made) -> None:
    """What the commit's own attributes leave out is not downloaded, whatever those of the machine say."""
    (made.clone.folder / "hide").write_text("*.zip export-ignore\n", "utf-8")
    made.repo.git("config", "core.attributesFile", str(made.clone.folder / "hide"))
    names = set(exported(made.clone, made.commit))
    everything = set(made.repo.git("ls-tree", "-r", "--name-only", made.commit).splitlines())
    assert everything - names == {".gitattributes", "CHANGELOG.md", "README.md"}
    assert "vendor/packages.zip" in names


def test_a_link_is_no_file(made: Made) -> None:
    """A symbolic link where the bundle has a file would lead elsewhere."""
    link = made.repo.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    tree = made.repo.git("ls-tree", made.commit)
    vendor = next(line.split()[2] for line in tree.splitlines() if line.endswith("\tvendor"))
    inner = made.repo.git("ls-tree", vendor) + f"\n120000 blob {link}\tevil.py"
    changed = made.repo.git("mktree", stdin=inner.encode() + b"\n")
    whole = made.repo.git("mktree", stdin=tree.replace(vendor, changed).encode() + b"\n")
    planted = made.repo.git("commit-tree", whole, "-p", MAIN, "-m", "Release")
    with pytest.raises(SystemExit, match=r"vendor/evil\.py: A with mode 120000"):
        verify_commit(made.clone, planted, MAIN)


def test_what_was_not_reviewed_is_no_base(made: Made) -> None:
    """The parent must be on main, and the only one."""
    side = made.repo.commit(
        {"README.md": "Unread.\n"}, "unreviewed", branch="side", parents=[made.repo.git("rev-parse", MAIN)]
    )
    with pytest.raises(SystemExit, match=f"{side}, on which .* is not on {MAIN}"):
        verify_commit(made.clone, plant(made.repo, made.commit, {}, parent=side), MAIN)
    tree = made.repo.git("rev-parse", f"{made.commit}^{{tree}}")
    merge = made.repo.git("commit-tree", tree, "-p", MAIN, "-p", side, "-m", "Release")
    with pytest.raises(SystemExit, match="has 2 parents"):
        verify_commit(made.clone, merge, MAIN)


def test_a_bundle_of_other_sources_is_found(made: Made) -> None:
    """A bundle that was made from another commit has bytecode of other sources."""
    later = made.clone.folder.parent / "later"
    run_git(["clone", "--quiet", str(made.clone.folder), str(later)])
    head = Repo(later, "main").commit({"scripts/__main__.py": "print('changed')\n"}, "later")
    commit = commit_with_bundle(Clone(later), head, made.built, "v1.2.3")
    with pytest.raises(SystemExit, match=r"scripts/__main__\.py: not the source that was compiled"):
        verify_commit(Clone(later), commit, "refs/heads/main")


def test_bytecode_that_nobody_asked_for_is_found(made: Made, tmp_path: Path) -> None:
    """Bytecode of what is not imported before the archive, though it is listed, would be an attacker's."""
    built = tmp_path / "built"
    shutil.copytree(made.built, built)
    stray = built / "scripts" / "__pycache__" / "json.cpython-311.pyc"
    stray.touch()
    listed = built / "vendor" / "BYTECODE.json"
    content = json.loads(listed.read_text("utf-8"))
    content["files"]["scripts/__pycache__/json.cpython-311.pyc"] = hashlib.sha256(b"").hexdigest()
    listed.write_text(json.dumps(content), "utf-8")
    commit = commit_with_bundle(made.clone, made.repo.git("rev-parse", MAIN), built, "v1.2.3")
    with pytest.raises(SystemExit, match=r"json\.cpython-311\.pyc: bytecode without its Python, or the reverse"):
        verify_commit(made.clone, commit, MAIN)
