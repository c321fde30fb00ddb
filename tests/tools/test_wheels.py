"""What is taken from a wheel into the bundle, and which wheels are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import wheels

METADATA = "Metadata-Version: 2.4\nName: thing\nVersion: 1.0\nLicense-Expression: MIT\n"
USUAL = {
    "thing/__init__.py": "",
    "thing-1.0.dist-info/METADATA": METADATA,
    "thing-1.0.dist-info/licenses/LICENSE": "do as you like",
    "thing-1.0.dist-info/RECORD": "",
}


def wheel(folder: Path, files: dict[str, str], name: str = "thing") -> Path:
    """A wheel with these files; returns the folder that it is in."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return folder


def test_what_a_run_can_use_is_taken(tmp_path: Path) -> None:
    """Modules, data, licence and metadata are laid out; tests, records and start-up files are not."""
    extra = {"thing/data.txt": "x", "tests/__init__.py": "", "thing/tests/test_it.py": "", "thing.pth": "import os"}
    (package,) = wheels.lay_out(wheel(tmp_path / "in", {**USUAL, **extra}), tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {
        "thing/__init__.py",
        "thing/data.txt",
        "thing-1.0.dist-info/METADATA",
        "thing-1.0.dist-info/licenses/LICENSE",
    }
    assert (package.name, package.version, package.licence) == ("thing", "1.0", "MIT")


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"thing/fast.cpython-312-x86_64-linux-gnu.so": ""}, "not pure Python"),
        ({"../thing.py": ""}, "must not be in a bundle"),
        ({"/etc/thing.py": ""}, "must not be in a bundle"),
        ({"thing-1.0.data/scripts/thing": ""}, "must not be in a bundle"),
        ({"thing-1.0.dist-info/METADATA": "Name: thing\nVersion: 1.0\n"}, "names no licence"),
    ],
)
def test_a_wheel_that_does_not_fit_is_refused(tmp_path: Path, extra: dict[str, str], words: str) -> None:
    """A compiled part, a path that leads out or a start script, or a package without licence ends the build."""
    with pytest.raises(SystemExit, match=words):
        wheels.lay_out(wheel(tmp_path / "in", {**USUAL, **extra}), tmp_path / "out")


def test_a_package_without_the_text_of_its_licence_is_refused(tmp_path: Path) -> None:
    """A licence that is only named is not enough to pass a package on."""
    files = {name: text for name, text in USUAL.items() if "LICENSE" not in name}
    with pytest.raises(SystemExit, match="no licence text"):
        wheels.lay_out(wheel(tmp_path / "in", files), tmp_path / "out")


def test_two_packages_with_the_same_file_are_refused(tmp_path: Path) -> None:
    """Which of the two would be run is nothing to leave to their order."""
    wheel(tmp_path / "in", USUAL)
    wheel(tmp_path / "in", {**USUAL}, name="twin")
    with pytest.raises(SystemExit, match="same place"):
        wheels.lay_out(tmp_path / "in", tmp_path / "out")


def test_a_lock_that_differs_by_system_is_refused(tmp_path: Path) -> None:
    """A package that only some Pythons need would be missing in, or wrongly part of, a bundle for all."""
    lock = tmp_path / "requirements.txt"
    lock.write_text('thing==1.0 ; python_version < "3.11" \\\n    --hash=sha256:' + "0" * 64 + "\n", "utf-8")
    with pytest.raises(SystemExit, match=r"thing==1\.0 on some systems only"):
        wheels.fetch(lock, tmp_path)


def test_a_wheel_of_another_hash_is_not_fetched(tmp_path: Path) -> None:
    """pip holds every wheel against the lock, and says which did not match."""
    lock = tmp_path / "requirements.txt"
    lock.write_text("semver==3.1.1 --hash=sha256:" + "0" * 64 + "\n", "utf-8")
    with pytest.raises(SystemExit, match=r"(?s)could not be fetched.*DO NOT MATCH"):
        wheels.fetch(lock, tmp_path / "wheels")
