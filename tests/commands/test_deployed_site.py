"""`deploy` and the page of the site: what proves that the release runs, and what does not."""

from __future__ import annotations

import json

import pytest

from commands.deployment import NO_EXPECTATIONS, OLD, TEMPLATE, Deployment
from commands.test_rollback import publish, record, roll_back
from world.events import dispatch, push_branch
from world.program import Outcome

pytestmark = pytest.mark.hurried

LINE = "/version/stack = xchem:{image-tag}"


def real_page(backend: str, frontend: str, stack: str) -> str:
    """The page of the real site: three images whose tags have one form."""
    shown = {"backend": f"xchem:{backend}", "frontend": f"xchem:{frontend}", "stack": f"xchem:{stack}"}
    return json.dumps({"version": shown})


NEW = real_page("2023.05.1", "2023.05.4", "2023.06.2")
"""The worked example, running."""


def refused(ready: Deployment, outcome: Outcome) -> str:
    """The log of a wrong use, which has asked nobody anything but for the configuration file, which might mend it."""
    assert outcome.status == 2, outcome.log
    asked = {one.request.path for one in ready.world.github.requests}
    repository = "/repos/xchem/fragalysis-stack"
    assert asked <= {repository, f"{repository}/contents/.github/frag-release.yaml"}
    assert ready.awx.requests == []
    return outcome.log


def test_another_components_version_is_not_the_stacks(ready: Deployment) -> None:
    """A rollback is not green by a page whose frontend has the tag of the release that is gone back to."""
    publish(ready, record(ready, ready.build(OLD)))
    ready.site.page = real_page("2023.05.1", OLD, "2023.06.2")
    outcome = roll_back(ready, verify_text=LINE, wait_minutes="0")
    assert (outcome.status, outcome.outputs["job-status"]) == (1, "successful"), outcome.log
    assert "/version/stack is \"xchem:2023.06.2\", not 'xchem:2023.06.1'" in outcome.log
    assert outcome.report is not None
    assert outcome.report["site"]["lines"] == [{"text": f"/version/stack = xchem:{OLD}", "found": False}]
    ready.site.page = real_page("2023.03.1", "2023.05.3", OLD)
    assert roll_back(ready, verify_text=LINE).status == 0


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "text",
    ["", "{image-tag}", "2023.06.2", "v{image-tag}", "xchem:{image-tag}", "  ({image-tag}).  ", "<b>{image-tag}</b>",
     "{backend-namespace}:{image-tag}", f"{LINE}\n{{backend-tag}}", f"{LINE}\nxchem:{{image-tag}}"],
)  # fmt: skip
def test_a_bare_tag_is_a_wrong_use(ready: Deployment, text: str) -> None:
    """No text, and a line that any component's tag could satisfy, end with 2 before anybody is asked, naming doctor."""
    ready.world.github.requests.clear()
    log = refused(ready, ready.deploy(verify_text=text))
    assert "verify-text" in log
    assert "doctor reads verify-url and suggests lines" in log


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Fragalysis", "No line of verify-text contains {image-tag} or {stack-commit}"),
        ("/version/backend = xchem:{backend-tag}", "No line of verify-text contains {image-tag} or {stack-commit}"),
        (
            "Stack {stack-tag}",
            "contains {stack-tag}, but the placeholders are {image-tag}, {stack-commit}, {backend-tag}",
        ),
        ("/a~2b = {image-tag}", "has a malformed pointer"),
        ("/{image-tag}/up = true", "has a placeholder before the equals sign"),
        ("/version/stack =", "has no value"),
        ("Stack {image-tag}\tand", "Write it in lines, without control characters"),
    ],
)
def test_a_line_that_cannot_be_meant_is_a_wrong_use(ready: Deployment, text: str, words: str) -> None:
    """Lines that tell no version, misspelt placeholders and broken pointers are refused before anybody is asked."""
    ready.world.github.requests.clear()
    assert words in refused(ready, ready.deploy(verify_text=text))


def test_all_lines_must_hold_for_this_pair(ready: Deployment) -> None:
    """Each placeholder stands for what is deployed; one line that does not hold is enough to end with 1."""
    commit = ready.world.commit("2023.06.2")
    lines = [LINE, "/version/backend = {backend-namespace}:{backend-tag}", "/version/frontend = xchem:{frontend-tag}",
             "/commit = {stack-commit}", "/pods/0/ready = true", "/pods/0/age = 12.50"]  # fmt: skip
    page = {**json.loads(NEW), "commit": commit, "pods": [{"ready": True, "age": 0}]}
    ready.site.page = json.dumps(page).replace('"age": 0', '"age": 12.50')
    outcome = ready.deploy(verify_text="\r\n".join(lines))
    assert outcome.status == 0, outcome.log
    assert "all 6 lines of verify-text match" in outcome.summary
    assert outcome.report is not None
    assert outcome.report["site"]["text"].splitlines()[3] == f"/commit = {commit}"
    ready.site.page = ready.site.page.replace("xchem:2023.05.4", "xchem:2023.05.3")
    outcome = ready.deploy(verify_text="\n\n".join(lines), wait_minutes="0")
    assert outcome.status == 1
    assert "/version/frontend is \"xchem:2023.05.3\", not 'xchem:2023.05.4'" in outcome.log


def test_a_rollback_is_held_to_the_pair_of_its_record(ready: Deployment) -> None:
    """For a rollback the placeholders are those of the release that is gone back to."""
    publish(ready, record(ready, ready.build(OLD)))
    ready.site.page = real_page("2023.03.1", "2023.05.3", OLD)
    text = (
        f"{LINE}\n/version/backend = {{backend-namespace}}:{{backend-tag}}\n/version/frontend = xchem:{{frontend-tag}}"
    )
    outcome = roll_back(ready, verify_text=text)
    assert outcome.status == 0, outcome.log
    assert "all 3 lines of verify-text match" in outcome.log


def test_what_was_there_before_proves_nothing(ready: Deployment) -> None:
    """A site that shows the release before the launch is a warning in log, summary and report, and no refusal."""
    ready.site.page = NEW
    outcome = ready.deploy(verify_text=LINE)
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log
    assert "::warning title=deploy::The site showed this release before anything was launched." in outcome.log
    assert "and the site shows it, as it did before the launch." in outcome.summary
    assert "Nothing to do: the site shows what was deployed" not in outcome.summary
    assert outcome.report is not None
    assert outcome.report["site-before"]["found"] is True


def test_a_site_that_is_down_before_the_launch_stops_nothing(ready: Deployment) -> None:
    """The look before the launch refuses nothing, whatever it sees, and without the release there is no warning."""
    ready.site.page = NEW
    ready.site.fail("GET", "/viewer/", status=503, times=1)
    outcome = ready.deploy(verify_text=LINE)
    assert outcome.status == 0, outcome.log
    assert "before anything was launched" not in outcome.log
    assert outcome.report is not None
    assert outcome.report["site-before"]["found"] is False


def test_a_dry_run_looks_as_well(ready: Deployment) -> None:
    """With dry-run the page is looked at once, and the log says what it holds of the lines."""
    ready.site.page = real_page("2023.03.1", "2023.05.3", OLD)
    outcome = ready.deploy(verify_text="/version/stock = {image-tag}", dry_run="true")
    assert (outcome.status, ready.awx.launches, len(ready.site.requests)) == (0, 0, 1), outcome.log
    assert "The site before the launch: it answered 200 with " in outcome.log
    assert "and the page has no /version/stock, so '2023.06.2' was not found." in outcome.log


def test_an_old_pod_among_new_ones_starts_the_row_anew(ready: Deployment) -> None:
    """Three looks in a row must show the release, and one at an old pod among them starts the row anew."""
    old = real_page("2023.03.1", "2023.05.3", OLD)
    ready.site.page, ready.site.once = NEW, [old, NEW, NEW, old, NEW]
    outcome = ready.deploy(verify_text=LINE, verify_looks="")
    assert outcome.status == 0, outcome.log
    assert len(ready.site.requests) == 1 + 2 + 1 + 3
    assert "(3 of 3 looks in a row)" in outcome.log
    assert outcome.report is not None
    assert outcome.report["site"]["looks"] == 3


def test_a_row_that_breaks_when_time_is_up_is_no_success(ready: Deployment) -> None:
    """A row that has begun goes on when time is up; where it breaks, the deployment ends with 1."""
    old = real_page("2023.03.1", "2023.05.3", OLD)
    ready.site.page, ready.site.once = old, [old, NEW]
    outcome = ready.deploy(verify_text=LINE, verify_looks="2", wait_minutes="0")
    assert (outcome.status, outcome.outputs["job-status"]) == (1, "successful"), outcome.log
    assert len(ready.site.requests) == 3


@pytest.mark.parametrize("looks", ["0", "11", "-1", "two", "1.5"])
def test_how_many_looks_is_a_small_number(ready: Deployment, looks: str) -> None:
    """verify-looks is from 1 to 10, else a wrong use."""
    outcome = ready.deploy(verify_looks=looks)
    assert (outcome.status, ready.awx.requests) == (2, [])
    assert "The input verify-looks cannot be" in outcome.log


def test_every_page_must_answer(ready: Deployment) -> None:
    """Of several pages each must answer 200, and the lines hold for the first."""
    first, second = f"{ready.site.url}/viewer/", f"{ready.site.url}/api/"
    outcome = ready.deploy(verify_url=f"{first}, {second}")
    assert outcome.status == 0, outcome.log
    assert {one.path for one in ready.site.requests} == {"/viewer/", "/api/"}
    ready.site.fail("GET", "/api/", status=404)
    outcome = ready.deploy(verify_url=f"{first},{second}", wait_minutes="0")
    assert outcome.status == 1
    assert f"{second} answered 404" in outcome.log
    outcome = ready.deploy(verify_url=f"{first},http://site.example/")
    assert outcome.status == 2
    assert "verify-url" in outcome.log


def test_a_place_that_cannot_be_filled_is_a_wrong_use(ready: Deployment) -> None:
    """Where no pair is known of what is deployed, a line that needs it ends with 2, names it, and launches nothing."""
    ready.build("fix")
    event = dispatch("refs/heads/fix", ready.world.commit("2023.06.2"))
    given = {**NO_EXPECTATIONS, "environment": "awx/fragalysis-developer", "ungated": "true", "image_tag": "fix",
             "workflow_file": ".github/workflows/none.yaml"}  # fmt: skip
    outcome = ready.deploy(event, verify_text="stack {image-tag}\nbackend {backend-tag}", **given)
    assert (outcome.status, ready.awx.launches) == (2, 0), outcome.log
    assert "The input verify-text contains {backend-tag}, which has no value" in outcome.log
    assert ready.deploy(event, verify_text="Stack {image-tag}", **given).status == 0
    own = {"backend_tag": "mine", "frontend_tag": "mine"}
    ready.site.page = "stack fix, backend mine"
    outcome = ready.deploy(event, verify_text="stack {image-tag}\nbackend {backend-tag}", **given, **own)
    assert outcome.status == 0, outcome.log


def test_a_text_beside_several_versions_proves_none(ready: Deployment) -> None:
    """Where a page holds the line with other versions as well, it does not tell which of them runs: no success."""
    ready.site.page = "version 2023.05.1 of the backend, version 2023.06.2 of the stack"
    outcome = ready.deploy(verify_text="version {image-tag}", wait_minutes="0")
    assert (outcome.status, outcome.outputs["job-status"]) == (1, "successful"), outcome.log
    assert "and the line does not show which of them runs" in outcome.log
    assert ready.deploy(verify_text="version {image-tag} of the stack").status == 0


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<html>Stack 2023.06.2</html>", "the page is not JSON"),
        (NEW.replace('"backend": "xchem:2023.05.1"', '"stack": "xchem:1"'), 'has the name "stack" twice in one object'),
        ("[" * 100_000, "the page is nested too deeply"),
        ('{"version": "xchem:2023.06.2"}', "has no /version/stack: /version is a string"),
        ('{"version": {"stack": {"tag": "xchem:2023.06.2"}}}', "/version/stack is an object, not"),
        (NEW.replace("xchem:2023.06.2", "xchem:2023.06.21"), "not 'xchem:2023.06.2'"),
        (NEW.replace("xchem:2023.06.2", "::error::`<b>@all"), "not 'xchem:2023.06.2'"),
    ],
)
def test_a_page_of_another_form_says_what_was_seen(ready: Deployment, page: str, words: str) -> None:
    """HTML in place of JSON, a name that is there twice, and other values are no success, and each says what it was."""
    ready.site.page = page
    outcome = ready.deploy(verify_text=LINE, wait_minutes="0")
    assert (outcome.status, outcome.outputs["job-status"]) == (1, "successful"), outcome.log
    assert words in outcome.log
    assert "\n::error::`" not in outcome.log
    assert "<b>@all" not in outcome.summary


def test_an_image_that_is_always_called_the_same_is_always_there_before(ready: Deployment) -> None:
    """For latest the site shows it before and after: green, with the warning that this proves nothing."""
    ready.build("latest")
    ready.site.page = real_page("latest", "latest", "latest")
    event = push_branch("master", ready.world.commit("2023.06.2"))
    outcome = ready.deploy(event, environment="staging", verify_text=LINE, **NO_EXPECTATIONS)
    assert outcome.status == 0, outcome.log
    assert "proves nothing about this run" in outcome.summary


ELSEWHERE = {"environment": "awx/fragalysis-developer", "ungated": "true", **NO_EXPECTATIONS}
"""A deployment to a developer's stack, of the release's image."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "given",
    [
        {"awx_template": TEMPLATE},
        {"awx_template": TEMPLATE, "environment": "staging", "ungated": "false"},
        {"awx_template": "Stack (PROD)"},
        {"awx_template": "nonprod stack"},
        {"awx_template": "fragalysis-prd2"},
        {"awx_template": "GoLive"},
        {"awx_template": "Stack", "awx_organization": "Production"},
        {"awx_template": TEMPLATE, "production_template": TEMPLATE.lower()},
    ],
)
def test_productions_template_is_not_for_other_environments(ready: Deployment, given: dict[str, str]) -> None:
    """A template or organisation whose name says production is a wrong use elsewhere, before anybody is asked."""
    ready.world.github.requests.clear()
    log = refused(ready, ready.deploy(**{**ELSEWHERE, **given}))
    assert "which names production" in log
    assert "give its exact name in production-template" in log


@pytest.mark.parametrize(
    ("settings", "sign"),
    [
        ({"organization": "Production"}, "its organisation is 'Production'"),
        ({"inventory_name": "production hosts"}, "its inventory is 'production hosts'"),
        ({"limit": "db,prod-*:!staging"}, "its limit is 'db,prod-*'"),
    ],
)
@pytest.mark.parametrize("dry_run", ["false", "true"])
def test_what_awx_tells_of_a_template_counts(
    ready: Deployment, settings: dict[str, str], sign: str, dry_run: str
) -> None:
    """A template whose organisation, inventory or limit says production is a wrong use, though its name does not."""
    ready.awx.add_template("Stack", **settings)
    outcome = ready.deploy(**ELSEWHERE, awx_template="Stack", dry_run=dry_run)
    assert (outcome.status, ready.awx.launches) == (2, 0), outcome.log
    assert sign in outcome.log
    assert {one.method for one in ready.awx.requests} == {"GET"}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["Product demo", "Deploy main", "Delivery", "Reproduce", "Alice"])
def test_other_names_do_not_say_production(ready: Deployment, name: str) -> None:
    """Words that only look alike, and limits that exclude production, stop nothing."""
    ready.awx.add_template(name, limit="all:!production", script=ready.awx.templates[0].script)
    outcome = ready.deploy(**ELSEWHERE, awx_template=name)
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log


def test_a_template_that_is_named_is_launched_loudly(ready: Deployment) -> None:
    """With production-template it is launched, and a warning in log and summary says what that means."""
    outcome = ready.deploy(**ELSEWHERE, awx_template=TEMPLATE, production_template=TEMPLATE)
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log
    assert f"::warning title=deploy::The AWX template '{TEMPLATE}' was allowed" in outcome.log
    assert "was allowed for the environment" in outcome.summary


def test_production_launches_its_own_template(ready: Deployment) -> None:
    """In a production environment nothing is said of it."""
    outcome = ready.deploy()
    assert outcome.status == 0, outcome.log
    assert "production-template" not in outcome.log


def test_variables_that_say_production_are_a_warning(ready: Deployment) -> None:
    """It may be a namespace or the mode of a program: a warning names the variable, and not its value."""
    variables = json.dumps({"stack_image_tag": "{image-tag}", "more": {"namespace": "production-of-somebody"}})
    outcome = ready.deploy(**ELSEWHERE, extra_vars=variables)
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log
    assert "extra-vars sets more to a value that names production" in outcome.summary
    assert "production-of-somebody" not in outcome.summary
