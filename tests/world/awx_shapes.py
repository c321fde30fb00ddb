"""How AWX 24.6.1 writes templates and jobs in JSON (`awx/api/serializers.py`), and what OPTIONS tells of them."""

from __future__ import annotations

import json
from typing import Any

from world.awx_jobs import CREATED, ORGANIZATIONS, Account, Job, Template

RESOURCES = ("ping", "me", "organizations", "job_templates", "jobs", "workflow_jobs", "unified_jobs")
_ASKS = (
    "scm_branch", "tags", "diff_mode", "skip_tags", "job_type", "limit", "verbosity", "inventory", "credential",
    "execution_environment", "labels", "forks", "job_slice_count", "timeout", "instance_groups",
)  # fmt: skip


def template_json(template: Template, prefix: str, account: Account | None = None) -> dict[str, Any]:
    """A template, in a list or alone, as an account sees it (`show_capabilities`)."""
    may_launch = (account is None or account.may_launch) and template.project
    may = {"start": may_launch, **dict.fromkeys(("schedule", "copy", "edit", "delete"), False)}
    url = f"{prefix}job_templates/{template.id}/"
    return {
        "id": template.id,
        "type": "job_template",
        "url": url,
        "related": {
            name: f"{url}{name}/" for name in ("launch", "jobs", "survey_spec", "slice_workflow_jobs", "schedules")
        },
        "summary_fields": {
            "organization": _organization(template),
            **(
                {"inventory": {"id": 1, "name": template.inventory_name, "description": ""}}
                if template.inventory
                else {}
            ),
            "labels": {"count": 0, "results": []},
            "user_capabilities": may,
        },
        "created": CREATED,
        "modified": CREATED,
        "name": template.name,
        "description": "",
        "job_type": template.job_type,
        "inventory": 1 if template.inventory else None,
        "project": 2 if template.project else None,
        "playbook": "deploy.yml",
        "limit": template.limit,
        "extra_vars": json.dumps(template.variables),
        "organization": ORGANIZATIONS[template.organization],
        "status": "never updated",
        "survey_enabled": template.survey_enabled,
        "ask_variables_on_launch": template.asks_variables,
        **{f"ask_{name}_on_launch": False for name in _ASKS},
        "allow_simultaneous": False,
        "job_slice_count": template.slices,
    }


def launch_json(template: Template) -> dict[str, Any]:
    """What a launch needs: `JobLaunchSerializer`."""
    needed = [question.variable for question in template.questions if question.required]
    return {
        "can_start_without_user_input": not (needed or template.passwords or template.asks_variables),
        "passwords_needed_to_start": list(template.passwords),
        "ask_variables_on_launch": template.asks_variables,
        **{f"ask_{name}_on_launch": False for name in _ASKS},
        "survey_enabled": template.survey_enabled and bool(template.survey),
        "variables_needed_to_start": needed,
        "credential_needed_to_start": False,
        "inventory_needed_to_start": not template.inventory,
        "job_template_data": {"name": template.name, "id": template.id, "description": ""},
        "defaults": {"extra_vars": json.dumps(template.variables), "job_type": template.job_type, "limit": ""},
    }


def survey_json(template: Template) -> dict[str, Any]:
    """A survey; empty where there was never one."""
    if not template.survey:
        return {}
    questions = [
        {
            "variable": question.variable,
            "question_name": question.variable.replace("_", " "),
            "question_description": "",
            "required": question.required,
            "type": "password" if question.secret else "multiplechoice" if question.choices else "text",
            "default": "",
            "min": 0,
            "max": 1024,
            "choices": list(question.choices),
            "new_question": True,
        }
        for question in template.survey
    ]
    return {"name": "", "description": "", "spec": questions}


def job_json(job: Job, prefix: str, detail: bool = True) -> dict[str, Any]:
    """A job or a sliced template's workflow; in lists it lacks what is only of its own page."""
    kind = "workflow_jobs" if job.is_workflow else "jobs"
    url, look = f"{prefix}{kind}/{job.id}/", job.look
    related = ("cancel", "workflow_nodes") if job.is_workflow else ("cancel", "job_events", "stdout", "create_schedule")
    shown: dict[str, Any] = {
        "id": job.id,
        "type": "workflow_job" if job.is_workflow else "job",
        "url": url,
        "related": {name: f"{url}{name}/" for name in related},
        "summary_fields": {
            "organization": _organization(job.template),
            "job_template": {"id": job.template.id, "name": job.template.name, "description": ""},
            **({"created_by": _account(job.by)} if job.by else {}),
        },
        "created": CREATED,
        "modified": CREATED,
        "name": job.template.name,
        "description": "",
        "unified_job_template": job.template.id,
        "launch_type": job.launch_type,
        "status": look.status,
        "failed": look.status in ("failed", "error", "canceled"),
        "started": CREATED if look.has_begun else None,
        "finished": "2023-06-02T10:03:20.000000Z" if job.is_over else None,
        "canceled_on": CREATED if look.status == "canceled" else None,
        "elapsed": 200.0 if job.is_over and look.has_begun else 0.0,
        "job_explanation": look.explanation,
        "job_template": job.template.id,
        "extra_vars": job.shown_variables,
    }
    if job.is_workflow:
        return {**shown, "workflow_job_template": None, "is_sliced_job": True}
    slices = {
        "job_slice_number": 1 if job.is_slice else 0,
        "job_slice_count": job.template.slices if job.is_slice else 1,
    }
    complete = look.complete if look.complete is not None else job.is_over
    own = {"event_processing_finished": complete, "result_traceback": look.traceback, "job_env": {}} if detail else {}
    return {**shown, **slices, **own, "job_type": "run", "limit": "", "playbook": "deploy.yml", "inventory": 1}


def list_actions(resource: str) -> dict[str, Any]:
    """What OPTIONS tells of a list, as far as AWX's client asks."""
    name = {"type": "string", "label": "Name", "help_text": f"Name of this {resource}.", "filterable": True}
    return {"name": resource, "actions": {"GET": {"id": {"type": "integer", "filterable": True}, "name": name}}}


def launch_actions() -> dict[str, Any]:
    """What OPTIONS tells of a launch."""
    variables = {"type": "json", "required": False, "read_only": False, "label": "Extra vars"}
    limit = {"type": "string", "required": False, "read_only": False, "label": "Limit"}
    return {"name": "Job Template Launch", "actions": {"GET": {}, "POST": {"extra_vars": variables, "limit": limit}}}


def _organization(template: Template) -> dict[str, Any]:
    return {"id": ORGANIZATIONS[template.organization], "name": template.organization, "description": ""}


def _account(account: Account) -> dict[str, Any]:
    return {"id": account.id, "username": account.username, "first_name": "", "last_name": ""}
