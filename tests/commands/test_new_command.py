"""A new command is three new files and one edit: its report, its page, itself, and its row in the table of commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from commands.conftest import World
from process.bundle import bundle_action
from process.gates import ROOT
from world.events import push_tag
from world.github_server import TOKEN
from world.program import Program

REPORT = '''
"""The report of `greet`."""

import datetime
from typing import ClassVar

from ...dataclass import dataclass
from ..decision import Verdict
from . import Report


@dataclass(frozen=True)
class GreetReport(Report):
    """Who was greeted."""

    command: ClassVar[str] = "greet"
    verdict: ClassVar[Verdict] = Verdict.BUILD_ONLY
    findings: ClassVar[tuple[()]] = ()

    version: str
    time: datetime.datetime
    whom: str

    @property
    def headline(self) -> str:
        """What was said."""
        return f"Hello, {self.whom}"
'''
PAGE = '''
"""The page of `greet`."""

from . import markdown


def text(report):
    """The text of the log."""
    return report.headline


def summary(report, links):
    """The job summary."""
    return f"## 👋 {markdown.text(report.headline)}: {links.repository(report.whom)}"
'''
COMMAND = '''
"""The command `greet`."""

from .. import __version__
from ..domain.reports.greet import GreetReport
from ..domain.reports import Action
from ..inputs.settings import read_settings


def run(session):
    """Say hello, and write that down."""
    name = session.settings.stack_repository
    session.journal.do(f"Greet {name}", lambda: name, lambda one: Action(f"Greeted {one}", "", {"ticket-number": "7"}))
    return GreetReport(__version__, session.now, name)
'''


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The action with a command `greet`."""
    folder = bundle_action(ROOT, tmp_path_factory.mktemp("greeting") / "action")
    package = folder / "scripts" / "frag_release"
    (package / "domain" / "reports" / "greet.py").write_text(REPORT, "utf-8")
    (package / "render" / "greet.py").write_text(PAGE, "utf-8")
    (package / "commands" / "greet.py").write_text(COMMAND, "utf-8")
    table = package / "inputs" / "table" / "input.py"
    row = 'COMMANDS: dict[str, str] = {\n    "greet": "Say hello",'
    table.write_text(table.read_text("utf-8").replace("COMMANDS: dict[str, str] = {", row), "utf-8")
    return Program(folder, folder.parent / "runs")


def test_a_new_command_is_led_through_the_corridor(program: Program, world: World) -> None:
    """It has log, summary, report, outputs and a journal, without another line anywhere."""
    outcome = program.run(
        push_tag("2023.06.2", "0" * 40), {"command": "greet", "token": TOKEN}, api_url=world.github.url
    )
    assert outcome.status == 0, outcome.log
    assert outcome.log == f"::add-mask::{TOKEN}\nGreeted xchem/fragalysis-stack\nHello, xchem/fragalysis-stack\n"
    assert outcome.summary == "## 👋 Hello, xchem/fragalysis-stack: https://github.example/xchem/fragalysis-stack\n"
    assert outcome.report is not None
    assert (outcome.report["command"], outcome.report["headline"]) == ("greet", "Hello, xchem/fragalysis-stack")
    assert outcome.report["actions"] == [{"what": "Greeted xchem/fragalysis-stack", "url": None}]
    outputs = outcome.outputs
    assert (outputs["verdict"], outputs["changed"], outputs["ticket-number"]) == ("build-only", "true", "7")


def test_a_new_command_ends_as_the_others_do(program: Program) -> None:
    """A wrong input of it is wrong use, and closes every door."""
    program = replace(program, scratch=program.scratch.with_name("others"))
    outcome = program.run(push_tag("2023.06.2", "0" * 40), {"command": "greet", "workflow-file": "../x"})
    assert (outcome.status, outcome.outputs["verdict"]) == (2, "blocked")
    assert "Stopped: nothing was decided" in outcome.summary


def test_a_folder_of_commands_has_a_report_and_a_page_each() -> None:
    """Each command of the table has its report, its page and itself, by its name."""
    from frag_release.inputs.table import COMMANDS

    package = Path(ROOT) / "scripts" / "frag_release"
    for command in COMMANDS:
        places = (package / "domain" / "reports", package / "render", package / "commands")
        assert all((place / f"{command}.py").is_file() or (place / command).is_dir() for place in places), command
