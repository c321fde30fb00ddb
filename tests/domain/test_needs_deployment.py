"""What doctor says of a job template."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frag_release.domain.awx_jobs import Template
from frag_release.domain.needs import Presence
from frag_release.domain.needs.writing import judge_template

TEMPLATE = Template(7, "Deploy", "Science", False, "https://awx.example/#/templates/job_template/7", may_launch=True)


@pytest.mark.parametrize(
    ("template", "presence", "words"),
    [
        (TEMPLATE, Presence.THERE, "this account may launch it"),
        (replace(TEMPLATE, may_launch=None), Presence.UNVERIFIABLE, "does not report"),
        (replace(TEMPLATE, may_launch=False), Presence.MISSING, "may not be launched by this account"),
        (replace(TEMPLATE, may_launch=False, has_project=False), Presence.MISSING, "has no project"),
        (replace(TEMPLATE, may_launch=None, has_project=False), Presence.MISSING, "has no project"),
    ],
)
def test_a_template_is_judged_by_what_awx_lets_this_account_do(
    template: Template, presence: Presence, words: str
) -> None:
    """A missing project is told before the right, which AWX denies to everybody then."""
    found = judge_template(template)
    assert found.presence is presence
    assert words in found.message
    if presence is Presence.MISSING:
        assert ("project" in found.remedy) is not template.has_project
        assert ("scope Write" in found.remedy) is template.has_project
