"""What `deploy` needs of AWX: a login, a template that the account may launch, variables that it takes."""

from __future__ import annotations

from ..awx_jobs import MAY_LAUNCH, LaunchData, Template, Variables
from ..evidence import Answer, Unknown
from .need import Judgement, missing, there, unseen, untold


def judge_login(name: Answer[str], url: str) -> Judgement:
    """Whether AWX is reached and accepts the login; `name` is the account's as AWX tells it."""
    if isinstance(name, Unknown):
        return unseen(name)
    return there(f"{url} accepts the login of {name or 'an account'}.")


def judge_template(template: Answer[Template]) -> Judgement:
    """Whether the account sees the template, and may launch it."""
    if isinstance(template, Unknown):
        return unseen(template)
    where = f" of {template.organization}" if template.organization else ""
    found = f"The job template {template.name!r}{where} is there"
    if problem := template.problem():
        return missing(f"{found}, and {problem[0]}.", problem[1], template.url)
    if template.may_launch is None:
        return untold(f"{found}; AWX does not tell whether this account may launch it.", MAY_LAUNCH, template.url)
    return there(f"{found}, and this account may launch it.", template.url)


def judge_variables(data: Answer[LaunchData], variables: Variables) -> Judgement:
    """Whether the template takes `variables` at its launch. A survey may be for others, which only deploy is given."""
    if isinstance(data, Unknown):
        return unseen(data)
    problem = data.problem(variables)
    if problem is None:
        return there(f"The job template takes {', '.join(variables)} at its launch.")
    what, remedy = f"The job template {problem[0]}.", problem[1]
    if data.questions and (data.unpromptable(variables) or data.missing(variables)):
        asks = ", ".join(sorted(data.questions)[:10])
        return untold(f"{what} Its survey asks for {asks}: extra-vars of deploy may give that.", remedy)
    return missing(what, remedy)
