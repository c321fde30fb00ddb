"""The facts of the worked example, in which everything is as it should be."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from domain.files import blob
from frag_release.domain.components import Choice, Component, Pin, read_pins
from frag_release.domain.evidence import Answer, Image, Placement, Run
from frag_release.domain.facts import ComponentFacts, PreviousRelease, ReleaseFacts, StackFacts
from frag_release.domain.findings import Finding
from frag_release.domain.origin import Origin, Origins
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.rules import Occasion, judge
from frag_release.domain.versions import ProductionTag, parse_production_tag

WORKFLOW_FILE = ".github/workflows/build-main.yaml"
STACK_COMMIT, BACKEND_COMMIT, FRONTEND_COMMIT = "5" * 40, "b" * 40, "f" * 40
DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "9" * 64

NOON = datetime.datetime(2023, 6, 1, 12, tzinfo=datetime.timezone.utc)
"""When the CI of the worked example's tags began."""

CI = ("ci.yaml",)
BACKEND = Component(
    "backend", "org/fragalysis-backend", ("production",), ("BE_IMAGE_TAG",), ("BE_NAMESPACE",), ci_workflows=CI
)
FRONTEND = Component(
    "frontend", "org/fragalysis-frontend", ("production",), ("FE_IMAGE_TAG",), ("FE_NAMESPACE",), ci_workflows=CI
)

FILE = """\
name: build main
env:
  BE_NAMESPACE: org
  BE_IMAGE_TAG: 2023.05.1
  FE_NAMESPACE: org
  FE_IMAGE_TAG: 2023.05.4
"""


def production(text: str) -> ProductionTag:
    """The production tag of that text."""
    tag = parse_production_tag(text, DEFAULT_FORMAT)
    assert tag is not None
    return tag


def pins(
    file: str = FILE, backend: Component = BACKEND, frontend: Component = FRONTEND, **of_backend: str
) -> tuple[Pin, ...]:
    """The pins that a workflow file chooses, with what inputs give of the backend."""
    return read_pins((backend, frontend), WORKFLOW_FILE, blob(file), {"backend": Choice(**of_backend)})


def image(name: str, tag: str, *said: Answer[Origin], manifests: frozenset[str] = frozenset()) -> Image:
    """An image of the worked example that says so much of its making; by itself it names its component's commit."""
    commit = BACKEND_COMMIT if name == "backend" else FRONTEND_COMMIT
    origins = Origins(manifests, said or (Origin("", commit, f"github.com/org/fragalysis-{name}"),))
    return Image(f"docker.io/org/fragalysis-{name}", tag, DIGEST, origins)


def run(**changes: Any) -> Run:
    """A green run of the backend's CI for its tag, with changes."""
    good = Run(
        workflow=".github/workflows/ci.yaml",
        head_sha=BACKEND_COMMIT,
        status="completed",
        conclusion="success",
        url="https://forge.example/runs/7",
        id=7,
        workflow_id=70,
        created=NOON,
        started=NOON,
        changed=NOON + datetime.timedelta(minutes=4),
    )
    return replace(good, **changes)


def backend(**changes: Any) -> ComponentFacts:
    """What is known of the backend of the worked example, with changes."""
    before = pins(FILE.replace("2023.05.1", "2023.04.9"))
    good = ComponentFacts(
        pin=pins()[0],
        commit=BACKEND_COMMIT,
        shadow=None,
        overrides=(),
        placement=Placement(frozenset({"production"})),
        runs=(run(),),
        lifetimes=(),
        image=image("backend", "2023.05.1"),
        previous=before[0],
    )
    return replace(good, **changes)


def frontend(**changes: Any) -> ComponentFacts:
    """What is known of the frontend of the worked example, with changes."""
    good = ComponentFacts(
        pin=pins()[1],
        commit=FRONTEND_COMMIT,
        shadow=None,
        overrides=(),
        placement=Placement(frozenset({"production"})),
        runs=(run(head_sha=FRONTEND_COMMIT),),
        lifetimes=(),
        image=image("frontend", "2023.05.4"),
        previous=pins()[1],
    )
    return replace(good, **changes)


def stack(**changes: Any) -> StackFacts:
    """What is known of the stack's tag 2023.06.2, with changes."""
    good = StackFacts(
        repository="org/fragalysis-stack",
        branches=("master",),
        tag=production("2023.06.2"),
        run_commit=STACK_COMMIT,
        tag_commit=STACK_COMMIT,
        placement=Placement(frozenset({"master"})),
        siblings=("2023.06.1", "2023.06.2", "2023.05.1", "2023.06.2-rc.1"),
        higher=(),
    )
    return replace(good, **changes)


def previous() -> PreviousRelease:
    """The release before, with an older backend."""
    return PreviousRelease(production("2023.06.1"), "6" * 40, pins(FILE.replace("2023.05.1", "2023.04.9")))


def release(**changes: Any) -> ReleaseFacts:
    """All facts of the worked example, with changes."""
    return replace(ReleaseFacts(stack(), (backend(), frontend()), previous()), **changes)


def finding_of(rule: str, subject: str, facts: ReleaseFacts) -> Finding:
    """The one finding of a rule on a subject."""
    (found,) = [one for one in judge(Occasion.DEPLOYMENT, facts) if (one.rule, one.subject) == (rule, subject)]
    return found
