"""Reports as the gate would make them, by the real rules, from facts that a test chooses."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

from frag_release.domain.components import Component, Pin
from frag_release.domain.decision import Circumstances, decide
from frag_release.domain.evidence import Image, Placement, Run
from frag_release.domain.facts import ComponentFacts, PreviousRelease, ReleaseFacts, StackFacts
from frag_release.domain.findings import Allowance, Finding, apply_allowances, unused_allowances
from frag_release.domain.origin import Origin, Origins
from frag_release.domain.refs import DEFAULT_FORMAT, Ref
from frag_release.domain.reports.gate import GateReport
from frag_release.domain.rules import Occasion, judge
from frag_release.domain.versions import ProductionTag, parse_production_tag
from frag_release.domain.workflow_file import Value

NOW = datetime.datetime(2023, 6, 8, 12, tzinfo=datetime.timezone.utc)
FILE = ".github/workflows/build-main.yaml"
STACK = "xchem/fragalysis-stack"
BACKEND_COMMIT, FRONTEND_COMMIT, STACK_COMMIT = "b" * 40, "f" * 40, "5" * 40


def production_tag(name: str) -> ProductionTag:
    """The tag, which must be one."""
    tag = parse_production_tag(name, DEFAULT_FORMAT)
    assert tag
    return tag


def component(name: str) -> Component:
    """A component as the inputs' defaults describe it."""
    short = {"backend": "BE", "frontend": "FE"}.get(name, "XX")
    variables = (f"{short}_IMAGE_TAG",), (f"{short}_NAMESPACE",)
    return Component(name, f"xchem/fragalysis-{name}", ("production",), *variables, ci_workflows=("ci.yaml",))


def pin(name: str, tag: str, line: int = 21) -> Pin:
    """A pin as the workflow file has it."""
    value, namespace = Value(tag, line, 17, 500, 510), Value("xchem", line - 3, 17, 400, 405)
    return Pin(component(name), tag, "xchem", FILE, value, namespace)


def verified(name: str, tag: str, commit: str, before: str = "") -> ComponentFacts:
    """Facts of a pin that passes every rule."""
    chosen = pin(name, tag)
    url = f"https://github.com/{name}/7"
    said = Origins(frozenset(), (Origin("", commit, f"github.com/xchem/fragalysis-{name}"),))
    run = Run(".github/workflows/ci.yaml", commit, "completed", "success", url, created=NOW, started=NOW, changed=NOW)
    return ComponentFacts(
        chosen,
        commit=commit,
        shadow=None,
        overrides=(),
        placement=Placement(frozenset({"production"}), NOW - datetime.timedelta(days=3)),
        runs=[run],
        lifetimes=(),
        image=Image(f"docker.io/xchem/fragalysis-{name}", tag, "sha256:" + "d" * 64, said),
        previous=pin(name, before) if before else None,
    )


def good_facts(tag: str = "2023.06.2") -> ReleaseFacts:
    """Facts of the worked example, all of them good."""
    stack = StackFacts(
        STACK,
        ("master",),
        production_tag(tag),
        STACK_COMMIT,
        tag_commit=STACK_COMMIT,
        placement=Placement(frozenset({"master"}), NOW - datetime.timedelta(hours=2)),
        siblings=["2023.06.1", tag],
        higher=[],
    )
    components = [
        verified("backend", "2023.05.1", BACKEND_COMMIT, "2023.03.1"),
        verified("frontend", "2023.05.4", FRONTEND_COMMIT, "2023.05.3"),
    ]
    pins = [pin("backend", "2023.03.1"), pin("frontend", "2023.05.3")]
    return ReleaseFacts(stack, components, PreviousRelease(production_tag("2023.06.1"), "4" * 40, pins))


def with_backend(facts: ReleaseFacts, **changes: object) -> ReleaseFacts:
    """The same facts but for the backend's."""
    backend, *others = facts.components
    return replace(facts, components=[replace(backend, **changes), *others])  # type: ignore[arg-type]


def report(
    facts: ReleaseFacts | None = None,
    ref: str = "refs/tags/2023.06.2",
    event: str = "push",
    allow: Sequence[Allowance] = (),
    findings: Sequence[Finding] | None = None,
    production: bool = True,
) -> GateReport:
    """What the gate reports on these facts; `findings` takes the place of what the rules say."""
    facts = facts or good_facts()
    asked = Circumstances(Ref(ref), event, ("master",), production=production, pins_changed=event == "pull_request")
    occasion = Occasion.DEPLOYMENT if asked.judged else Occasion.UNJUDGED
    found = findings if findings is not None else judge(occasion, facts)
    decision = decide(asked, apply_allowances(found, allow))
    unused = unused_allowances(found, allow)
    return GateReport("1.0.0", NOW, Ref(ref), STACK, STACK_COMMIT, decision, facts, unused)


def unjudged(ref: str = "refs/heads/master") -> GateReport:
    """What the gate reports on a ref that the rules do not judge: only the pins are known."""
    backend, frontend = pin("backend", "2023.05.1"), pin("frontend", "2023.05.4")
    return report(ReleaseFacts(None, [ComponentFacts(backend), ComponentFacts(frontend)], None), ref)
