"""From inputs to exit status: reads them, runs the command, and sees that every way out is told."""

from __future__ import annotations

import contextlib
import datetime
import signal
import traceback
from collections.abc import Mapping, Sequence
from types import FrameType

from .clients.deadline import Deadline
from .clients.http import Http
from .clients.registry import RegistryClient
from .commands.gate import Gate
from .domain.decision import RefKind, Verdict
from .domain.report import GateReport, known_commit, known_image
from .errors import ExpectedError, InterruptedRun
from .forges.repository import Forge
from .render.summary import error_summary, gate_summary, gate_text
from .runner.context import Context, read_context
from .runner.inputs import INPUTS
from .runner.log import Log
from .runner.results import write_outputs, write_report, write_summary
from .runner.settings import Settings, read_settings
from .runner.values import Values, read_from_environment, read_from_terminal

FAULT = 3
"""Exit status of a fault of ours."""


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit status. On a runner, outputs are written on every way out."""
    context = read_context(environ)
    log = Log(context.on_runner)
    try:
        _raise_on_signals()
        texts = read_from_terminal(arguments, environ) if arguments else read_from_environment(environ)
        # Before the inputs are checked: an error about one may be the first thing that is printed.
        log.mask(texts[one.name] for one in INPUTS if one.secret and texts[one.name])
        return _gate(read_settings(Values(texts), context), context, log)
    except ExpectedError as error:
        return _tell(error, context, log)
    except Exception as error:
        return _tell_fault(error, context, log)


def _gate(settings: Settings, context: Context, log: Log) -> int:
    connections = settings.connections
    deadline = Deadline(connections.timeout_seconds)
    http = Http(deadline, connections.ca_file)
    registry = RegistryClient(
        http, connections.registry_url, connections.registry_username, connections.registry_password
    )
    now = datetime.datetime.now(datetime.timezone.utc)
    report = Gate(settings, context, _forge(settings, http, deadline), registry, now).run()
    path = write_report(settings.report, report.as_json()) if settings.report else ""
    _show(report, settings, context, log)
    # Last, so that an error on the way here cannot leave an output behind that says yes.
    write_outputs(context, _outputs(report, path))
    return 1 if report.decision.verdict is Verdict.BLOCKED else 0


def _forge(settings: Settings, http: Http, deadline: Deadline) -> Forge:
    connections = settings.connections
    if connections.local:
        from .forges.local import LocalForge

        return LocalForge(connections.local, deadline)
    from .forges.github import GithubForge

    others = {component.repository.lower(): connections.component_token for component in settings.components}
    tokens = others if connections.component_token else {}
    return GithubForge(http, connections.api_url, connections.token, tokens)


def _show(report: GateReport, settings: Settings, context: Context, log: Log) -> None:
    log.lines(gate_text(report))
    log.annotate_findings(report.decision.findings)
    if context.on_runner and report.decision.kind is RefKind.OTHER_TAG:
        log.annotate("notice", "Not for production", report.decision.reason)
    for allowance in report.unused_allowances:
        message = f"{allowance} changed nothing: there is no such finding in this release. Remove it from allow."
        log.annotate("warning", "Unused allowance", message)
    write_summary(context, gate_summary(report, "" if settings.connections.local else context.server_url))


def _outputs(report: GateReport, path: str) -> dict[str, str]:
    decision = report.decision
    outputs = {
        "verdict": decision.verdict.value,
        "deploy-production": str(decision.deploy_production).lower(),
        "deploy-staging": str(decision.deploy_staging).lower(),
        "image-tag": decision.image_tag,
        "stack-tag": report.tag,
        "stack-commit": report.commit,
        "failed-rules": ",".join(report.failed_rules),
        "report-path": path,
    }
    for facts in report.facts.components:
        image = known_image(facts)
        name = facts.pin.component.name
        outputs |= {
            f"{name}-tag": facts.pin.tag,
            f"{name}-namespace": facts.pin.namespace,
            f"{name}-commit": known_commit(facts),
            f"{name}-digest": (image.digest or "") if image else "",
            f"{name}-image": image.reference if image else "",
        }
    return outputs


def _tell(error: ExpectedError, context: Context, log: Log) -> int:
    log.annotate("error", "frag-release-action", f"{error.message} {error.remedy}".strip())
    _close(context, error_summary("Stopped", error.message, error.remedy))
    return error.exit_status


def _tell_fault(error: Exception, context: Context, log: Log) -> int:
    what = f"A fault of this action: {type(error).__name__} in {_where(error)}."
    remedy = "Nothing was allowed. Please report it, with this line and the step's log."
    log.annotate("error", "frag-release-action", f"{what} {remedy}")
    # The text of the error may hold what a server or a file said, so it goes to the log alone.
    log.lines("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    _close(context, error_summary("A fault of this action", what, remedy))
    return FAULT


def _close(context: Context, summary: str) -> None:
    write_outputs(context, {})
    # The summary may be what failed: the log and the outputs have said all that matters.
    with contextlib.suppress(OSError):
        write_summary(context, summary)


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "an unknown place"


def _raise_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise InterruptedRun("The run was cancelled, so nothing was decided.", "Run it again.")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
