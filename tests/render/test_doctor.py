"""The doctor's summary: the verdict first, then what to do; names of others stay text."""

from __future__ import annotations

import datetime

import pytest

from frag_release.domain.evidence import Unknown
from frag_release.domain.needs import OUTSIDE, Judgement, Need, Presence, Row, TokenKind, in_file, unseen
from frag_release.domain.reports.doctor import DoctorReport
from frag_release.render.doctor import next_steps
from render.hostile import HOSTILE, tokens
from render.shown import doctor_summary, doctor_text

NOW = datetime.datetime(2023, 6, 2, 12, 30, tzinfo=datetime.timezone.utc)
NAMES = ("gate", "prepare")


def row(presence: Presence, name: str = "n", *, guard: bool = False, text: str = "m", remedy: str = "r") -> Row:
    """A need, or what guards from outside."""
    need = Need(name, ("gate",), f"what {name}", OUTSIDE) if guard else Need(name, NAMES, f"what {name}")
    return Row(need, Judgement(presence, text, remedy))


def report(*rows: Row, token: TokenKind | None = TokenKind.CLASSIC) -> DoctorReport:
    """A report of these."""
    return DoctorReport("1.0.0", NOW, "org/stack", NAMES, token, rows)


@pytest.mark.parametrize(
    ("presences", "heading", "status"),
    [
        (
            [Presence.THERE, Presence.UNVERIFIABLE, Presence.NOT_NEEDED],
            "## ✅ Everything that could be checked is in place",
            0,
        ),
        ([Presence.MISSING], "## ⛔ 1 thing is missing", 1),
        (
            [Presence.MISSING, Presence.MISSING, Presence.UNAVAILABLE],
            "## ⛔ 2 things are missing, and 1 thing could not be seen",
            1,
        ),
        ([Presence.UNAVAILABLE], "## ⛔ 1 thing could not be seen", 1),
    ],
)
def test_the_verdict_comes_first(presences: list[Presence], heading: str, status: int) -> None:
    """With the numbers of what stops a command, and the exit status that belongs to it."""
    found = report(*(row(one, f"n{at}") for at, one in enumerate(presences)))
    assert doctor_summary(found).splitlines()[0] == heading
    assert doctor_text(found).splitlines()[0] == heading.removeprefix("## ")
    assert found.exit_status == status


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (TokenKind.NONE, "Examined without a token: the input token is empty."),
        (
            TokenKind.OWN,
            "Token examined: the workflow's own. Pass in the input token the one that the commands receive.",
        ),
        (TokenKind.APP, "Token examined: the one in the input token, the token of an app."),
        (TokenKind.CLASSIC, "Token examined: the one in the input token, a classic token."),
        (None, "Token examined: the one in the input token."),
    ],
)
def test_the_first_lines_say_whose_rights_these_are(token: TokenKind | None, words: str) -> None:
    """Which token was examined is among the first lines of log and summary, and its kind only where it is known."""
    found = report(row(Presence.THERE), token=token)
    assert doctor_text(found).splitlines()[2] == words
    assert doctor_summary(found).splitlines()[4] == words


@pytest.mark.parametrize(
    ("presences", "heading"),
    [
        ([Presence.MISSING], "## ⚠️ Ready to run, and open: 1 guard missing"),
        ([Presence.MISSING] * 4 + [Presence.THERE], "## ⚠️ Ready to run, and open: 4 guards missing"),
        (
            [Presence.MISSING, Presence.UNAVAILABLE],
            "## ⚠️ Ready to run, and open: 1 guard missing, and 1 guard could not be seen",
        ),
        ([Presence.UNVERIFIABLE, Presence.THERE], "## ✅ Everything that could be checked is in place"),
    ],
)
def test_the_heading_is_not_fine_while_a_guard_is_missing(presences: list[Presence], heading: str) -> None:
    """No command stops for want of it, so the exit is 0, and the heading counts what leaves production open."""
    found = report(row(Presence.THERE), *(row(one, f"g{at}", guard=True) for at, one in enumerate(presences)))
    assert doctor_summary(found).splitlines()[0] == heading
    assert found.exit_status == 0


def test_what_the_workflow_file_lacks_is_red() -> None:
    """A row on the file stops the run as a need does, stands in a table of its own, and names the line."""
    lacking = Row(
        in_file("gate-used", "A gate"), Judgement(Presence.MISSING, "None.", "Add it.", file="b.yaml", line=3)
    )
    found = report(row(Presence.THERE), lacking)
    assert found.exit_status == 1
    assert found.outputs()["failed-rules"] == "workflow:gate-used"
    lines = doctor_summary(found).splitlines()
    assert lines[0] == "## ⛔ 1 thing is missing"
    assert "| ❌&nbsp;missing | A gate<br>`gate-used` | the gate | None.<br>`b.yaml:3` | Add it. |" in lines
    assert '  file["the workflow file<br/>❌ 1 missing"]:::bad' in lines


def test_what_to_do_names_each_remedy_once() -> None:
    """What stops a command first, then the guards, then what nobody can tell."""
    found = report(
        row(Presence.UNVERIFIABLE, "a"),
        row(Presence.MISSING, "b", remedy="Give a token."),
        row(Presence.MISSING, "c", remedy="Give a token."),
        row(Presence.MISSING, "d", guard=True),
        row(Presence.UNVERIFIABLE, "e", guard=True),
    )
    assert next_steps(found) == [
        "❌ **b** (`need`), **c** (`need`): m<br>→ Give a token.",
        "Then run this again.",
        "⚠️ 1 guard from outside is missing. The last table shows how to set it up.",
        "❔ 2 points cannot be checked with this token, so do not rely on that. The tables show who could check, or "
        "what happens without.",
    ]
    assert next_steps(report(row(Presence.THERE))) == ["Nothing to do."]


def test_a_server_that_is_away_is_told_once() -> None:
    """What was not seen for one reason is one step, one row and one line, which name all of it."""
    rows = [
        Row(
            Need(name, ("gate",), f"Read {name}"),
            unseen(Unknown(f"api.example cannot be reached, when asked for {name}")),
        )
        for name in ("a", "b", "c")
    ]
    found = report(*rows, row(Presence.THERE, "d"))
    why = "api.example cannot be reached."
    assert next_steps(found)[0] == (
        f"❔ **a** (`need`), **b** (`need`), **c** (`need`): {why}<br>→ Nothing is known to be wrong: run this again."
    )
    assert (
        "| ❔&nbsp;not&nbsp;seen | Read a<br>`a`<br>Read b<br>`b`<br>Read c<br>`c` | gate | "
        f"{why} | Nothing is known to be wrong: run this again. |"
    ) in doctor_summary(found)
    lines = [line for line in doctor_text(found).splitlines() if "api.example" in line]
    assert lines == [f"UNKNOWN  need  a  {why} The same applies to b, c."]
    assert doctor_summary(found).startswith("## ⛔ 3 things could not be seen")


def test_the_tables_and_the_picture_say_how_each_stands() -> None:
    """Worst first, in marks and words; what is there needs no remedy."""
    summary = doctor_summary(
        report(row(Presence.THERE, "a"), row(Presence.MISSING, "b"), row(Presence.MISSING, "c", guard=True))
    )
    lines = summary.splitlines()
    assert "| ❌&nbsp;missing | what b<br>`b` | gate, prepare | m | r |" in lines
    assert lines.index("| ✅&nbsp;there | what a<br>`a` | gate, prepare | m |  |") > lines.index(
        "| ❌&nbsp;missing | what b<br>`b` | gate, prepare | m | r |"
    )
    assert "| ⚠️&nbsp;missing | what c<br>`c` | the gate | m | r |" in lines
    assert '  command1["prepare<br/>❌ 1 missing<br/>✅ 1 there"]:::bad' in lines
    assert '  guards["from outside<br/>❌ 1 missing"]:::off' in lines
    assert "- **prepare**: ❌ 1 missing, ✅ 1 there." in lines


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_changes_nothing_in_the_document(name: str) -> None:
    """The same headings, links and tags, whatever a ruleset or an environment is called."""
    kinds = [
        [
            token.type
            for token in tokens(
                doctor_summary(report(row(Presence.MISSING, text=f"The ruleset {each!r} is open.", remedy=each)))
            )
            if token.type not in ("text", "code_inline", "html_inline", "softbreak")
        ]
        for each in ("releases", name)
    ]
    assert kinds[1] == kinds[0]


def test_thousands_of_long_rows_fit() -> None:
    """Under 1 MiB in bytes with the verdict kept."""
    summary = doctor_summary(report(*(row(Presence.MISSING, f"n{at}", text="é&" * 2_000) for at in range(3_000))))
    assert len(summary.encode()) < 1_048_576
    assert summary.startswith("## ⛔ 3000 things are missing")
