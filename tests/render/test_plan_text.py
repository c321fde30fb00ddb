"""The plan as plain text for the log."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frag_release.domain.changes import History
from frag_release.domain.evidence import Placement, Unknown
from frag_release.domain.plan import Change
from render.hostile import HOSTILE
from render.plans import NEW, backend_change, commits, frontend_change, plan, planned, proposed
from render.reports import good_facts, pin, with_backend
from render.shown import prepare_text


def test_the_text_tells_the_plan_and_what_was_made() -> None:
    """Verdict, diff, changes and results follow one another in plain words."""
    lines = prepare_text(proposed()).split("\n")
    assert lines[:10] == [
        "Release 2023.06.2 is prepared",
        "Pull request #7 changes 2 values of .github/workflows/build-main.yaml, and nothing else.",
        "--- a/.github/workflows/build-main.yaml",
        "+++ b/.github/workflows/build-main.yaml",
        "@@ -3,2 +3,2 @@",
        "-  BE_IMAGE_TAG: 2023.03.1",
        "-  FE_IMAGE_TAG: '2023.05.3'  # was 2023.05.2",
        "+  BE_IMAGE_TAG: 2023.05.1",
        "+  FE_IMAGE_TAG: '2023.05.4'  # was 2023.05.2",
        "backend: 2023.03.1 -> 2023.05.1 (3 new commits, 0 removed, tickets #1523 #1463 #1517)",
    ]
    assert lines[-1] == "Opened pull request 7 https://github.com/xchem/fragalysis-stack/pull/7"
    assert "PASS  pin-ci           backend   ci.yaml passed for 2023.05.1." in lines


def test_a_refusal_has_its_remedy() -> None:
    """What stands in the way comes before what passed, with what to do on the line below."""
    text = prepare_text(planned(facts=with_backend(good_facts(), placement=Placement(frozenset()))))
    lines = text.split("\n")
    assert lines[0] == "Refused: release 2023.06.2 is not prepared"
    at = next(at for at, line in enumerate(lines) if line.startswith("FAIL  pin-on-branch"))
    assert lines[at + 1].startswith("    -> ")
    assert at < next(at for at, line in enumerate(lines) if line.startswith("PASS"))


def test_nothing_to_write_shows_no_diff() -> None:
    """A file that has the values already is not shown."""
    text = prepare_text(planned(plan(frontend_change("2023.05.3"), before=NEW)))
    assert "+++" not in text
    assert "frontend: 2023.05.3, unchanged" in text


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (backend_change(Unknown("503")), "backend: 2023.03.1 -> 2023.05.1 (its commits could not be read: 503)"),
        (backend_change(History(removed=commits("x"))), "WARNING: backend loses commits. Database migrations are not"),
        (Change(pin("backend", "2023.05.1"), pin("backend", "2023.03.1")), "WARNING: backend goes back. Database"),
        (
            backend_change(History(commits(" ".join(f"#{at}" for at in range(1, 41))))),
            " #30 and 10 more)",
        ),
    ],
)
def test_every_kind_of_change_is_told(change: Change, line: str) -> None:
    """Unreadable histories, ways back and long lists each have their words."""
    assert line in prepare_text(planned(plan(change)))


@pytest.mark.parametrize("foreign", HOSTILE)
def test_foreign_text_adds_no_line(foreign: str) -> None:
    """However a tag or a reason is written, the text has the same lines."""
    change = replace(backend_change(Unknown(foreign)), before=pin("backend", foreign))
    plain = prepare_text(planned(plan(backend_change(Unknown("x")))))
    assert len(prepare_text(planned(plan(change))).splitlines()) == len(plain.splitlines())
