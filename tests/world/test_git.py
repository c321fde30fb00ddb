from __future__ import annotations

from pathlib import Path

from world.example import (
    BACKEND_LINE,
    FRONTEND_LINE,
    Example,
    add_off_production_release,
    build_example,
    workflow_text,
)
from world.git import Repo


def test_equal_calls_give_equal_commits(tmp_path: Path) -> None:
    """The worked example has the same commit ids wherever and whenever it is built."""
    assert build_example(tmp_path / "one").commits == build_example(tmp_path / "two").commits


def test_the_example_is_the_one_of_the_design(example: Example) -> None:
    """Backend 2023.05.1 is on production and 2023.05.2 is not; the lines named hold the image tags."""
    on_production = example.backend.git("tag", "--merged", "production").split()
    assert on_production == ["2023.03.1", "2023.05.1", "2023.05.1-rc.1"]
    lines = workflow_text("2023.05.1", "2023.05.4").split("\n")
    assert lines[BACKEND_LINE - 1].startswith("  BE_IMAGE_TAG: 2023.05.1 ")
    assert lines[FRONTEND_LINE - 1].startswith("  FE_IMAGE_TAG: 2023.05.4 ")
    off = add_off_production_release(example)
    assert b"BE_IMAGE_TAG: 2023.05.2 " in example.stack.read(off, ".github/workflows/build-main.yaml")


def test_nested_tags_peel_to_the_commit(tmp_path: Path) -> None:
    """A tag of a tag of a tag is three tag objects deep and ends at the commit."""
    repo = Repo.create(tmp_path / "repo")
    commit = repo.commit({"a": "b"}, "start")
    outer = repo.nested_tag("deep", commit, depth=3)
    assert repo.git("cat-file", "-t", outer) == "tag"
    assert repo.resolve("refs/tags/deep^{commit}") == commit
    assert repo.git("cat-file", "-p", outer).split("\n")[1] == "type tag"


def test_a_fast_history_is_as_long_as_asked(tmp_path: Path) -> None:
    """A thousand commits stand in one line on the branch."""
    repo = Repo.create(tmp_path / "repo")
    commits = repo.fast_history(1000)
    assert len(set(commits)) == 1000
    assert repo.git("rev-list", "--count", "master") == "1000"
    assert repo.head() == commits[-1]
