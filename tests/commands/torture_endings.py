"""Every command at every place where a run can be cut off, with all that cannot be written. `make torture` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.endings import KINDS
from commands.scenarios import READERS, WRITERS, scenario_of
from commands.test_endings import NOT_FILES, end_cancelled, end_no_file, end_refused, end_unwritable

ALL = (*WRITERS, *READERS)
WRITES = {"prepare": 5, "prepare commit": 4, "publish": 4, "announce": 6, "announce on a ticket": 4, "deploy": 4}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ALL)
def test_what_cannot_be_written_hides_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, kind: str
) -> None:
    """What was made is told in all that can be written, and the status is 2 for the report, 3 for a runner's files."""
    end_unwritable(scenario_of(name, request), kind, tmp_path)


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize(("name", "nth"), [(name, nth) for name, count in WRITES.items() for nth in range(count)])
def test_refused_after_any_write(request: pytest.FixtureRequest, name: str, nth: int, status: int) -> None:
    """When a server refuses all further writes, what the earlier ones made is told, and a re-run makes the rest."""
    scenario = scenario_of(name, request)
    assert scenario.writes == WRITES[name]
    end_refused(scenario, nth, status)


@pytest.mark.parametrize(("name", "nth"), [(name, nth + 1) for name, count in WRITES.items() for nth in range(count)])
def test_cancelled_after_any_write(request: pytest.FixtureRequest, name: str, nth: int) -> None:
    """A run that is cancelled after a write sends no other, tells what was made, and a re-run makes the rest."""
    end_cancelled(scenario_of(name, request), nth)


@pytest.mark.parametrize("kind", NOT_FILES)
@pytest.mark.parametrize("name", ALL)
def test_a_report_that_is_no_file_is_refused(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, kind: str
) -> None:
    """What is there and no regular file stays as it is, and the run ends with status 2 before it asks for anything."""
    end_no_file(scenario_of(name, request), kind, tmp_path)
