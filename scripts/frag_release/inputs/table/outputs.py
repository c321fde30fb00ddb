"""The outputs of the action."""

from __future__ import annotations

from ...domain.components import COMPONENT_NAMES

OUTPUTS: dict[str, str] = {
    "verdict": "`deploy`, `build-only` or `blocked`",
    "deploy-production": "`true` where this run may deploy to production, else `false`; written on every way out",
    "deploy-staging": "`true` where this run may deploy to staging, else `false`; written on every way out",
    "image-tag": "Tag for the stack's image; empty where nothing is to be built",
    "stack-tag": "The stack's tag; empty where the ref is none",
    "stack-commit": "The commit to check out and build",
    **{
        f"{name}-{what}": text.format(name)
        for name in COMPONENT_NAMES
        for what, text in (
            ("tag", "Tag of the {} to build with"),
            ("namespace", "Namespace of the {}'s image"),
            ("commit", "Commit of the {}'s tag, where it was judged"),
            ("digest", "Digest of the {}'s image, where it was judged"),
            ("image", "The {}'s image: `name@sha256:…` where it was judged, else `name:tag`"),
        )
    },
    "components": "The same of every component, as JSON for `expected-components` and `fromJSON`: "
    '`{"NAME": {"tag": "", "namespace": "", "commit": "", "digest": "", "image": ""}}`',
    "changed": "prepare, publish, announce, deploy: `true` if this run made anything, else `false`",
    "plan": "prepare: what an approval is for, for the input `expected-plan`; empty where there is nothing to release",
    "plan-title": "prepare: the same for people, on one line: stack tag, versions, and seven digits of each commit",
    "commit": "prepare: the commit with the change",
    "pull-request-number": "prepare: number of the pull request",
    "pull-request-url": "prepare: address of the pull request",
    "release-url": "publish: address of the release",
    "run-url": "publish: address of the build's run",
    "run-conclusion": "publish: how the build ended, in GitHub's word; `waiting` if it waits for somebody's approval; "
    "empty where it was not followed to its end",
    "ticket-number": "announce, and deploy where a rollback told it: number of the ticket",
    "ticket-url": "announce, and deploy where a rollback told it: address of the ticket, or of our comment",
    "stack-image": "deploy with `deployer: none`: what your own step is to deploy, `name@sha256:…`, or `name:tag` if "
    "the digest is not known; empty if it is to deploy nothing",
    "deployment-id": "deploy: number of the deployment record; empty if there is none",
    "job-id": "deploy: number of the AWX job",
    "job-url": "deploy: address of the AWX job",
    "job-status": "deploy: last known state of the AWX job, in AWX's word",
    "production-tag": "audit with `verify-url`: the release that production should run, empty if that is not known",
    "production-matches": "audit with `verify-url`: `true`, `false`, or `unknown` if it cannot be told",
    "failed-rules": "`rule:subject` of each finding that blocks, comma-separated",
    "headline": "How it ended, in one line of plain text for a message to people; written on every way out",
    "headline-url": "The page to open with it: of the release, the pull request or the ticket, else of this run",
    "report-path": "The JSON report, where `report` names a file",
}
"""Each output with what it holds."""
