"""What a gate leaves behind: report, log, annotations, job summary, and at last its outputs."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.decision import RefKind, Verdict
from ...domain.facts import ComponentFacts
from ...domain.report import GateReport, known_commit, known_image
from ...render.summary import gate_summary, gate_text
from ...runner.context import Context
from ...runner.log import Log
from ...runner.results import write_outputs, write_report, write_summary
from ...runner.settings.gate import GateSettings


def write_results(report: GateReport, settings: GateSettings, context: Context, log: Log) -> int:
    """Show the report and write the outputs; returns the exit status."""
    path = write_report(settings.report, report.as_json()) if settings.report else ""
    _show(report, settings, context, log)
    # Last, so that an error on the way here cannot leave an output behind that says yes.
    write_outputs(context, gate_outputs(report, path))
    return 1 if report.decision.verdict is Verdict.BLOCKED else 0


def _show(report: GateReport, settings: GateSettings, context: Context, log: Log) -> None:
    log.lines(gate_text(report))
    log.annotate_findings(report.decision.findings)
    if context.on_runner and report.decision.kind is RefKind.OTHER_TAG:
        log.annotate("notice", "Not for production", report.decision.reason)
    for allowance in report.unused_allowances:
        message = f"{allowance} changed nothing: there is no such finding in this release. Remove it from allow."
        log.annotate("warning", "Unused allowance", message)
    write_summary(context, gate_summary(report, "" if settings.connections.local else context.server_url))


def gate_outputs(report: GateReport, path: str) -> dict[str, str]:
    """Return what a judgement comes to as outputs."""
    decision = report.decision
    return {
        "verdict": decision.verdict.value,
        "deploy-production": str(decision.deploy_production).lower(),
        "deploy-staging": str(decision.deploy_staging).lower(),
        "image-tag": decision.image_tag,
        "stack-tag": report.tag,
        "stack-commit": report.commit,
        "failed-rules": ",".join(report.failed_rules),
        "report-path": path,
        **component_outputs(report.facts.components),
    }


def component_outputs(components: Sequence[ComponentFacts]) -> dict[str, str]:
    """Return what is known of the pins as outputs."""
    outputs: dict[str, str] = {}
    for facts in components:
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
