"""The bundle of a release: the same bytes wherever it is built, and nothing in it that a run cannot use."""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bundle import build, compare
from bytecode import BOOTSTRAP, Source, compile_for, read_archive
from contract.sources import ROOT, committed_files, name_of
from process.bundle import fetched_wheels
from pythons import COMPILED_FOR, find_pythons
from release_tree import Clone, commit_with_bundle, exported
from world.git import Repo

PYTHONS = list(find_pythons().values())
# As many as a release has bytecode for; where one of those is not here, another.
SOME = [*find_pythons(COMPILED_FOR).values(), *reversed(PYTHONS)][: len(COMPILED_FOR)]
TAGS = {subprocess.check_output([one, "-c", "import sys; print(sys.implementation.cache_tag)"], text=True).strip()
        for one in SOME}  # fmt: skip


def make_bundle(folder: Path, builder: str, umask: int = 0o022, **environment: str) -> str:
    """Build as `make bundle` does, for the oldest and the newest Python here; returns what is printed."""
    command = [builder, str(ROOT / "tools" / "bundle.py"), *(f"--python={one}" for one in SOME), str(folder)]
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bundle, built once."""
    folder = tmp_path_factory.mktemp("bundle") / "built"
    build(ROOT, folder, SOME, fetched_wheels(ROOT / "requirements.txt"))
    yield folder


def files_of(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Content, mode and time of every file and folder."""
    return {
        path.relative_to(folder).as_posix(): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mode,
            int(path.stat().st_mtime),
        )
        for path in sorted(folder.rglob("*"))
    }


def test_the_same_bundle_comes_from_every_place(tmp_path: Path) -> None:
    """Another Python, umask, time zone, language and clock as the builder's make no difference in any byte."""
    first, second = tmp_path / "first", tmp_path / "else" / "where"
    strange = {"TZ": "Pacific/Chatham", "SOURCE_DATE_EPOCH": "1", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    said = make_bundle(first, PYTHONS[0])
    assert make_bundle(second, PYTHONS[-1], umask=0o077, **strange) == said
    assert files_of(first) == files_of(second)
    assert re.fullmatch(r"packages sha256:[0-9a-f]{64}\nbundle   sha256:[0-9a-f]{64}  \(bytecode of .*\)\n", said)
    assert not [name for name, (content, _, _) in files_of(first).items() if str(tmp_path).encode() in content]


def test_the_hash_of_the_packages_does_not_depend_on_the_pythons(bundle: Path, tmp_path: Path) -> None:
    """Whoever has other Pythons can still compare the packages: their manifest has no word on bytecode."""
    built = build(ROOT, tmp_path / "none", [], fetched_wheels(ROOT / "requirements.txt"))
    assert built.packages == hashlib.sha256((bundle / "vendor" / "MANIFEST.json").read_bytes()).hexdigest()


def test_the_manifest_names_what_was_locked(bundle: Path) -> None:
    """Each locked package is there once, at its version, from a wheel whose hash the lock has, with a licence."""
    manifest = json.loads((bundle / "vendor" / "MANIFEST.json").read_text("utf-8"))
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    assert manifest["lock"] == hashlib.sha256(lock.encode()).hexdigest()
    locked = dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", lock))
    found = {one["name"].lower().replace(".", "-"): one for one in manifest["packages"]}
    assert {name: one["version"] for name, one in found.items()} == locked
    assert all(f"sha256:{one['sha256']}" in lock for one in found.values())
    assert {name: one["licence"] for name, one in found.items()} == {
        "actions-toolkit": "MIT",
        "certifi": "MPL-2.0",
        "charset-normalizer": "MIT",
        "idna": "BSD-3-Clause",
        "requests": "Apache-2.0",
        "ruamel-yaml": "MIT",
        "semver": "BSD-3-Clause",
        "urllib3": "MIT",
    }
    for one in found.values():
        folder = bundle / "vendor" / ("-".join(one["wheel"].split("-")[:2]) + ".dist-info")
        texts = [path for path in folder.rglob("*") if re.match("licen[cs]e", path.name, re.IGNORECASE)]
        assert [path for path in texts if path.is_file() and path.stat().st_size > 500], one["name"]


def test_the_manifests_name_every_file(bundle: Path) -> None:
    """Every file is in one of the two lists with its hash, and nothing besides."""
    listed: dict[str, str] = {}
    for name in ("MANIFEST.json", "BYTECODE.json"):
        content: Mapping[str, dict[str, str]] = json.loads((bundle / "vendor" / name).read_text("utf-8"))
        listed.update(content["files"])
    paths = {path.relative_to(bundle).as_posix(): path for path in bundle.rglob("*") if path.is_file()}
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}
    assert hashes == {
        **listed,
        **{name: hashes[name] for name in ("vendor/MANIFEST.json", "vendor/BYTECODE.json")},
    }


def test_nothing_is_there_that_a_run_cannot_use(bundle: Path) -> None:
    """No compiled part, no test, no start script and no note of an installer; folders are 755 and files 644."""
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*")]
    assert not [name for name in names if re.search(r"\.(so|pyd|dll|exe|pth)$|(^|/)(tests|bin)(/|$)", name)]
    assert not [name for name in names if re.search(r"/(RECORD|INSTALLER|REQUESTED|direct_url\.json|WHEEL)$", name)]
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in bundle.rglob("*")}
    assert modes == {(True, 0o755), (False, 0o644)}
    tops = {name.split("/")[1] for name in names if name.startswith("vendor/")}
    assert "tests" not in tops


def test_bytecode_is_there_for_each_python(bundle: Path) -> None:
    """What a gate imports has bytecode for each Python: ours is to be compared with its source (two bits, PEP 552)."""
    for tag in TAGS:
        archive = read_archive((bundle / "vendor" / f"{tag}.bytecode").read_bytes())
        ours = {name for name in archive if name.startswith(("scripts/", "vendor/certifi/"))}
        assert {"scripts/frag_release/cli.py", "scripts/frag_release/domain/decision.py"} <= ours
        assert not {name for name in ours if "/awx/" in name or "/doctor/" in name}
        assert {archive[name][4:8] for name in ours} == {b"\3\0\0\0"}
        assert {archive[name][4:8] for name in {*archive} - ours - {"packages"}} == {b"\1\0\0\0"}
        for name in BOOTSTRAP:
            beside = (bundle / name).parent / "__pycache__" / f"{Path(name).stem}.{tag}.pyc"
            assert beside.read_bytes()[4:8] == b"\3\0\0\0"
    assert {path.name.split(".")[-2] for path in bundle.rglob("*.pyc")} == TAGS


def test_docstrings_go_and_assertions_stay(tmp_path: Path) -> None:
    """Code that is only a docstring does nothing, an assertion still fails, and at the line that the source has."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "packages.zip").touch()
    for name in BOOTSTRAP:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    lines = ['"""Module."""', "from __future__ import annotations", "class C:", '    """C."""', "def f():",
             '    """F."""', "    assert not 1", "def only():", '    "Words."']  # fmt: skip
    (tmp_path / "scripts" / "one.py").write_text("\n".join(lines))
    modules = {name: Source(name, tmp_path / name) for name in (*BOOTSTRAP, "scripts/one.py")}
    tag, _ = compile_for(sys.executable, modules, tmp_path)
    found: dict[str, Any] = {}
    archive = read_archive((tmp_path / "vendor" / f"{tag}.bytecode").read_bytes())
    exec(marshal.loads(archive["scripts/one.py"][16:]), found)
    assert [one.__doc__ for one in (found["C"], found["f"], found["only"])] == [None] * 3
    assert (found.get("__doc__"), found["only"]()) == (None, None)
    with pytest.raises(AssertionError) as caught:
        found["f"]()
    assert caught.traceback[-1].lineno == 6


def test_what_a_runner_downloads_is_small(bundle: Path, tmp_path: Path) -> None:
    """Of a release a runner gets what a run reads, and no more: at most 400 files and 3 MB, compressed as by GitHub."""
    repo = Repo.create(tmp_path / "repo", default_branch="main")
    source = repo.commit({name_of(path): path.read_bytes() for path in committed_files()}, "all")
    clone = Clone(tmp_path / "repo")
    made = commit_with_bundle(clone, source, bundle, "v1.2.3")
    names = exported(clone, made)
    bundled = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    ours = {name for path in committed_files() if (name := name_of(path)).startswith("scripts/")}
    assert set(names) == {"LICENSE", "action.yml", "requirements.txt", *ours, *bundled}
    assert len(names) <= 400
    assert len(clone.read("archive", "--format=tar.gz", made)) <= 3_000_000


def test_the_wheels_of_the_tests_are_those_of_the_lock() -> None:
    """What other tests run is made of the same wheels that a release is made of."""
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    fetched = list(fetched_wheels(ROOT / "requirements.txt").iterdir())
    assert len(fetched) == 8
    assert all(hashlib.sha256(one.read_bytes()).hexdigest() in lock for one in fetched)


def test_a_published_tree_can_be_compared(bundle: Path, tmp_path: Path) -> None:
    """Who rebuilds a release sees that it is the same, what differs, and which Pythons they had not."""
    published = tmp_path / "published"
    shutil.copytree(bundle, published)
    assert compare(bundle, published) == ([], [])
    with zipfile.ZipFile(published / "vendor" / "packages.zip", "a") as packages:
        packages.writestr("requests/more.py", "import evil\n")
    (published / "vendor" / "evil.py").touch()
    packed = ["vendor/evil.py", "vendor/packages.zip", "vendor/packages.zip/requests/more.py"]
    tag = sorted(TAGS)[0]
    name, source = f"vendor/{tag}.bytecode", "scripts/frag_release/cli.py"
    archive = marshal.loads((published / name).read_bytes())
    archive["modules"]["frag_release.cli"] = (source, False, b"evil")
    (published / name).write_bytes(marshal.dumps(archive, 2))
    assert compare(bundle, published) == (sorted([*packed, name, f"{name}/{source}"]), [])
    listed = published / "vendor" / "BYTECODE.json"
    content = json.loads(listed.read_text("utf-8"))
    content["pythons"][tag] = "3.99.1"
    listed.write_text(json.dumps(content), "utf-8")
    assert compare(bundle, published) == (packed, [f"3.99.1 ({tag})"])
