"""What the stack's workflow file does with the gate, read once for all rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from ...adapters.github.settings import GithubSettings
from ...adapters.http.once import Once
from ...domain.evidence import Answer, Unknown
from ...domain.gate_use import GateUse, read_gate_use
from ...domain.needs import workflow
from ...domain.needs.catalogue import in_file
from ...domain.needs.need import Judgement, unseen
from ...domain.workflow_file import WorkflowFileError
from ...inputs.settings.doctor import DoctorSettings
from .questions import Question
from .reading import StackFile

_SIMPLER = "Correct it, or write it in a simpler form."


@dataclass(frozen=True)
class InFile:
    """Asks the file, and for names the settings of the repository."""

    settings: DoctorSettings
    stack: GithubSettings
    file: StackFile
    _found: Once[str, Answer[GateUse]] = field(default_factory=Once, init=False)

    def questions(self) -> list[Question]:
        """Everything that is asked."""
        rows: list[tuple[str, str, workflow.Judge]] = [
            ("gate-used", "A job in which this action is the gate", workflow.judge_used),
            ("gate-needed", "Build and production wait for the gate", workflow.judge_needed),
            ("gate-asked", "Production asks for the gate's output `deploy-production`", workflow.judge_asked),
            ("gate-told", "The gate is told where else the build takes the pair from", workflow.judge_told),
            ("gate-alone", "Nothing runs before the gate in its job", workflow.judge_alone),
            ("override-secrets", "No secret empties an output, or changes the pair unseen", self._secrets),
            ("staging-environment", "Staging does not run in production's environment", workflow.judge_staging),
            ("deployment-failures", "A deployment that fails is red", workflow.judge_failures),
            ("deployment-variables", "The variables without which deployments are skipped", self._switches),
        ]
        return [Question(in_file(kind, what), partial(self._judged, judge)) for kind, what, judge in rows]

    def _judged(self, judge: Callable[[GateUse], Judgement]) -> Judgement:
        use = self._found.get("", self._read)
        try:
            judged = unseen(use) if isinstance(use, Unknown) else judge(use)
        except WorkflowFileError as error:
            judged = unseen(self._unreadable(error))
        return replace(judged, file=self.settings.workflow_file) if judged.line else judged

    def _read(self) -> Answer[GateUse]:
        content, settings = self.file.content(), self.settings
        if isinstance(content, Unknown):
            return content
        if content is None:
            return Unknown(f"there is no file {settings.workflow_file} on the stack branch", "Correct workflow-file.")
        try:
            return read_gate_use(content, settings.components, settings.own_action, settings.environment)
        except WorkflowFileError as error:
            return self._unreadable(error)

    def _unreadable(self, error: WorkflowFileError) -> Unknown:
        return Unknown(f"{self.settings.workflow_file} cannot be read: {error.message}", _SIMPLER)

    def _secrets(self, use: GateUse) -> Judgement:
        return workflow.judge_override_secrets(use, self.stack.secrets(self.settings.environment))

    def _switches(self, use: GateUse) -> Judgement:
        variables, secrets = self.stack.variables(), self.stack.secrets(self.settings.environment)
        return workflow.judge_switches(use, variables, secrets)
