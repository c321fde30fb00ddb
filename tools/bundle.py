"""`make bundle`: what a release adds to the committed files, so that a run needs neither pip nor PyPI.

    python3 tools/bundle.py [--python PATH]... [--compare PUBLISHED] FOLDER

lays out in FOLDER, to be put over a checkout:

- `vendor/`: the locked packages, with `MANIFEST.json` (packages, their wheels, licences and files);
- bytecode in `__pycache__` of `vendor/` and `scripts/` for every supported Python that is here, or for those
  named, with `vendor/BYTECODE.json` (which Pythons, and the files).

The same lock, sources and Pythons give the same bytes, whoever builds: names, order, modes and times are
fixed. The manifest's own hash does not even depend on the Pythons. `--compare` holds what a release carries
against what was built here: all packages, and the bytecode of the Pythons that are here in the same version.
Standard library and pip only.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import bytecode
import wheels
from pythons import find_pythons

ROOT = Path(__file__).resolve().parents[1]
MANIFEST, BYTECODE = "vendor/MANIFEST.json", "vendor/BYTECODE.json"


@dataclass(frozen=True)
class Built:
    """A bundle by its hashes: of the manifest of packages, and of everything, bytecode included."""

    packages: str
    whole: str


def build(root: Path, target: Path, pythons: Iterable[str], fetched: Path | None = None) -> Built:
    """Build the bundle of the checkout `root` in the folder `target`, which is made anew.

    `fetched` is a folder that already holds the wheels of the lock. SystemExit where it cannot be built.
    """
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        if fetched is None:
            wheels.fetch(root / "requirements.txt", fetched := Path(scratch))
        packages = wheels.lay_out(fetched, target / "vendor")
    _write_manifest(target, root / "requirements.txt", packages)
    _add_bytecode(root, target, pythons)
    wheels.settle(target)
    return Built(_sha256(target / MANIFEST), hashlib.sha256(listing(target).encode()).hexdigest())


def listing(folder: Path) -> str:
    """Every file with its hash, in the form of `sha256sum`."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in _hashes(folder, folder).items())


def compare(built: Path, published: Path) -> tuple[list[str], list[str]]:
    """Return the files in which a published tree differs from what was built, and the Pythons not compared."""
    here, there = (json.loads((folder / BYTECODE).read_text("utf-8")) for folder in (built, published))
    same = {tag for tag, version in there["pythons"].items() if here["pythons"].get(tag) == version}
    others = [f"{version} ({tag})" for tag, version in there["pythons"].items() if tag not in same]
    names = {*_compared(built, same), *_compared(published, same)}
    return [name for name in sorted(names) if not _equal(built / name, published / name)], others


def _compared(folder: Path, tags: set[str]) -> Iterable[str]:
    """The files of the packages, and the bytecode of those tags, ours too."""
    for path in [*(folder / "vendor").rglob("*"), *(folder / "scripts").rglob("*.pyc")]:
        by_python = path.suffix == ".pyc" and path.name.split(".")[-2] not in tags
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not by_python and name != BYTECODE:
            yield name


def _equal(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _write_manifest(target: Path, lock: Path, packages: Iterable[wheels.Package]) -> None:
    manifest = {
        "schema": 1,
        "lock": _sha256(lock),
        "packages": [dataclasses.asdict(one) for one in packages],
        "files": _hashes(target / "vendor", target),
    }
    _write_json(target / MANIFEST, manifest)


def _add_bytecode(root: Path, target: Path, pythons: Iterable[str]) -> None:
    sources = bytecode.sources_in(target / "vendor", target) | bytecode.sources_in(root / "scripts", root)
    made = [bytecode.compile_for(python, sources, target) for python in pythons]
    versions = {one["tag"]: one["version"] for one in made}
    names = [name for tag in versions for name in bytecode.names_of(sources, tag)]
    files = {name: _sha256(target / name) for name in names}
    compiled = {name: _sha256(path) for name, path in sources.items()}
    _write_json(target / BYTECODE, {"schema": 1, "pythons": versions, "sources": compiled, "files": files})


def _hashes(folder: Path, below: Path) -> dict[str, str]:
    paths = {path.relative_to(below).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: _sha256(paths[name]) for name in sorted(paths)}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Build as the arguments say, and print the hashes."""
    parser = argparse.ArgumentParser(description="Build what a release adds to the committed files.")
    parser.add_argument("--python", action="append", help="compile for this one only (can be repeated)")
    parser.add_argument("--compare", type=Path, metavar="PUBLISHED", help="a tree that must hold the same")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    pythons = given.python or list(find_pythons().values())
    built = build(ROOT, given.folder, pythons)
    versions = json.loads((given.folder / BYTECODE).read_text("utf-8"))["pythons"].values()
    print(f"packages sha256:{built.packages}")
    print(f"bundle   sha256:{built.whole}  (bytecode of Python {', '.join(versions)})")
    if given.compare:
        _tell(*compare(given.folder, given.compare))


def _tell(differing: list[str], others: list[str]) -> None:
    if others:
        print(f"not compared: bytecode of Python {', '.join(others)}, which are not here in these versions")
    if differing:
        raise SystemExit(f"{len(differing)} files differ, such as {', '.join(differing[:5])}")
    print("The published packages and bytecode are what was built here.")


if __name__ == "__main__":
    main()
