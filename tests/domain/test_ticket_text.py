"""Reading versions out of tickets as people write them, and refusing what is not plain."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.tickets import MAX_CHARACTERS, TicketTextError, read_versions
from frag_release.domain.versions import parse_production_tag

PAIR = ("backend", "frontend")
BACKEND, FRONTEND = "2026.06.1", "2026.05.4"


def read(text: str) -> dict[str, str]:
    """The pair that a text names."""
    return read_versions(text, dict.fromkeys(PAIR, DEFAULT_FORMAT))


def refusal(text: str) -> str:
    """The message by which a text is refused."""
    with pytest.raises(TicketTextError) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "- backend 2026.06.1\n- frontend 2026.05.4",
        "Release 2026.06.2\n\n* Backend: 2026.06.1\n* Frontend: 2026.05.4\n* #1523, #1463\n",
        "- [x] **backend** `2026.06.1`\r\n- [ ] **front-end** `2026.05.4`\r\n",
        "Please release backend v2026.06.1 with frontend V2026.05.4.",
        "Release 2026.06.2: backend 2026.06.1, frontend 2026.05.4",
        "Production release 2026.06.2 (b/e 2026.06.1 f/e 2026.05.4)",
        "Please take 2026.06.1 for the backend and 2026.05.4 for the frontend.",
        "For the back end use 2026.06.1, and for the front end use 2026.05.4.",
        "The stack uses backend 2026.06.1 and frontend 2026.05.4.",
        "backend 2026.06.1 goes into the stack, as does\nfrontend _2026.05.4_.",
        "build: Use of b/e 2026.06.1 f/e 2026.05.4",
        "- backend release 2026.06.1\n- frontend release 2026.05.4",
        "- backend 2026.06.1, frontend unchanged\n- frontend 2026.05.4",
        "xchem/fragalysis-backend:2026.06.1 and xchem/fragalysis-frontend:2026.05.4",
        "`backend=2026.06.1` `frontend=2026.05.4`",
        "## Backend 2026.06.1\n\nFixes #12.\n\n## Frontend 2026.05.4\n",
        "### Backend tag\n\n2026.06.1\n\n### Frontend tag\n\nv2026.05.4\n\n### Anything else\n\nPython 3.11.4",
        "## Backend\n### Version\n2026.06.1\n## Frontend\n### Version\n2026.05.4\n",
        "Backend:\n- 2026.06.1\n\n**Frontend**\n\n2026.05.4\n\n2026.06.2",
        "- backend\n  - 2026.06.1\n- frontend\n  - 2026.05.4\n",
        "|Component|Version|Note|\n|---|:--|--|\n| backend | 2026.06.1 | needs frontend |\n| frontend | 2026.05.4 | |",
        "Stack: backend 2026.06.1, frontend as before:\nfrontend 2026.05.4",
        "| backend | frontend |\n| --- | --- |\n| 2026.06.1 | 2026.05.4 |",
        "| stack | frontend | backend |\n|--|--|--|\n| 2026.06.2 | 2026.05.4 | 2026.06.1 |\n\n2023.01.1",
        "||backend|frontend|\n|-|-|-|\n|production|2026.06.1|2026.05.4|",
        "|a \\| b|backend|frontend|\n|-|-|-|\n|x|2026.06.1|2026.05.4|",
        "backend | 2026.06.1\nfrontend | 2026.05.4",
        "~~backend 2026.04.9~~ backend 2026.06.1\n<del>frontend 2026.05.3</del> frontend 2026.05.4",
        "<!-- write backend 2023.05.1 here -->\nbackend 2026.06.1\nfrontend 2026.05.4\n<!-- frontend 2026.05.5",
        "[//]: # (backend 2023.05.1)\nbackend 2026.06.1\nfrontend 2026.05.4",
        "backend [2026.06.1](https://github.com/xchem/fragalysis-backend/releases/tag/2026.06.1)"
        " ([changes](https://github.com/xchem/fragalysis-backend/compare/2026.04.1...2026.06.1))\nfrontend 2026.05.4",
        "https://github.com/xchem/fragalysis-backend/releases/tag/2026.06.1\n"
        "https://github.com/xchem/fragalysis-frontend/tree/2026.05.4",
        "backend 2026.06.1\nbackend: v2026.06.1\nfrontend 2026.05.4",
        "> frontend 2026.05.4\n\nand\tBACKEND\t2026.06.1!",
        "Takes about ~5 minutes, backend 2026.06.1 in ~10 minutes.\nfrontend 2026.05.4",
    ],
)
def test_a_plain_ticket_is_read(text: str) -> None:
    """Whichever way a person writes the two versions down, they are found."""
    assert read(text) == {"backend": BACKEND, "frontend": FRONTEND}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no backend version, such as 'backend 2023.05.1'"),
        ("Release 2026.06.2\nNothing else", "no backend version"),
        ("2026.06.1 and 2026.05.4", "no backend version"),
        ("backend 2026.06.1", "no frontend version"),
        ("backend 2026.06.1, frontend unchanged", "no frontend version"),
        ("backend 2026.06\nfrontend 2026.05.4", "no backend version"),
        ("my-backendish 2026.06.1\nfrontend 2026.05.4", "no backend version"),
        ("~~backend 2026.06.1~~\nfrontend 2026.05.4", "no backend version"),
        ("## Changes\n2026.06.1\n## Frontend\n2026.05.4", "no backend version"),
        ("Backend:\n2026.06.2 will be out soon\nfrontend 2026.05.4", "no backend version"),
        ("Backend:\n- see the board\n- 2026.06.1\nfrontend 2026.05.4", "no backend version"),
    ],
)
def test_what_is_missing_is_named(text: str, words: str) -> None:
    """A version that is not there is asked for by its component's name, and none is made up."""
    assert words in refusal(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("backend 2026.06.1\nbackend 2026.06.2\nfrontend 2026.05.4", "several backend versions: 2026.06.1, 2026.06.2"),
        ("backend from 2026.05.1 to 2026.06.1\nfrontend 2026.05.4", "several backend versions: 2026.05.1, 2026.06.1"),
        ("backend 2026.05.1 → 2026.06.1\nfrontend 2026.05.4", "several backend versions"),
        ("backend 2026.6.1\nbackend 2026.06.1\nfrontend 2026.05.4", "several backend versions"),
        ("## Backend\n2026.05.1\n\nor 2026.06.1\n## Frontend\n2026.05.4", "several backend versions"),
        ("|c|old|new|\n|-|-|-|\n|backend|2026.05.1|2026.06.1|\n|frontend|1.1.1|1.1.1|", "several backend versions"),
        ("|backend|frontend|\n|-|-|\n|1.1.1|2.1.1|\n|1.1.2|2.1.1|", "several backend versions: 1.1.1, 1.1.2"),
        ("backend 2026.06.1\nbackend 2026.06.1-rc.1\nfrontend 2026.05.4", "several backend versions"),
        ("backend " + " ".join(f"1.1.{at}" for at in range(40)) + "\nfrontend 1.1.1", "and 35 more"),
        ("backend and frontend 2026.06.1", "the line 'backend and frontend 2026.06.1'"),
        ("backend/frontend: 2026.06.1/2026.05.4", "not clear"),
        ("Release 2026.06.1 of the backend and 2026.05.4 of the frontend", "not clear"),
        ("2026.06.2: backend 2026.06.1, frontend", "not clear"),
        ("backend, 2026.05.4 frontend, 2026.06.2", "not clear"),
        ("|frontend|backend|\n|-|-|\n|2026.06.1|backend stays|", "the line '|2026.06.1|backend stays|'"),
    ],
)
def test_what_is_ambiguous_is_refused(text: str, words: str) -> None:
    """Two versions for one component, or one that could be either's, stop everything, and it is said why."""
    assert words in refusal(text)


@pytest.mark.parametrize(
    "written",
    [
        "2026.06.1-rc.1",
        "2026.06.1rc1",
        "2026.06.1+build",
        "1.2026.06.1",
        "2026.06.1.2",
        "2026.06.1234567890",
        "２026.06.1",
    ],
)
def test_a_version_that_is_no_production_tag_is_refused(written: str) -> None:
    """What stands around a version belongs to it: no production tag is cut out of something else."""
    text = refusal(f"backend {written}\nfrontend 2026.05.4")
    assert "not a production tag" in text or "no backend version" in text
    assert read(f"backend 1.1.1, frontend {written.replace(written, '2.2.2')}") == {
        "backend": "1.1.1",
        "frontend": "2.2.2",
    }


def test_only_what_is_asked_for_is_needed() -> None:
    """A list of other components is read in the same way; a name may hold anything."""
    assert read_versions("a.c 1.1.1 goes into stack 3.3.3\nabc 2.2.2", {"a.c": DEFAULT_FORMAT}) == {"a.c": "1.1.1"}


def test_a_text_too_long_to_be_a_ticket_is_refused_whole() -> None:
    """Half a ticket is not read: what it says behind the cut might be something else."""
    assert "at most 70,000" in refusal("backend 2026.06.1\nfrontend 2026.05.4\n" + "x" * MAX_CHARACTERS)


FILL = 65_000
HOSTILE = [
    "<!--", "<!-- ", "~~", "~a", "~~a ", "<s>", "<s>x", "[", "[a]:", "#", "# ", "|", "|-", "| backend ", "backend ",
    "backend 1.1.1 ", "1.1.1 backend ", "1.1.1", "1.1.1 ", "1.", "v1.1.1-", "_", " _", "__1.1.1__ ", "https://", "\n",
    "\r", "\n\n# backend\n", "backend\n1.1.1\n", "and ", "backend and ", "backend, the and ", "f/e b/e ", "release ",
    "release 1.1.1 ", " " * 50 + "1.1.1", "version ", "backend version ", "backend " + " of the " * 200, "\\|",
    "backend|frontend\n", "https://x/tag/", "`", "\u2028", "\x00", "－", "(" * 30, "1.1.1 of the ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_costs_no_time(piece: str) -> None:
    """64 KiB of anything, repeated, are done with within seconds: no pattern runs away."""
    for text in (piece * (FILL // len(piece)), "backend 1.1.1 " + piece * (FILL // len(piece)) + " frontend"):
        started = time.process_time()
        try:
            read(text)
        except TicketTextError as error:
            assert len(str(error)) < 600
        assert time.process_time() - started < 10


pieces = st.sampled_from(
    [*HOSTILE[:30], "frontend ", "2026.06.1 ", "2026.06.1-rc.1 ", ", ", ": ", "\n", " for the ", "| "]
)


@given(st.one_of(st.text(), st.lists(pieces, max_size=12).map("".join)))
@example("1.1.1 backend 2.2.2 frontend")
def test_whatever_the_text_the_answer_is_a_pair_of_its_own_or_a_refusal(text: str) -> None:
    """No text raises anything else, and every version returned is a production tag that stands in the text."""
    try:
        found = read(text)
    except TicketTextError:
        return
    assert set(found) == set(PAIR)
    for version in found.values():
        assert parse_production_tag(version, DEFAULT_FORMAT)
        assert version in text
