"""CODEOWNERS as GitHub reads it, and whether the owners have to review."""

from __future__ import annotations

from typing import Any

import pytest

from frag_release.domain.evidence import Hidden, Unknown
from frag_release.domain.needs import Presence
from frag_release.domain.needs.protection import BranchGuard, BranchRule, ClassicProtection
from frag_release.domain.needs.writers import Owners, judge_owners

FILE = ".github/workflows/build-main.yaml"
HIDDEN = Hidden("GitHub said no", "It takes a token.")
OWNED = Owners(".github/CODEOWNERS", "/.github/ @org/managers\n")
ASKED = BranchGuard([BranchRule("pull_request", 1, owners=True)], None)


@pytest.mark.parametrize(
    ("text", "owned"),
    [
        ("* @a", True),
        (".github/ @a", True),
        ("/.github/ @a", True),
        (".github @a", True),
        ("workflows/ @a", True),
        ("/workflows/ @a", False),
        ("*.yaml @a", True),
        ("/.github/** @a", True),
        ("/.github/* @a", False),
        ("/.github/workflows/* mail@example.org", True),
        ("/.github/workflows/build-*.yaml @a # why", True),
        ("* @a\n/.github/workflows/", False),
        ("/.github/\n* @a", True),
        ("# * @a", False),
        ("!.github @a", False),
        (".github/workflows/build-main.yaml/ @a", False),
        ("docs/ @a", False),
        ("* nobody", False),
        ("", False),
    ],
)
def test_the_last_pattern_that_means_the_file_names_its_owners(text: str, owned: bool) -> None:
    """A folder means all below it, a name without a slash is looked for everywhere, and no owners free a file."""
    assert bool(Owners("CODEOWNERS", text).of(FILE)) is owned


@pytest.mark.parametrize(
    ("found", "guard", "presence", "words"),
    [
        (OWNED, ASKED, Presence.THERE, "a rule requires their review"),
        (
            OWNED,
            BranchGuard((), ClassicProtection(True, False, True, True)),
            Presence.THERE,
            "the branch protection of",
        ),
        (OWNED, BranchGuard((), None), Presence.MISSING, "no rule requires their review on master"),
        (OWNED, BranchGuard([BranchRule("pull_request", 1, owners=False)], None), Presence.MISSING, "no rule requires"),
        (OWNED, BranchGuard([BranchRule("pull_request", 1)], None), Presence.UNVERIFIABLE, "does not show"),
        (OWNED, BranchGuard((), HIDDEN), Presence.UNVERIFIABLE, "GitHub said no"),
        (Owners("CODEOWNERS", "/.github/ @a"), ASKED, Presence.MISSING, "names no owner of CODEOWNERS"),
        (Owners(".github/CODEOWNERS", "docs/ @a"), ASKED, Presence.MISSING, f"names no owner of {FILE}"),
        (None, ASKED, Presence.MISSING, "There is no file CODEOWNERS"),
        (Unknown("GitHub is away"), ASKED, Presence.UNAVAILABLE, "GitHub is away"),
    ],
)
def test_owners_have_to_review(found: Any, guard: BranchGuard, presence: Presence, words: str) -> None:
    """The workflow file and the file that names owners are owned, and a rule asks for their review."""
    judged = judge_owners(FILE, found, "master", guard)
    assert judged.presence is presence, judged
    assert words in judged.message
