"""The bundle of a release: the same bytes wherever it is built, and nothing in it that a run cannot use."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bundle import build, compare
from contract.sources import ROOT
from process.bundle import fetched_wheels
from pythons import find_pythons

PYTHONS = list(find_pythons().values())
SOME = [PYTHONS[0], PYTHONS[-1]]
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
    assert {name: hashes[name] for name in hashes if name.count("/") > 1 or "JSON" in name.upper()} == {
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
    """Every source, ours too, has bytecode for each Python, which asks to be compared with its source."""
    for source in [*(ROOT / "scripts").rglob("*.py"), *(bundle / "vendor").rglob("*.py")]:
        below = bundle if source.is_relative_to(bundle) else ROOT
        cache = (bundle / source.relative_to(below)).parent / "__pycache__"
        for tag in TAGS:
            # PEP 552: two bits, for "by hash" and "to be checked".
            assert (cache / f"{source.stem}.{tag}.pyc").read_bytes()[4:8] == b"\3\0\0\0"
    assert {path.name.split(".")[-2] for path in bundle.rglob("*.pyc")} == TAGS


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
    (published / "vendor" / "requests" / "api.py").write_text("import evil\n", "utf-8")
    (published / "vendor" / "evil.py").touch()
    pyc = next((published / "scripts" / "__pycache__").glob("__main__.*.pyc"))
    pyc.write_bytes(pyc.read_bytes() + b" ")
    name = f"scripts/__pycache__/{pyc.name}"
    assert compare(bundle, published) == ([name, "vendor/evil.py", "vendor/requests/api.py"], [])
    listed = published / "vendor" / "BYTECODE.json"
    tag = pyc.name.split(".")[-2]
    content = json.loads(listed.read_text("utf-8"))
    content["pythons"][tag] = "3.99.1"
    listed.write_text(json.dumps(content), "utf-8")
    assert compare(bundle, published) == (["vendor/evil.py", "vendor/requests/api.py"], [f"3.99.1 ({tag})"])
