"""`make bundle`: the files that a release adds to the committed ones, so that a run needs neither pip nor PyPI.

    python3 tools/bundle.py [--python PATH]... [--compare PUBLISHED] FOLDER

writes to FOLDER, to be copied over a checkout:

- `vendor/`: the locked packages, with `MANIFEST.json` (packages, their wheels, licences and files);
- bytecode of what the gate imports, for each installed Python of `pythons.COMPILED_FOR`, or for those named: an
  archive each, `__pycache__` of what is imported before it, and `vendor/BYTECODE.json`.

The same lock, sources and Pythons give the same bytes on every machine: names, order, modes and times are fixed. The
manifest's own hash is also independent of the Pythons. `--compare` compares a release with what was built here: all
packages, and the bytecode of the Pythons that are installed here in the same version. Standard library and pip only.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import bytecode
import wheels
from bytecode import PACKAGES, Source
from imports import GATE, imported_by
from pythons import COMPILED_FOR, find_pythons

ROOT = Path(__file__).resolve().parents[1]
MANIFEST, BYTECODE = "vendor/MANIFEST.json", "vendor/BYTECODE.json"


@dataclass(frozen=True)
class Built:
    """The hashes of a bundle: of the manifest of packages, and of all files with the bytecode."""

    packages: str
    whole: str


def build(root: Path, target: Path, pythons: Iterable[str], fetched: Path | None = None) -> Built:
    """Build the bundle of the checkout `root` in the folder `target`, which is replaced.

    `fetched` is a folder that already has the wheels of the lock. Raises SystemExit if the build fails.
    """
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        if fetched is None:
            wheels.fetch(root / "requirements.txt", fetched := Path(scratch, "wheels"))
        laid_out = Path(scratch, "laid-out")
        packages = wheels.lay_out(fetched, laid_out)
        wheels.pack(laid_out, target / "vendor", target / PACKAGES)
        _write_manifest(target, root / "requirements.txt", packages)
        _add_bytecode(root, laid_out, target, pythons)
    wheels.settle(target)
    return Built(_sha256(target / MANIFEST), hashlib.sha256(listing(target).encode()).hexdigest())


def listing(folder: Path) -> str:
    """Each file with its hash, in the format of `sha256sum`."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in _hashes(folder, folder).items())


def compare(built: Path, published: Path) -> tuple[list[str], list[str]]:
    """Return the files in which a published tree differs from the built one, and the Pythons not compared."""
    here, there = (json.loads((folder / BYTECODE).read_text("utf-8"))["pythons"] for folder in (built, published))
    same = {tag for tag, version in there.items() if here.get(tag) == version}
    others = [f"{version} ({tag})" for tag, version in there.items() if tag not in same]
    left_out = {BYTECODE, *(name for tag in {*here, *there} - same for name in bytecode.names_of(tag))}
    one, other = (dict(_contents(folder, left_out)) for folder in (built, published))
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)], others


def _contents(folder: Path, left_out: set[str]) -> Iterator[tuple[str, bytes]]:
    """The files of the packages and the bytecode; archives also by each of their entries."""
    for path in [*(folder / "vendor").rglob("*"), *(folder / "scripts").rglob("*.pyc")]:
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name in left_out:
            continue
        yield name, path.read_bytes()
        yield from ((f"{name}/{inner}", content) for inner, content in _held(path))


def _held(path: Path) -> Iterator[tuple[str, bytes]]:
    """The entries of an archive; none if it is unreadable: then it differs as a whole."""
    with contextlib.suppress(ValueError, EOFError, TypeError, KeyError, zipfile.BadZipFile):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from [(name, archive.read(name)) for name in archive.namelist()]
        elif path.suffix == ".bytecode":
            yield from bytecode.read_archive(path.read_bytes()).items()


def _write_manifest(target: Path, lock: Path, packages: Iterable[wheels.Package]) -> None:
    manifest = {
        "schema": 1,
        "lock": _sha256(lock),
        "packages": [dataclasses.asdict(one) for one in packages],
        "files": _hashes(target / "vendor", target),
    }
    _write_json(target / MANIFEST, manifest)


def _add_bytecode(root: Path, packages: Path, target: Path, pythons: Iterable[str]) -> None:
    modules = {name: _source(path, root, packages) for name, path in _modules(root, packages).items()}
    versions = dict(bytecode.compile_for(python, modules, target) for python in pythons)
    files = {name: _sha256(target / name) for tag in versions for name in bytecode.names_of(tag)}
    # The packed packages are one file, which the manifest lists.
    compiled = {one.name: _sha256(one.path) for one in modules.values() if not one.name.startswith(PACKAGES)}
    _write_json(target / BYTECODE, {"schema": 2, "pythons": versions, "sources": compiled, "files": files})


def _modules(root: Path, packages: Path) -> Mapping[str, Path]:
    """The modules to compile: those of a gate, and those imported before the archive."""
    found = imported_by(GATE, [root / "scripts", packages])
    return {**found, **{name: root / name for name in bytecode.BOOTSTRAP}}


def _source(path: Path, root: Path, packages: Path) -> Source:
    if not path.is_relative_to(packages):
        return Source(path.relative_to(root).as_posix(), path)
    name = path.relative_to(packages).as_posix()
    return Source(f"vendor/{name}" if wheels.lies_in_a_folder(name) else f"{PACKAGES}/{name}", path)


def _hashes(folder: Path, below: Path) -> dict[str, str]:
    paths = {path.relative_to(below).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: _sha256(paths[name]) for name in sorted(paths)}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Build with the given arguments, and print the hashes."""
    parser = argparse.ArgumentParser(description="Build what a release adds to the committed files.")
    parser.add_argument("--python", action="append", help="compile for this one only (can be repeated)")
    parser.add_argument("--compare", type=Path, metavar="PUBLISHED", help="a tree that must have the same content")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    pythons = given.python or list(find_pythons(COMPILED_FOR).values())
    built = build(ROOT, given.folder, pythons)
    versions = json.loads((given.folder / BYTECODE).read_text("utf-8"))["pythons"].values()
    print(f"packages sha256:{built.packages}")
    print(f"bundle   sha256:{built.whole}  (bytecode of Python {', '.join(versions)})")
    if given.compare:
        _print_comparison(*compare(given.folder, given.compare))


def _print_comparison(differing: list[str], others: list[str]) -> None:
    if others:
        print(f"not compared: bytecode of Python {', '.join(others)}, which are not installed in these versions")
    if differing:
        raise SystemExit(f"{len(differing)} files differ, such as {', '.join(differing[:5])}")
    print("The published packages and bytecode match what was built here.")


if __name__ == "__main__":
    main()
