"""What deploy needs of AWX, looked at without launching anything."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...adapters.awx.client import Awx
from ...adapters.http.once import Once
from ...domain.awx_jobs import Template
from ...domain.evidence import Answer, Unknown
from ...domain.needs.catalogue import Selection
from ...domain.needs.deployment import judge_login, judge_template, judge_variables
from ...domain.needs.need import Judgement, missing, unseen
from ...errors import RefusedError, UsageError
from ...inputs.settings.awx import AwxSettings
from .questions import Question

_NOT_ASKED = Unknown("AWX was not asked about it", "Mend the inputs for AWX first.")
_ENVIRONMENT = "Secrets of an environment are seen only by a job in it: run doctor there, or leave deploy out of for."


@dataclass(frozen=True)
class Deployment:
    """Asks AWX what deploy would ask it before the launch."""

    awx: Awx
    settings: AwxSettings
    _found: Once[str, Answer[Template] | RefusedError] = field(default_factory=Once, init=False)

    def login(self) -> Judgement:
        """Whether the login is accepted."""
        return judge_login(self.awx.me(), self.settings.url)

    def template(self) -> Judgement:
        """Whether the template is there to be launched."""
        found = self._template()
        return missing(found.message, found.remedy) if isinstance(found, RefusedError) else judge_template(found)

    def variables(self) -> Judgement:
        """Whether the template takes what it is given."""
        found = self._template()
        if isinstance(found, Template):
            return judge_variables(self.awx.launch_data(found), self.settings.variables)
        return unseen(found) if isinstance(found, Unknown) else unseen(Unknown("there is no one template to look at"))

    def _template(self) -> Answer[Template] | RefusedError:
        return self._found.get("", self._find)

    def _find(self) -> Answer[Template] | RefusedError:
        try:
            return self.awx.template(self.settings.template, self.settings.organization)
        except RefusedError as error:
            return error


def questions_of_deployment(selection: Selection, deployment: Deployment | UsageError | None) -> list[Question]:
    """Everything that is asked, nothing of other deployers; if the inputs for AWX are wrong, that is the answer."""
    if deployment is None:
        return []
    kinds = ("awx-login", "awx-template", "awx-variables")
    takes = "The job template takes what deploy gives it without `extra-vars`, which doctor is not given"
    needed = ("Reach AWX, and log in", "Launch the job template", takes)
    if isinstance(deployment, UsageError):
        wrong = missing(deployment.message, f"{deployment.remedy} {_ENVIRONMENT}")
        judges = (lambda: wrong, *[lambda: unseen(_NOT_ASKED)] * 2)
    else:
        judges = (deployment.login, deployment.template, deployment.variables)
    return [Question(selection.need(*each), judge) for *each, judge in zip(kinds, needed, judges, strict=True)]
