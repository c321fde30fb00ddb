"""What the tests of the forges share."""

from __future__ import annotations

from pathlib import Path

import pytest

from forges.clones import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder for clones, still empty."""
    desk = Desk(tmp_path)
    desk.folder.mkdir()
    return desk
