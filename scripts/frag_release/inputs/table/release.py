"""The inputs of the commands that release (prepare, publish, announce) and the options of `adopt`."""

from __future__ import annotations

from .input import Input, Kind, of

_ADOPT = of("adopt")

ADOPTION: tuple[Input, ...] = (
    Input(
        "check",
        "Only tell how the workflow file does with the gate: the rows of doctor that the file alone answers",
        default="false",
        kind=Kind.FLAG,
        commands=_ADOPT,
    ),
    Input(
        "write",
        "Write the change into the working tree, if the workflow file has no uncommitted changes",
        default="false",
        kind=Kind.FLAG,
        commands=_ADOPT,
    ),
    Input(
        "all",
        "Also add the other workflow files, made from the examples with the names of this stack, and the configuration "
        "file for the names that are given; a file that is there is left",
        default="false",
        kind=Kind.FLAG,
        commands=_ADOPT,
    ),
    Input(
        "action",
        "This action, as the gate's job is to use it",
        default="org/frag-release-action@v1",
        shape="OWNER/NAME@REF",
        commands=_ADOPT,
    ),
    Input(
        "build-jobs",
        "Jobs that build or push the image",
        default_words="told by what they use, run and are called",
        kind=Kind.LIST,
        shape="JOB,JOB",
        commands=_ADOPT,
    ),
    Input(
        "production-jobs",
        "Jobs that deploy to production",
        default_words="told by what they use, run and are called, and by their environment",
        kind=Kind.LIST,
        shape="JOB,JOB",
        commands=_ADOPT,
    ),
)
"""What is changed, and how."""


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
            "prepare": "the one that is to be made; `patch`, `minor` or `major` where `tag-format` is `N.N.N`",
            "publish": "the one to publish by hand",
            "announce": "the one to tell of",
        },
        words={
            "prepare": "the next `YEAR.MONTH.ITERATION`; needed where `tag-format` is `N.N.N`",
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
            "prepare": "the one whose text names the pair; with `new` the one to tell",
            "announce": "an existing one to tell, in place of one of its own",
        },
        default_words="none",
        shape="TICKET",
        commands=of("prepare", "announce"),
    ),
    Input(
        "component-releases",
        "Whether a release with GitHub's notes is made for each `new` component tag whose CI passed",
        default="false",
        kind=Kind.FLAG,
        commands=of("prepare"),
    ),
    Input(
        "expected-plan",
        "Output `plan` of the run whose plan was approved: anything else is refused (with `mode: commit`)",
        default_words="whatever is planned now",
        shape="PLAN",
        commands=of("prepare"),
    ),
    Input(
        "ticket-token",
        "Token for the tickets' repository and the project board, where `token` may not",
        default_words="`token`",
        secret=True,
        commands=of("prepare", "publish", "announce", "deploy", "doctor"),
        terminal_variable="TICKET_TOKEN",
    ),
    Input(
        "timezone",
        "Time zone of the month: the stack's tag is of it, and no tag can be of a later one",
        default="UTC",
        shape="ZONE",
        commands=of("prepare"),
        in_file=True,
    ),
    Input(
        "stack-ci-workflows",
        "Workflows of the stack's repository that must have passed on the commit before it is tagged, by file or name",
        default_words="none",
        kind=Kind.LIST,
        commands=of("publish"),
        in_file=True,
    ),
    Input(
        "follow",
        "Whether to follow the build of the tag to its end, and to publish the release only when it passed",
        default="true",
        kind=Kind.FLAG,
        commands=of("publish"),
    ),
    Input(
        "baseline",
        "Whether `stack-tag` runs already, and only a `release.json` for it is wanted, to be able to go back to it",
        default="false",
        kind=Kind.FLAG,
        commands=of("publish"),
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
        "Repository whose tickets the components' commits name",
        default_words="`ticket-repository`",
        kind=Kind.REPOSITORY,
        commands=of("prepare", "publish", "announce"),
        in_file=True,
    ),
    Input(
        "assignees",
        "Logins to assign the ticket to",
        default_words="none",
        kind=Kind.LIST,
        in_file=True,
        commands=of("announce"),
    ),
    Input(
        "labels", "Labels for the ticket", default_words="none", kind=Kind.LIST, in_file=True, commands=of("announce")
    ),
    Input(
        "checklist",
        "What people are to tick on the ticket, a line for each box; ticks stay",
        default_words="seen to work on staging, deployed, seen to work in production",
        kind=Kind.LINES,
        in_file=True,
        commands=of("announce"),
    ),
    Input(
        "project",
        "Project board for the ticket, as `orgs/NAME/projects/NUMBER` or `users/NAME/projects/NUMBER`",
        default_words="none",
        shape="PROJECT",
        commands=of("announce", "doctor"),
        in_file=True,
    ),
    Input(
        "project-field",
        "Field of the board whose options are its lanes",
        default="Status",
        shape="NAME",
        commands=of("announce", "doctor"),
        in_file=True,
    ),
    Input(
        "project-status",
        "Lane for the ticket, by its name in any case",
        default="push to production",
        shape="NAME",
        commands=of("announce", "doctor"),
        in_file=True,
    ),
    Input(
        "dry-run",
        "Show the plan and write nothing",
        default="false",
        kind=Kind.FLAG,
        commands=of("prepare", "publish", "announce", "deploy"),
    ),
    Input(
        "wait-minutes",
        "How long to wait for what still runs",
        helps={"prepare, publish": "CI (prepare with `new`: `30`)", "deploy": "the deployment, then the site"},
        default="0",
        defaults={"deploy": "30"},
        kind=Kind.MINUTES,
        commands=of("prepare", "publish", "deploy"),
    ),
)
"""From the form to the ticket."""
