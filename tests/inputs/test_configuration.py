"""`.github/frag-release.yaml`: what it may say, where it is wrong, and what it never decides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.sources import ROOT
from domain.files import blob
from frag_release.errors import ConfigurationError, UsageError
from frag_release.inputs.configuration import Configuration, component_rows, file_inputs, read_configuration
from frag_release.inputs.settings import read_gate_settings, read_settings
from frag_release.inputs.table import INPUTS
from inputs.inputs_given import RUN, values

SHOP = """\
workflow-file: .github/workflows/release.yml
stack-image: ghcr.io/acme/shop
components:
  api: {repository: acme/shop-api, branch: main, variable: API_TAG, image: ghcr.io/acme/api}
  web: {repository: acme/shop-web, branch: [release, main], image: quay.io/acme/web}
  worker: {repository: acme/shop-worker, variable: WORKER_TAG}
"""
SCHEMA = json.loads((ROOT / "docs" / "frag-release.schema.json").read_text("utf-8"))


def read(text: str) -> Configuration:
    """What a file says."""
    return read_configuration(blob(text))


def test_the_components_are_exactly_those_of_the_file() -> None:
    """Three components in their order, with the defaults of the action where the file says nothing."""
    found = read_settings(values().configured(read(SHOP)), RUN)
    assert [(one.name, one.repository, *one.variables, tuple(one.branches)) for one in found.components] == [
        ("api", "acme/shop-api", "API_TAG", ("main",)),
        ("web", "acme/shop-web", "WEB_IMAGE_TAG", ("release", "main")),
        ("worker", "acme/shop-worker", "WORKER_TAG", ("production",)),
    ]
    assert found.workflow_file == ".github/workflows/release.yml"


def test_an_input_goes_before_the_file_and_the_file_before_the_default() -> None:
    """Of three values for one setting the input counts; a file that renames the workflow is no input of the run."""
    file = read("workflow-file: a.yml\nstack-branch: release\n")
    found = read_gate_settings(values(workflow_file="b.yml").configured(file), RUN)
    assert (found.workflow_file, found.stack_branches, found.file_must_run) == ("b.yml", ("release",), False)
    # A decoy in the file does not switch off that the judged file must be the one that runs.
    assert read_gate_settings(values().configured(file), RUN).file_must_run


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("stack-branch: main\nworkflow-fil: x\n", 2, "no key 'workflow-fil'"),
        ("token: x\n", 1, "token cannot be in"),
        ("verify-looks: '3'\n", 1, "verify-looks is not"),
        ("verify-looks: 11\n", 1, "verify-looks is not"),
        ("check-origin: off\n", 1, "check-origin is not"),
        ("stack-branch: true\n", 1, "stack-branch is not"),
        ("stack-branch: 2023\n", 1, "stack-branch is not"),
        ("stack-branch: a\nstack-branch: b\n", 2, "twice"),
        ("stack-branch: &a main\n", 1, "anchor"),
        ("stack-branch: !!str main\n", 1, "tag"),
        ("stack-branch: [main\n", 2, "not valid YAML"),
        ("- a\n", 1, "mapping"),
        ("components: {}\n", 1, "components is not"),
        ("components:\n  Api: {repository: a/b}\n", 2, "called 'Api'"),
        ("components:\n  pair: {repository: a/b}\n", 2, "called 'pair'"),
        ("components:\n  api: {variable: A}\n", 2, "has no repository"),
        ("components:\n  api: {repository: a/b, tag: x}\n", 2, "no key 'tag'"),
        ("components:\n  api: {repository: ../b}\n", 2, "repository is not"),
        ("backend-ci-workflows: a\ncomponents:\n  api: {repository: a/b}\n", 1, "is next to components"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, message: str) -> None:
    """Unknown, forbidden, of another kind, twice, indirect, not YAML, no name: each ends the run at its line."""
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert message in caught.value.message
    assert caught.value.line == line


def test_no_key_decides_where_a_secret_goes_or_what_is_let_pass() -> None:
    """The keys of the file are these, by hand: no secret, address, file of trust, allowance or switch is among them."""
    assert set(file_inputs()) == {
        "stack-branch", "workflow-file", "stack-image", "timezone", "check-origin", "verify-text", "verify-looks",
        "tag-format", "image-tag-format", "staging-minutes", "checklist", "deployer",
        "backend-ci-workflows", "frontend-ci-workflows", "stack-ci-workflows", "ticket-repository", "tickets-from",
        "assignees", "labels", "project", "project-field", "project-status",
    }  # fmt: skip
    assert set(component_rows("api")) == {
        "repository", "branch", "variable", "namespace-variable", "image", "ci-workflows", "notice-paths",
        "tag-format", "image-tag-format",
    }  # fmt: skip
    for one in (*INPUTS, *component_rows("api").values()):
        assert not (one.in_file and (one.secret or one.kind.value.startswith("URL") or one.name.startswith("awx-")))


FORBIDDEN = (
    "token", "component-token", "ticket-token", "awx-token", "awx-password", "registry-password", "registry-config",
    "awx-url", "awx-api-path", "awx-username", "awx-template", "awx-organization", "production-template", "extra-vars",
    "on-timeout", "github-api-url", "registry-url", "registry-username", "ca-file", "allow", "check-ci", "check-images",
    "ungated", "production", "rollback", "environment", "deployment-record", "follow", "mode", "local", "report", "ref",
    "stack-repository", "verify-url", "expected-stack-commit", "expected-stack-digest", "expected-backend-digest",
    "expected-frontend-digest", "expected-components", "expected-plan",
)  # fmt: skip
"""What the contract says that the file never decides, by hand."""


@pytest.mark.parametrize("key", FORBIDDEN)
@pytest.mark.parametrize("value", ["x", "", "[x]", "{x: y}", "'true'"])
def test_every_forbidden_key_is_refused_at_its_line(key: str, value: str) -> None:
    """Alone or in a component, in quotes or capitals, with whatever value: never accepted, never passed over."""
    places = {
        f"stack-branch: main\n{key}: {value}\n": 2,
        f"timezone: UTC\n\n'{key}': {value}\n": 3,
        f"{key.upper()}: {value}\n": 1,
        f"components:\n  api:\n    repository: a/b\n    {key}: {value}\n": 4,
        f"components: {{backend: {{{key}: {value or 'x'}}}, frontend: {{}}}}\n": 1,
    }
    for text, line in places.items():
        with pytest.raises(ConfigurationError) as caught:
            read(text)
        assert (caught.value.file, caught.value.line) == (".github/frag-release.yaml", line), text
        assert key in caught.value.message.lower()


@pytest.mark.parametrize("key", [*file_inputs(), *(f"components.api.{key}" for key in component_rows("api"))])
def test_a_difference_in_any_key_is_a_difference(key: str) -> None:
    """Each key that a file may have is compared when two files are, that only one of them has it, too."""

    def having(value: str) -> Configuration:
        if not key.startswith("components."):
            return Configuration({key: value})
        return Configuration({}, {"api": {"repository": "a/b", key.removeprefix("components.api."): value}})

    absent = Configuration({}, {"api": {} if key.endswith(".repository") else {"repository": "a/b"}})
    without = absent if key.startswith("components.") else Configuration()
    assert having("x").differing(having("y")) == having("x").differing(without) == [key]


def test_a_login_does_not_go_to_a_registry_that_only_the_file_names() -> None:
    """One login for a registry of the file's choosing is refused; the registry named by an input takes it."""
    login = {"registry_username": "robot", "registry_password": "hunter2"}
    with pytest.raises(UsageError, match=r"names the registry ghcr\.io, quay\.io"):
        read_settings(values(**login).configured(read(SHOP)), RUN)
    read_settings(values(**login, registry_url="https://ghcr.io").configured(read(SHOP)), RUN)


ONE_NAMESPACE = "namespace-variable: NAMESPACE"


@pytest.mark.parametrize(
    ("api", "web", "line", "message"),
    [
        ("variable: TAG", "variable: TAG", 4, "api and web share the variable TAG"),
        ("variable: TAG", "variable: tag", 4, "api and web share the variable tag"),
        ("variable: [A, TAG]", "variable: [B, TAG]", 4, "api and web share the variable TAG"),
        ("variable: WEB_IMAGE_TAG", "branch: main", 2, "api and web share the variable WEB_IMAGE_TAG"),
        ("variable: TAG", "namespace-variable: TAG", 4, "api and web share the variable TAG"),
        ("variable: WEB_NAMESPACE", "branch: main", 2, "api and web share the variable WEB_NAMESPACE"),
        ("variable: TAG, namespace-variable: TAG", "branch: main", 2, "api has the same variable TAG for tag and"),
        ("image: acme/api", "image: docker.io/acme/api", 4, "api and web share the image docker.io/acme/api"),
        (ONE_NAMESPACE, ONE_NAMESPACE, None, ""),
        ("image: none", "image: none", None, ""),
        ("variable: [A, A]", "variable: B", None, ""),
    ],
)
def test_what_can_be_of_one_component_alone_is_refused_of_two(api: str, web: str, line: int, message: str) -> None:
    """A variable holds one tag and an image is of one repository; a namespace may be that of several images."""
    text = f"components:\n  api: {{repository: acme/api, {api}}}\n  # second\n  web: {{repository: acme/web, {web}}}\n"
    configured = values().configured(read(text))
    if line is None:
        assert len(read_settings(configured, RUN).components) == 2
        return
    with pytest.raises(ConfigurationError) as caught:
        read_settings(configured, RUN)
    assert caught.value.line == line and message in caught.value.message


def test_a_name_whose_usual_variables_are_anothers_is_refused() -> None:
    """Components `be` and `backend` both mean BE_IMAGE_TAG if they say nothing else; the line is that of the second."""
    text = "components:\n  backend: {}\n  be: {repository: a/b}\n"
    with pytest.raises(ConfigurationError, match="backend and be share the variable BE_IMAGE_TAG") as caught:
        read_settings(values().configured(read(text)), RUN)
    assert caught.value.line == 3


def test_two_components_of_one_repository_may_have_one_image() -> None:
    """A monorepo's two parts are pinned each by its own variable, and proved each for itself."""
    text = "components:\n  a: {repository: acme/mono, image: x/y}\n  b: {repository: Acme/Mono, image: x/y}\n"
    assert len(read_settings(values().configured(read(text)), RUN).components) == 2


@pytest.mark.parametrize(
    "given",
    [
        {"backend_variable": "TAG", "frontend_variable": "TAG"},
        {"frontend_variable": "BE_IMAGE_TAG"},
        {"backend_variable": "FE_BRANCH,FE_IMAGE_TAG"},
        {"backend_namespace_variable": "BE_IMAGE_TAG"},
        {"backend_image": "acme/x", "frontend_image": "acme/x"},
    ],
)
def test_inputs_that_name_one_thing_twice_are_a_wrong_use(given: dict[str, str]) -> None:
    """The same by inputs, with or without a file, in which it is not the file that is wrong."""
    for file in (None, read("stack-branch: main\ncomponents: {backend: {}, frontend: {}}\n")):
        with pytest.raises(UsageError, match="backend") as caught:
            read_settings(values(**given).configured(file), RUN)
        assert not isinstance(caught.value, ConfigurationError)


def test_a_file_that_says_the_defaults_changes_nothing() -> None:
    """Its report has the bytes of one without a file; another name of a variable is a change."""
    usual = (
        "workflow-file: .github/workflows/build-main.yaml\ncomponents: {backend: {branch: production}, frontend: {}}\n"
    )
    assert read(usual).as_json() == {}
    changed = read(SHOP)
    assert changed.as_json()["components"]["worker"] == {"repository": "acme/shop-worker", "variable": "WORKER_TAG"}
    assert read(json.dumps(changed.as_json())) == replace(changed, components=changed.components)


def test_the_keys_in_which_two_files_differ_are_named() -> None:
    """A component's key by its place, and the list of components by its own name."""
    other = SHOP.replace("branch: main", "branch: trunk").replace("ghcr.io/acme/shop\n", "ghcr.io/acme/store\n")
    assert read(SHOP).differing(read(other)) == ["components.api.branch", "stack-image"]
    assert "components" in read(SHOP).differing(Configuration())


TEXTS = st.one_of(
    st.sampled_from(
        ["main", "a, b", "", " ", "true", "a\nb", "2023", "acme/api", "./x", "A_B", "ghcr.io/a/b", "check", "off"]
    ),
    st.sampled_from(
        ["3", "11", "vN.N.N", "without-v", ",", "a,,b", "a/b/c", "../b", "x\u2028y", "é", "日本", "\u00a0"]
    ),
    st.sampled_from(
        ["a" * 100, "a" * 5000, "a/" + "b" * 101, "A" * 101, "\t", "a\r\nb", "\x7f", "${{ x }}", "- [ ] x"]
    ),
    st.text(max_size=6),
)
PLAIN = st.one_of(
    TEXTS,
    st.integers(-1, 12),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.one_of(
    PLAIN,
    st.lists(PLAIN, max_size=3),
    st.lists(st.lists(TEXTS, max_size=2), max_size=2),
    st.dictionaries(TEXTS, PLAIN, max_size=2),
)
KEYS = ["repository", "branch", "variable", "image", "tag-format", "image-tag-format", "ci-workflows", "notice-paths"]
COMPONENT = st.dictionaries(st.sampled_from([*KEYS, "namespace-variable", "tag", "Branch"]), VALUES, max_size=4)
FITTING = st.fixed_dictionaries(
    {"repository": st.sampled_from(["acme/api", "a/b"])},
    optional={"branch": VALUES, "tag-format": TEXTS, "variable": TEXTS, "image": TEXTS},
)
NAMES = st.one_of(
    st.sampled_from(["api", "backend", "frontend", "stack", "image", "pair", "all", "Api", "a b", "a-", "-a", "1a"]),
    st.sampled_from(["a" * 100, "a" * 101, "", "é", "api\n", "a_b"]),
    st.text(alphabet="ab-1", max_size=4),
)
MANY = st.integers(0, 22).map(lambda n: {f"c{number}": {"repository": "a/b"} for number in range(n)})
COMPONENTS = st.one_of(
    st.dictionaries(NAMES, st.one_of(COMPONENT, FITTING, VALUES), max_size=3),
    st.dictionaries(NAMES, FITTING, max_size=3),
    MANY,
    VALUES,
)
FILES = st.dictionaries(
    st.one_of(st.sampled_from([*sorted(file_inputs()), "token", "x", "Stack-Branch", "allow"]), TEXTS),
    VALUES,
    max_size=3,
).flatmap(lambda top: st.one_of(st.just(top), COMPONENTS.map(lambda found: {**top, "components": found})))


@given(FILES)
@settings(max_examples=3 * settings().max_examples)
def test_schema_and_program_accept_the_same(data: dict[str, Any]) -> None:
    """What the schema accepts the program does, and the other way round."""
    is_valid = jsonschema.Draft7Validator(SCHEMA).is_valid(data)
    try:
        # Not escaped: JSON writes a character beyond U+FFFF as two surrogates, which are no characters in YAML.
        read(json.dumps(data, ensure_ascii=False))
    except ConfigurationError as error:
        assert not is_valid, error.message
    else:
        assert is_valid
