"""The end of a run: report file, log, annotations, job summary, and finally the outputs. Nothing else writes them."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TypeVar

from .. import __version__
from ..dataclass import dataclass, field
from ..domain.decision import Verdict
from ..domain.reports import Problem, Report, Stopped, plain
from ..errors import FAULT, UsageError
from ..inputs.context import Context
from ..inputs.settings import STANDARD_OUTPUT
from ..render import stopped
from ..render.wording import Links
from ..runner.log import Log, print_report, write_outputs, write_report, write_summary

_ACTION = "frag-release-action"

_T = TypeVar("_T")


@dataclass
class Finish:
    """Writes the results of a run; parts that cannot be written are reported in those that can.

    `path` is the report file, empty for none; `links` is None if the run ended before it had a session.
    """

    context: Context
    log: Log
    path: str
    links: Links | None
    _troubles: list[Problem] = field(default_factory=list)

    def run(self, report: Report) -> int:
        """Write everything and return the exit status: the highest of the run's own and of errors here."""
        path = self._report(report)
        if self._troubles and not report.actions and not isinstance(report, Stopped):
            # Without the report file, and with nothing made, it is as if nothing was decided.
            self._text(report)
            title = "Stopped: nothing was decided"
            report = Stopped(report.command, __version__, report.time, title, problem=self._troubles.pop(0))
        self._text(report)
        self._annotate(report)
        self._summary(report)
        return self._outputs(report, path)

    def _report(self, report: Report) -> str:
        """Write the report file and return its path; there is none for a usage error before any write."""
        is_wrong_use = isinstance(report, Stopped) and report.exit_status == UsageError.exit_status
        if not self.path or (is_wrong_use and not report.actions):
            return ""
        if self.path == STANDARD_OUTPUT:
            self._try("report", lambda: print_report(report.as_json(), self.log))
            return ""
        return self._try("report", lambda: write_report(self.path, report.as_json())) or ""

    def _text(self, report: Report) -> None:
        results = self.log.lines if report.is_laid_out else self.log.document
        say = self.log.progress if self.path == STANDARD_OUTPUT else results
        text = self._try("log", lambda: _page(report).text(report))
        if text:
            self._try("log", lambda: say(text))

    def _annotate(self, report: Report) -> None:
        title = _ACTION if isinstance(report, Stopped) else report.command
        notes = [("warning", report.command, note) for note in report.notes]
        remarks = [(one.level, one.title, one.message) for one in report.remarks()]
        left = len(self._problems(report))
        self._try("log", lambda: self.log.annotate_all(report.annotated_findings(), [*notes, *remarks], left))
        for problem in self._problems(report):  # once more: printing may have added one
            self._annotate_problem(problem, title)

    def _problems(self, report: Report) -> list[Problem]:
        return [*filter(None, [report.problem]), *self._troubles]

    def _annotate_problem(self, problem: Problem, title: str) -> None:
        # A lost log is a problem of its own, which the summary reports.
        with contextlib.suppress(OSError):
            self.log.annotate("error", title, problem.text, problem.file, problem.line)

    def _summary(self, report: Report) -> None:
        if not self.context.summary_file:
            return
        links = self.links or Links("")
        page = self._try("job summary", lambda: _page(report).summary(report, links))
        text = page or stopped.summary(report, links)
        self._try("job summary", lambda: write_summary(self.context, stopped.with_problems(text, self._troubles)))

    def _outputs(self, report: Report, path: str) -> int:
        outputs = self._try("outputs", report.outputs) or {}
        outputs = _with_made(outputs, report)
        if self._status(report):
            outputs = closed(outputs)
        if self._troubles or (report.problem and report.problem.is_cancelled):
            outputs["verdict"] = Verdict.BLOCKED.value
        outputs |= {"headline": self._headline(report), "headline-url": self._url(report), "report-path": path}
        self._try("outputs", lambda: write_outputs(self.context, outputs))
        return self._status(report)

    def _headline(self, report: Report) -> str:
        line = self._try("headline", lambda: report.line) or report.command
        parts = [line, *(["cancelled"] if report.problem and report.problem.is_cancelled else [])]
        return plain("; ".join([*parts, *(["not all results could be written"] if self._troubles else [])]))

    def _url(self, report: Report) -> str:
        return self._try("headline", lambda: report.url) or self.context.run_url

    def _status(self, report: Report) -> int:
        return max(report.exit_status, *(one.exit_status for one in self._troubles), 0)

    def _try(self, what: str, write: Callable[[], _T]) -> _T | None:
        """Write a part; an error becomes a problem of the run, in addition to its results."""
        try:
            return write()
        except UsageError as error:
            self._trouble(what, Problem(error.message, error.remedy, error.exit_status))
        except OSError as error:
            message = f"The {what} could not be written ({error.strerror}), which is a fault of this machine."
            self._trouble(what, Problem(message, "What was done stays. Fix that, then run it again.", FAULT))
        # Even if a page cannot be rendered, what was done must be reported.
        except Exception as error:
            message = f"The {what} could not be written because of an internal error ({type(error).__name__})."
            self._trouble(what, Problem(message, "Please report it, with this line and the step's log.", FAULT))
        return None

    def _trouble(self, what: str, problem: Problem) -> None:
        self._troubles.append(problem)
        if what in ("job summary", "outputs"):
            # The annotations are already printed.
            self._annotate_problem(problem, _ACTION)


def _with_made(outputs: Mapping[str, str], report: Report) -> dict[str, str]:
    """Return the outputs, with those of the actions for what the report itself leaves empty."""
    made = {name: value for action in report.actions for name, value in action.outputs.items()}
    return {**made, **{name: value for name, value in outputs.items() if value}}


def closed(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the outputs of a run that failed: they name what was made, and allow nothing."""
    return {**outputs, "deploy-production": "false", "deploy-staging": "false", "image-tag": "", "stack-image": ""}


def _page(report: Report) -> ModuleType:
    """Return the module that renders a report: `text(report)` and `summary(report, links)`."""
    if isinstance(report, Stopped):
        return stopped
    return importlib.import_module(f"..render.{report.command}", __package__)
