from __future__ import annotations

from pathlib import Path

from contract.sources import ROOT
from imports import GATE, imported_by


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write modules to `folder`."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return folder


def test_what_is_imported_at_once_is_found(tmp_path: Path) -> None:
    """Relative, from a package, of another folder, in a `try` and in a class count; late and for types only do not."""
    ours = write(tmp_path / "ours", {
        "app/__init__.py": "", "app/start.py": "from . import one\nfrom .below.two import x\nimport json, lib.three\n",
        "app/one.py": "def f():\n    from . import late\n", "app/late.py": "", "app/types.py": "",
        "app/below/__init__.py": "from ..four import y\n", "app/below/two.py": "class C:\n    import five\n",
        "app/four.py": "if TYPE_CHECKING:\n    from . import types\nelse:\n    import six\n",
    })  # fmt: skip
    theirs = write(tmp_path / "theirs", {
        "lib/three.py": "try:\n    import seven\nexcept ImportError:\n    import eight\n",
        **{f"{name}.py": "" for name in ("five", "six", "seven", "eight", "nine")},
    })  # fmt: skip

    assert set(imported_by(["app.start"], [ours, theirs])) == {
        "app", "app.start", "app.one", "app.below", "app.below.two", "app.four", "lib.three",
        "five", "six", "seven", "eight",
    }  # fmt: skip


def test_every_root_is_a_module() -> None:
    """What is said to be imported late is there: a renamed module would silently go without bytecode."""
    found = imported_by(GATE, [ROOT / "scripts"])
    assert {name for name in GATE if name.startswith("frag_release.")} <= set(found)
