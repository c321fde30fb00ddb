"""`audit`: what the gate would say of every past release. Fetches facts, has the domain judge; writes nothing."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ... import __version__
from ...adapters.ports.repository import Forge
from ...adapters.registry.client import RegistryClient
from ...domain.allow import Allowance
from ...domain.audit.gaps import gaps
from ...domain.audit.judging import PastRelease, judge_history
from ...domain.evidence import Blob
from ...domain.newest import unformed
from ...domain.reports.audit import AuditReport
from ...domain.tag_format import TagFormat, wrong_v
from ...domain.versions import production_tags
from ...errors import EvidenceError
from ...inputs.settings.audit import AuditSettings
from ...inputs.values import Values
from ..answers import must
from ..stack import Stack
from .clones import stale_clones
from .evidence import AuditEvidence, Under


@dataclass(frozen=True)
class Audit:
    """The audit with all that it needs; `now` is in UTC, `tell` is given lines about the progress.

    `under` is as in AuditEvidence.
    """

    settings: AuditSettings
    stack: Stack[Forge]
    registry: RegistryClient
    now: datetime.datetime
    tell: Callable[[str], None]
    under: Under

    def run(self) -> AuditReport:
        """Judge. Raises EvidenceError where the tags or the stack branch cannot be known at all."""
        settings, name = self.settings, self.settings.stack_repository
        names = must(self.stack.repository.tags_starting([""]), f"The list of tags of {name}")
        ordered = production_tags(names, form=settings.tag_format)
        if not ordered:
            raise _nothing_to_judge(name, names, bool(settings.connections.local), settings.tag_format)
        branches = self.stack.required_branches()
        history = AuditEvidence(settings, self.stack, self.registry, self.tell, self.under).gather(names, branches)
        releases = judge_history(history, settings.allow)
        return AuditReport(
            version=__version__,
            time=self.now,
            repository=name,
            branches=branches,
            components=list(dict.fromkeys(component.name for component in history.all_components)),
            since=settings.since.text,
            releases=releases,
            newest=ordered[-1].text,
            records=None
            if settings.connections.local or not isinstance(history.records, dict)
            else len(history.records),
            gaps=gaps(history),
            stale=stale_clones(self.stack.forge, history) if settings.connections.local else (),
            unused_allowances=_unused(settings.allow, releases),
            switched_off=self._switched_off(),
        )

    def _switched_off(self) -> list[str]:
        checks = {"check-ci": self.settings.check_ci, "check-images": self.settings.check_images}
        return [name for name, on in checks.items() if not on]


def values_under(values: Values, recorded: bytes) -> Values:
    """Return the inputs under a recorded configuration (empty: there was none), without those of today's components."""
    from ...inputs.configuration import read_configuration  # late, as it reads YAML

    return values.unconfigured().configured(read_configuration(Blob(len(recorded), recorded)) if recorded else None)


def _nothing_to_judge(repository: str, names: Sequence[str], cloned: bool, form: TagFormat) -> EvidenceError:
    other = unformed(names, form=form)
    if other:
        what = f"{repository} has no production tag: {other} is not {form.shape}, and neither is any other."
        remedy = wrong_v(other, form, "tag-format") or f"Give releases tags of {form.numbers}: only those are judged."
        return EvidenceError(what, remedy)
    clone = " The clone may lack the tags: run git fetch --tags in it." if cloned else ""
    return EvidenceError(
        f"{repository} has no production tag, so there is nothing to judge.",
        f"Check the input stack-repository.{clone}",
    )


def _unused(allow: Sequence[Allowance], releases: Sequence[PastRelease]) -> list[Allowance]:
    used = [finding for one in releases for finding in one.findings if finding.allowed]
    return [each for each in allow if not any(each.covers(finding) for finding in used)]
