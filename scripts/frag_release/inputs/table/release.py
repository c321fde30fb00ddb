"""The inputs of the commands that release, deploy and audit, and the options of `adopt`."""

from __future__ import annotations

from ...domain.components import COMPONENT_NAMES
from .input import IMAGE, Input, Kind, of

_DEPLOY = of("deploy")
_AWX = of("deploy", "doctor")
_ADOPT = of("adopt")


def _switch(name: str, help_: str, commands: frozenset[str]) -> Input:
    """A flag that is off by default."""
    return Input(name, help_, default="false", kind=Kind.FLAG, commands=commands)


DEPLOYMENT: tuple[Input, ...] = (
    Input(
        "environment",
        "Environment to deploy to; treated as production unless its name contains a word such as `staging`",
        default="production",
        shape="NAME",
        commands=_AWX | of("adopt", "audit"),
    ),
    Input("image-tag", "Tag of the stack's image to deploy", default_words="the gate's", shape="TAG", commands=_DEPLOY),
    Input(
        "stack-image",
        "Name of the stack's image without its tag",
        default_words="`docker.io/STACK-REPOSITORY` in lower case",
        shape="IMAGE",
        commands=of("publish", "deploy", "audit"),
        in_file=True,
        pattern=IMAGE,
    ),
    Input(
        "expected-stack-commit",
        "Commit of the stack that the gate judged and the build used",
        default_words="none; production needs it",
        kind=Kind.COMMIT,
        commands=_DEPLOY,
    ),
    *(
        Input(
            f"expected-{name}-digest",
            f"Digest of the {name} image that the gate judged and the build used",
            default_words="none; production needs it",
            kind=Kind.DIGEST,
            commands=_DEPLOY,
        )
        for name in (*COMPONENT_NAMES, "stack")
    ),
    Input(
        "expected-components",
        "Output `components` of the gate, instead of the digest of each component",
        kind=Kind.JSON,
        commands=_DEPLOY,
    ),
    Input(
        "deployer",
        "What deploys the stack: `awx`, or `none` for a step of your own, with a deploy step before and after it",
        default="awx",
        kind=Kind.CHOICE,
        choices=("awx", "none"),
        commands=_AWX | of("adopt"),
        in_file=True,
    ),
    Input(
        "deployment-outcome",
        "Outcome of your own step, for the deploy step after it: `steps.ID.outcome`; with `deployer: none`",
        default_words="none: this is the deploy step before it",
        kind=Kind.CHOICE,
        choices=("success", "failure", "cancelled", "skipped"),
        commands=_DEPLOY,
    ),
    Input(
        "deployment-id",
        "Output `deployment-id` of the deploy step before your own; with `deployment-outcome`",
        default_words="none: no record is closed",
        shape="NUMBER",
        commands=_DEPLOY,
    ),
    Input("awx-url", "Address of AWX", default_words="none; `deployer: awx` needs it", kind=Kind.URL, commands=_AWX),
    Input(
        "awx-api-path",
        "Where AWX's API begins; `/api/controller/v2/` behind a gateway",
        default="/api/v2/",
        shape="PATH",
        commands=_AWX,
    ),
    Input("awx-username", "User name for AWX, with `awx-password`", shape="NAME", commands=_AWX),
    Input("awx-password", "Password for AWX", secret=True, commands=_AWX, terminal_variable="AWX_PASSWORD"),
    Input(
        "awx-token",
        "Token for AWX, instead of user name and password",
        secret=True,
        commands=_AWX,
        terminal_variable="AWX_TOKEN",
    ),
    Input(
        "awx-template",
        "Exact name of the AWX job template to launch",
        default_words="none; `deployer: awx` needs it",
        shape="NAME",
        commands=_AWX,
    ),
    Input(
        "awx-organization",
        "Organisation of the template, if its name is not unique",
        default_words="any",
        shape="NAME",
        commands=_AWX,
    ),
    Input(
        "production-template",
        "Exact name of a template that may be launched outside production although its name, organisation, inventory "
        "or limit names production",
        shape="NAME",
        commands=_DEPLOY,
    ),
    Input(
        "extra-vars",
        "Variables for the template, as a JSON object; `{image-tag}` and `{image-digest}` are filled in",
        default_words='`{"stack_image_tag": "{image-tag}"}`',
        shape="JSON",
        commands=_DEPLOY,
    ),
    Input(
        "on-timeout",
        "What happens to the AWX job when time is up or the run is cancelled: `leave` it running, or `cancel` it",
        default="leave",
        kind=Kind.CHOICE,
        choices=("leave", "cancel"),
        commands=_DEPLOY,
    ),
    Input(
        "verify-url",
        "Pages of the site that must return 200 after the deployment; `verify-text` applies to the first",
        default_words="none: the site is not checked",
        kind=Kind.URLS,
        commands=_AWX | of("audit"),
    ),
    Input(
        "verify-text",
        "Lines that the page must match, all of them: a text with `{image-tag}`, such as `Stack {image-tag}`, or for a "
        "JSON page `POINTER = VALUE`, such as `/version/stack = {image-tag}`",
        default_words="none; `verify-url` needs it",
        kind=Kind.LINES,
        commands=_AWX | of("audit"),
        in_file=True,
    ),
    Input(
        "verify-looks",
        "How many checks of the site in a row must pass: with several pods, an old one may still answer",
        default="3",
        kind=Kind.LOOKS,
        commands=_DEPLOY,
        in_file=True,
    ),
    _switch(
        "rollback",
        "Whether to deploy an older release again on purpose, on the evidence of its `release.json`",
        _DEPLOY,
    ),
    Input(
        "deployment-record",
        "Whether to create a deployment record on GitHub; without `deployments: write` there is only a note",
        default="true",
        kind=Kind.FLAG,
        commands=_DEPLOY,
    ),
    Input(
        "staging-minutes",
        "Minutes for which the same image must have been the newest on staging before it may go to production, "
        "according to a trusted deployment record; `0`: any length of time",
        default_words="none: staging is not required",
        kind=Kind.MINUTES,
        commands=_DEPLOY,
        in_file=True,
    ),
    _switch("ungated", "Whether to deploy without the gate; never to production", _DEPLOY),
    Input(
        "since",
        "First release to judge, by its tag or the start of it, such as `2023.`; `newest` checks only what runs in "
        "production",
        default_words="the oldest",
        shape="TAG",
        commands=of("audit"),
    ),
    Input(
        "for",
        "Commands whose requirements are checked",
        default="gate,prepare,publish,announce,deploy",
        shape="COMMAND,COMMAND",
        kind=Kind.LIST,
        commands=of("doctor"),
    ),
)
"""From the image to the running site, and the audit of past releases."""

ADOPTION: tuple[Input, ...] = (
    _switch(
        "check",
        "Only report how the workflow file uses the gate: the rows of doctor that need nothing but the file",
        _ADOPT,
    ),
    _switch("write", "Write the change into the working tree, if the workflow file has no uncommitted changes", _ADOPT),
    _switch(
        "all",
        "Also add the other workflow files, made from the examples with the names of this stack, and a configuration "
        "file with the names that are given; existing files are left unchanged",
        _ADOPT,
    ),
    Input(
        "action",
        "This action, as the gate's job refers to it",
        default="org/frag-release-action@v1",
        shape="OWNER/NAME@REF",
        commands=_ADOPT,
    ),
    Input(
        "build-jobs",
        "Jobs that build or push the image",
        default_words="recognised by what they use and run, and by their names",
        kind=Kind.LIST,
        shape="JOB,JOB",
        commands=_ADOPT,
    ),
    Input(
        "production-jobs",
        "Jobs that deploy to production",
        default_words="recognised by what they use and run, their names and their environment",
        kind=Kind.LIST,
        shape="JOB,JOB",
        commands=_ADOPT,
    ),
)
"""The options of `adopt`."""

RELEASE: tuple[Input, ...] = (
    Input(
        "mode",
        "How the change is made: `pull-request`, or `commit` to the stack branch",
        default="pull-request",
        kind=Kind.CHOICE,
        choices=("pull-request", "commit"),
        commands=of("prepare"),
    ),
    Input(
        "stack-tag",
        "Tag of the stack's release",
        helps={
            "prepare": "the one to release; `patch`, `minor` or `major` if `tag-format` is `N.N.N`",
            "publish": "the one to publish by hand",
            "announce": "the one to announce",
        },
        words={
            "prepare": "the next `YEAR.MONTH.ITERATION`; required if `tag-format` is `N.N.N`",
            "publish": "that of the reviewed change",
            "announce": "the tag of this run",
        },
        shape="TAG",
        commands=of("prepare", "publish", "announce"),
        required=of("announce"),
        terminal_variable="GITHUB_REF",
    ),
    Input(
        "ticket",
        "Ticket, as a number, `OWNER/NAME#NUMBER` or an address",
        helps={
            "prepare": "the one whose text names the pair; with `new` the one to update",
            "announce": "an existing one to update, instead of one of its own",
        },
        shape="TICKET",
        commands=of("prepare", "announce"),
    ),
    _switch(
        "component-releases",
        "Whether to create a release with GitHub's generated notes for each `new` component tag whose CI passed",
        of("prepare"),
    ),
    Input(
        "expected-plan",
        "Output `plan` of the run whose plan was approved: any other plan is refused (with `mode: commit`)",
        default_words="any plan is accepted",
        shape="PLAN",
        commands=of("prepare"),
    ),
    Input(
        "ticket-token",
        "Token for the tickets' repository and the project board, if `token` has no access to them",
        default_words="`token`",
        secret=True,
        commands=of("prepare", "publish", "announce", "deploy", "doctor"),
        terminal_variable="TICKET_TOKEN",
    ),
    Input(
        "timezone",
        "Time zone that decides the current month, which is in the stack's tag; no tag can be of a later month",
        default="UTC",
        shape="ZONE",
        commands=of("prepare"),
        in_file=True,
    ),
    Input(
        "stack-ci-workflows",
        "Workflows of the stack's repository that must have passed on the commit before it is tagged, by file or name",
        kind=Kind.LIST,
        commands=of("publish"),
        in_file=True,
    ),
    Input(
        "follow",
        "Whether to follow the build of the tag to its end, and to publish the release only if it passed",
        default="true",
        kind=Kind.FLAG,
        commands=of("publish"),
    ),
    _switch(
        "baseline",
        "Whether `stack-tag` runs already and needs only a `release.json`, so that it can be rolled back to",
        of("publish"),
    ),
    Input(
        "ticket-repository",
        "Repository of the release ticket",
        default_words="`stack-repository`",
        kind=Kind.REPOSITORY,
        commands=of("prepare", "publish", "announce", "deploy", "doctor"),
        in_file=True,
    ),
    Input(
        "tickets-from",
        "Repository of the tickets that the components' commits refer to",
        default_words="`ticket-repository`",
        kind=Kind.REPOSITORY,
        commands=of("prepare", "publish", "announce"),
        in_file=True,
    ),
    Input("assignees", "Logins to assign the ticket to", kind=Kind.LIST, in_file=True, commands=of("announce")),
    Input("labels", "Labels for the ticket", kind=Kind.LIST, in_file=True, commands=of("announce")),
    Input(
        "checklist",
        "Checkboxes for people to tick on the ticket, one per line; ticks are kept",
        default_words="seen to work on staging, deployed, seen to work in production",
        kind=Kind.LINES,
        in_file=True,
        commands=of("announce"),
    ),
    Input(
        "project",
        "Project board for the ticket, as `orgs/NAME/projects/NUMBER` or `users/NAME/projects/NUMBER`",
        shape="PROJECT",
        commands=of("announce", "doctor"),
        in_file=True,
    ),
    Input(
        "project-field",
        "Field of the board that holds the status",
        default="Status",
        shape="NAME",
        commands=of("announce", "doctor"),
        in_file=True,
    ),
    Input(
        "project-status",
        "Status for the ticket, in any case",
        default="push to production",
        shape="NAME",
        commands=of("announce", "doctor"),
        in_file=True,
    ),
    _switch("dry-run", "Show the plan and write nothing", of("prepare", "publish", "announce", "deploy")),
    Input(
        "wait-minutes",
        "How long to wait for what is still running",
        helps={"prepare, publish": "CI (prepare with `new`: `30`)", "deploy": "the deployment, then the site"},
        default="0",
        defaults={"deploy": "30"},
        kind=Kind.MINUTES,
        commands=of("prepare", "publish", "deploy"),
    ),
)
"""From the form to the ticket: prepare, publish, announce."""
