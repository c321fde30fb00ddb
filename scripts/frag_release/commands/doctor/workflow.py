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
            *workflow.ROWS,
            ("override-secrets", "No secret empties an output, or changes the pair unseen", self._secrets),
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
