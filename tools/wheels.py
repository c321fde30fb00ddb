"""Fetches the locked packages as wheels, and unpacks the files that a run can use."""

from __future__ import annotations

import email.message
import email.parser
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

OLDEST = "3.10"
"""The Python whose wheels are fetched, regardless of the one that runs this."""

_COMPILED = (".so", ".pyd", ".dll", ".dylib")
# The files kept of a `.dist-info` folder: the licence, and what scanners look for.
_DESCRIBED = re.compile(r"METADATA|licenses/.+|(LICEN[CS]E|NOTICE|COPYING|AUTHORS)[^/]*", re.IGNORECASE)

# Modules for browsers, for libraries that are not in the lock, and for encodings that are never guessed
# (adapters/http/exchange.py). A test imports what commands import.
_NEVER_IMPORTED = re.compile(
    r"urllib3/contrib/(emscripten/.+|pyopenssl\.py|socks\.py)|urllib3/http2/connection\.py|charset_normalizer/.+"
)


@dataclass(frozen=True)
class Package:
    """A package of the bundle, with its wheel."""

    name: str
    version: str
    licence: str
    wheel: str
    sha256: str


def fetch(lock: Path, folder: Path) -> None:
    """Download the wheels of the lock into `folder`: by hash, pure Python only. Raises SystemExit if pip fails."""
    _refuse_markers(lock)
    command = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--python-version", OLDEST]
    command += ["--platform", "any", "--implementation", "py", "--abi", "none"]
    command += ["--dest", str(folder), "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"The locked packages could not be fetched:\n{done.stderr[-2000:]}")


def lay_out(wheels: Path, folder: Path) -> list[Package]:
    """Unpack the files that a run can use of each wheel in `wheels`. Raises SystemExit for an unsuitable wheel."""
    packages = []
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            for name in names:
                if _is_used(_safe(name, wheel.name), wheel.name):
                    content = archive.read(name)
                    # Only the fields of METADATA, without the description that follows them.
                    _write(folder / name, content.split(b"\n\n")[0] if name.endswith("/METADATA") else content)
            packages.append(_package(wheel, archive, names))
    return packages


def lies_in_a_folder(name: str) -> bool:
    """Whether a file of the packages cannot be packed, because people or its package read it as a file."""
    folder = name.partition("/")[0]
    return folder == "certifi" or folder.endswith(".dist-info")


def pack(laid_out: Path, folder: Path, packed: Path) -> None:
    """Put the packages from `laid_out` into one file, `packed`, and into `folder` those files that cannot be in it."""
    paths = {path.relative_to(laid_out).as_posix(): path for path in laid_out.rglob("*")}
    for name in paths:
        if lies_in_a_folder(name) and paths[name].is_file():
            _write(folder / name, paths[name].read_bytes())
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(paths):
            if not lies_in_a_folder(name):
                # Folders, too, or a package without `__init__` is not found. Nothing is compressed: the bytes would
                # depend on the library, and the release's archive is compressed as a whole.
                content, slash = (b"", "/") if paths[name].is_dir() else (paths[name].read_bytes(), "")
                archive.writestr(zipfile.ZipInfo(name + slash, _DATE), content)


def _refuse_markers(lock: Path) -> None:
    """Refuse a package that only some Pythons need: one bundle is for all."""
    marked = re.findall(r"(?m)^[A-Za-z0-9][^\s;]*(?= *;)", lock.read_text("utf-8"))
    if marked:
        raise SystemExit(f"{lock.name} requires {marked[0]} on some systems only, so one bundle cannot serve all.")


def _safe(name: str, wheel: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ".data/" in name:
        raise SystemExit(f"{wheel} contains {name!r}, which must not be in a bundle.")
    return path


def _is_used(path: PurePosixPath, wheel: str) -> bool:
    """Whether a run could use a file, which tests never are. Raises SystemExit for a compiled module."""
    if path.suffix in _COMPILED:
        raise SystemExit(f"{wheel} is not pure Python: it contains {path}.")
    folder, _, rest = str(path).partition("/")
    if folder.endswith(".dist-info"):
        return _DESCRIBED.fullmatch(rest) is not None
    return "tests" not in path.parts and path.suffix != ".pth" and not _NEVER_IMPORTED.fullmatch(str(path))


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        raise SystemExit(f"Two packages contain {path.name} at the same place.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _package(wheel: Path, archive: zipfile.ZipFile, names: Sequence[str]) -> Package:
    (described,) = [name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
    metadata = email.parser.Parser().parsestr(archive.read(described).decode("utf-8"))
    folder = described.partition("/")[0]
    if not any(name.startswith(f"{folder}/") and re.search("licen[cs]e", name, re.IGNORECASE) for name in names):
        raise SystemExit(f"{wheel.name} has no licence text.")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Package(metadata["Name"], metadata["Version"], next(_licences(metadata)), wheel.name, sha256)


def _licences(metadata: email.message.Message) -> Iterator[str]:
    yield from (metadata[field] for field in ("License-Expression", "License") if metadata[field])
    raise SystemExit(f"{metadata['Name']} names no licence.")


def settle(folder: Path) -> None:
    """Give files and folders fixed modes and times."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_TIME, _TIME))


_DATE = (1980, 1, 1, 0, 0, 0)
_TIME = 315_532_800  # 1980-01-01: the earliest that all kinds of archives support
