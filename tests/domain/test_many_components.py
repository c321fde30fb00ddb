"""Components of any names and number: outputs, titles, tickets and what a step of this action is given."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from domain.files import blob
from domain.worked_example import BACKEND
from frag_release.domain.adoption import smallest_change
from frag_release.domain.components import Component, Pin
from frag_release.domain.facts import ComponentFacts
from frag_release.domain.gate_use import read_gate_use
from frag_release.domain.needs.workflow import judge_overrides_passed
from frag_release.domain.overrides import find_overrides
from frag_release.domain.plan import Change, Mode, Plan
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.reports import component_outputs
from frag_release.domain.tickets import read_versions

API = replace(BACKEND, name="api", repository="acme/shop-api", variables=("API_TAG",), image="ghcr.io/acme/api")
WEB = Component("web-admin", "acme/shop-web", ("main",), ("WEB_TAG",), ("WEB_NAMESPACE",))


def test_the_output_holds_every_component_and_only_two_have_their_own() -> None:
    """`components` has the five facts of each; `api-tag` is not an output of the action."""
    outputs = component_outputs([ComponentFacts(Pin(one, "1.2.3", "acme"), commit="a" * 40) for one in (API, BACKEND)])
    assert json.loads(outputs["components"])["api"] == {
        "tag": "1.2.3", "namespace": "acme", "commit": "a" * 40, "digest": "", "image": "ghcr.io/acme/api:1.2.3",
    }  # fmt: skip
    assert set(outputs) == {
        "components",
        *(f"backend-{what}" for what in ("tag", "namespace", "commit", "digest", "image")),
    }


@pytest.mark.parametrize(
    ("ticket", "wanted"),
    [
        ("web 1.1.1 and web-admin 2.2.2", {"web": "1.1.1", "web-admin": "2.2.2"}),
        ("Web admin: 2.2.2\nWEB: 1.1.1", {"web": "1.1.1", "web-admin": "2.2.2"}),
    ],
)
def test_a_name_within_a_longer_one_is_not_that_component(ticket: str, wanted: dict[str, str]) -> None:
    """`web-admin 2.2.2` says nothing of `web`, and a hyphen may be a blank."""
    assert read_versions(ticket, dict.fromkeys(("web", "web-admin"), DEFAULT_FORMAT)) == wanted


def test_a_title_for_twenty_components_is_one_that_github_takes() -> None:
    """GitHub takes 256 characters for the title of a pull request; two components are named as ever."""

    def title(count: int) -> str:
        pins = [Pin(replace(API, name=f"service-number-{n}"), "2023.05.1") for n in range(count)]
        changes = [Change(pin, pin) for pin in pins]
        return Plan("acme/shop", "main", "0" * 40, "w.yml", b"", b"", "2023.06.2", Mode.COMMIT, changes).title

    assert title(1) == "build: Use of service-number-0 2023.05.1"
    assert title(20) == "build: Use of 20 components for 2023.06.2"


FILE = """\
env: {API_TAG: 1.2.3, WEB_TAG: 1.2.3}
jobs:
  build:
    steps:
      - uses: org/frag-release-action@v1
        with: {component-tags: 'api=${{ inputs.api-tag }},web-admin=${{ secrets.WEB_TAG }}'}
      - run: make API=${{ inputs.api-tag || env.API_TAG }} WEB=${{ secrets.%s || env.WEB_TAG }}
"""


def test_adopt_and_doctor_pass_overrides_by_the_inputs_that_the_action_has() -> None:
    """Components of other names share one line of the gate's `with:`; a line for each would be dropped by GitHub."""
    components = (API, WEB, BACKEND)
    build = "API=${{ inputs.api_tag || secrets.API_TAG }} WEB=${{ secrets.WEB_TAG }} BE=${{ vars.BE_IMAGE_TAG }}"
    file = blob(
        "on: {push: {tags: ['**']}, workflow_dispatch: {inputs: {api_tag: {}}}}\n"
        "env: {API_TAG: 1.2.3, WEB_TAG: 1.2.3, BE_IMAGE_TAG: 1.2.3}\n"
        f"jobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n    - run: docker build {build} .\n"
    )
    use = read_gate_use(file, components, "", "production")
    lines = [
        "component-tags: api=${{ inputs.api_tag || secrets.API_TAG }},web-admin=${{ secrets.WEB_TAG }}",
        "backend-tag: ${{ vars.BE_IMAGE_TAG }}",
    ]
    job = smallest_change(use, file, components, "org/frag-release-action@v1", ()).job
    assert [line.strip() for line in job[-2:]] == lines
    assert ", ".join(lines) in judge_overrides_passed(use).remedy


@pytest.mark.parametrize(("secret", "untold"), [("WEB_TAG", []), ("WEB_ADMIN_TAG", ["secrets.WEB_ADMIN_TAG"])])
def test_the_list_tells_a_step_of_each_override(secret: str, untold: list[str]) -> None:
    """What `component-tags` gives of one component is told of that one, and of no other source."""
    found = find_overrides(blob(FILE % secret), [API, WEB], "")
    assert found["api"] == ()
    assert [one.source for one in found["web-admin"]] == untold


@pytest.mark.parametrize(
    "told",
    [
        "api=${{ format('{0}{1}', inputs.api-tag, '') }},web-admin=${{ secrets.WEB_TAG }}",
        "${{ inputs.api-tag && format('api={0},', inputs.api-tag) || '' }}"
        "${{ secrets.WEB_TAG && format('web-admin={0},', secrets.WEB_TAG) || '' }}",
        "${{ format('api={0},web-admin={1}', inputs.api-tag, secrets.WEB_TAG) }}",
    ],
)
def test_commas_within_an_expression_do_not_end_what_is_told(told: str) -> None:
    """An expression is one part of the list, and may write the names of components itself, as our forms do."""
    file = FILE.replace("api=${{ inputs.api-tag }},web-admin=${{ secrets.WEB_TAG }}", told.replace("'", "''"))
    assert find_overrides(blob(file % "WEB_TAG"), [API, WEB], "") == {"api": (), "web-admin": ()}
    untold = find_overrides(blob(file % "OTHER_WEB_TAG"), [API, replace(WEB, variables=("OTHER_WEB_TAG",))], "")
    assert [one.source for one in untold["web-admin"]] == ["secrets.OTHER_WEB_TAG"]
