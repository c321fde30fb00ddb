"""What was approved, as one line: written, read again, and compared in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.test_plan import plan
from frag_release.domain.plan import Approval, differences, read_approval, target_of, title_of, written

# Made by hand: printf '{"head":"00","stack tag":"2026.11.3"}' | sha256sum; the same | base64
TARGET = {"stack tag": "2026.11.3", "head": "00"}
DIGEST = "sha256:8087fb749a92649f63f12264aab4dc3321bce00266f358085a5cd25b9da9fe64"
LINE = f"{DIGEST}.eyJoZWFkIjoiMDAiLCJzdGFjayB0YWciOiIyMDI2LjExLjMifQ"
COMMITS = {"backend": "a" * 40, "frontend": "b" * 40}


def test_a_target_is_one_line_and_back() -> None:
    """SHA-256 of the canonical JSON, a dot, that JSON in base64url; in whatever order the parts came."""
    assert written(TARGET) == LINE
    assert read_approval(LINE) == Approval(DIGEST, TARGET)


@pytest.mark.parametrize("line", [
    "", DIGEST, LINE[:-1], LINE + "A", LINE + "=", f"x{LINE}", f"{LINE}\n", LINE.replace("808", "809"),
    LINE.replace("iMDAi", "iMDEi"), LINE[:-1] + "R", f"{DIGEST}.{'A' * 40000}",
    written({"a": 1}), written({"a": {"b": "c"}}), written([]),  # type: ignore[dict-item, arg-type]
])  # fmt: skip
def test_anything_else_is_none(line: str) -> None:
    """A line that was cut, changed, padded, or that holds other things than texts, is no approval."""
    assert read_approval(line) is None


@pytest.mark.parametrize("text", ["é", "\ud800", '"\\', "\u2028", "x" * 9000])
def test_every_text_survives(text: str) -> None:
    """Whatever a name holds, the line is ASCII without blanks, and reads as what was written."""
    line = written({text[:9]: text})
    assert line.isascii() and line.isprintable() and " " not in line
    approval = read_approval(line)
    assert approval is not None and approval.target == {text[:9]: text}


def test_the_target_is_all_that_decides() -> None:
    """Stack, branch, head, file, tag and ticket; for each component where, which, and whether kept; and the inputs."""
    assert target_of(plan(), COMMITS, {"allow": "pin-ci:backend@2023.05.1"}) == {
        "stack": "org/stack",
        "branch": "master",
        "head": "5" * 40,
        "file": ".github/workflows/build-main.yaml",
        "stack tag": "2023.06.2",
        "ticket": "",
        "backend repository": "org/fragalysis-backend",
        "backend commit": "a" * 40,
        "backend tag": "2023.05.1",
        "backend namespace": "",
        "backend kept": "false",
        "frontend repository": "org/fragalysis-frontend",
        "frontend commit": "b" * 40,
        "frontend tag": "2023.05.4",
        "frontend namespace": "",
        "frontend kept": "false",
        "input allow": "pin-ci:backend@2023.05.1",
    }


def test_the_title_names_tag_versions_and_seven_digits() -> None:
    """It is what the page of an approval shows."""
    assert title_of(plan(), COMMITS) == "2023.06.2: backend 2023.05.1 (aaaaaaa), frontend 2023.05.4 (bbbbbbb)"


def test_differences_are_words() -> None:
    """Each part that differs is named with both values, a commit by twelve digits; a part of one side alone, too."""
    approved = {"head": "1" * 40, "same": "x", "ticket": "", "gone": "y"}
    now = {"head": "2" * 40, "same": "x", "ticket": "org/stack#7", "new": "z"}
    assert differences(approved, now) == [
        "head is 222222222222, and was 111111111111 when approved",
        "ticket is 'org/stack#7', and was empty when approved",
        "new is 'z', and was missing when approved",
        "gone is missing, and was 'y' when approved",
    ]
    assert differences(approved, dict(reversed(approved.items()))) == []


def test_the_commit_of_an_approved_plan_says_so() -> None:
    """The trailer Plan stands in the last paragraph, behind the others."""
    held = replace(plan(), approved=DIGEST)
    assert held.message == f"build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\nPlan: {DIGEST}\n"
