"""Tags and releases on GitHub: a draft, its files, the moment it becomes public, and the pull requests of commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, TypedDict
from urllib.parse import quote

from ...domain import release_record
from ...domain.evidence import Unknown, Unseen, answered
from ...domain.refs import TAGS
from ...domain.release_record import Drafts, Release
from ...domain.review import MergedRequest
from ..ports import (
    BurnedNameError,
    LostRaceError,
    RuledNameError,
    UnconfirmedError,
    WriteFailedError,
    WriteRefusedError,
)
from .api import RepositoryApi
from .payloads import Ref
from .refs import GithubRefs
from .writer import Pull, is_from_here
from .writes import DONE_UNREAD, Advice, RaceError, Refusal, Step, Write, confirmed, send, send_unanswered

WORKFLOW_RULE = (
    "If a workflow file differs between the tagged commit and the default branch, GitHub requires the permission to "
    "change workflow files even for a tag or a release, and a workflow's own token can never have it. In the input "
    "token, pass that of an app or a person with Contents: write and Workflows: write, or make these files the same "
    "on the default branch and in the commit."
)
_READ = "pull-requests: read"
ANOTHER_TAG = (
    "Run publish by hand with another tag in stack-tag, the next that no release ever had: it releases the same pair."
)
_MOST_TAG_PAGES = 10
# GitHub refuses a burned name in the words of a ruleset, even if there is none.
RULESET = Refusal(
    re.compile(r"rule violation|creations being restricted|pre_receive|GH013", re.I),
    "There are two possible causes. A tag ruleset guards such tags, as it should: let the app or the person that the "
    "token belongs to bypass it (Settings > Rules > Rulesets > Bypass list), or have someone with that right push the "
    "tag by hand, and run this again: it continues from there. Or, if no ruleset does, the name is permanently burned: "
    f"an immutable release had it and was deleted. {ANOTHER_TAG}",
)
BURNED = Refusal(
    re.compile(r"tag_name was used by an immutable release", re.I),
    f"The name is permanently burned: an immutable release had it, and deleting that does not free it. {ANOTHER_TAG}",
    right=False,
)
RIGHTS = (
    "An app or a fine-grained token needs Contents: write, a classic one the scope repo, and the workflow's own token "
    f"contents: write under permissions of its job. {WORKFLOW_RULE}"
)
_TAG_ADVICE = Advice((RULESET, BURNED), RIGHTS)
_PAGE = 100
_MOST_PAGES = 10
_MAX_BYTES = 64 * 1024 * 1024
"""A page may have a hundred texts of 125,000 characters."""
_TEMPLATE = re.compile(r"\{[^{}]*\}\Z")
_ADVICE = Advice(
    (
        BURNED,
        RULESET,
        Refusal(
            re.compile(r"immutable release", re.I),
            "The release was published meanwhile, and a published release is frozen. Look at it: if its release.json "
            f"is there, all is done. If not: {ANOTHER_TAG}",
            right=False,
        ),
        Refusal(
            re.compile(r"name: already_exists"),
            "Something of that name was created meanwhile, by another run or by hand. Run this again: it continues "
            "from what exists.",
            right=False,
        ),
    ),
    RIGHTS,
)


def _of_name(error: WriteFailedError | WriteRefusedError) -> WriteFailedError | WriteRefusedError:
    """Return the error, as one about the tag's name if its remedy is for that."""
    if error.remedy == BURNED.remedy:
        return BurnedNameError(error.message, error.remedy)
    return RuledNameError(error.message, error.remedy) if error.remedy == RULESET.remedy else error


class MergedPull(Pull):
    """One item of `repos/list-pull-requests-associated-with-commit`."""

    merged_at: str | None
    merge_commit_sha: str | None


class GithubTags:
    """Tags and merges of one repository; never cached."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    @answered
    def tag(self, name: str) -> str | None:
        """The commit of a tag as it is now, or None."""
        return GithubRefs(self._api).tag(name)

    def create_tag(self, name: str, commit: str) -> bool:
        """Make a lightweight tag, as a push would, or find it made already; returns whether this call made it.

        Another run may have made it a moment before, or a reply may have been lost.
        """
        body = {"ref": TAGS + name, "sha": commit}
        write = Write(Step.TAG, "POST", "/git/refs", f"the tag {name}", body, _TAG_ADVICE)
        try:
            ref = send(self._api, write, Ref, self._own_token)
        except (RaceError, WriteFailedError, WriteRefusedError) as error:
            found = self.tag(name)
            if found == commit and isinstance(error, (RaceError, UnconfirmedError)):
                return False
            if isinstance(found, str) and found != commit:
                raise LostRaceError(name, found) from error
            if isinstance(error, RaceError):
                raise WriteFailedError(f"GitHub refused the tag {name}: {error}", "Run this again.") from error
            raise _of_name(error) from error
        if ref["object"]["sha"] != commit:
            raise LostRaceError(name, ref["object"]["sha"])
        return True

    @answered
    def merged_requests(self, commit: str, named: int | None) -> Sequence[MergedRequest]:
        """The merged pull requests, from branches of this repository, that a commit came with.

        GitHub lists those of the default branch, a moment after the merge. If that list is empty, the one that
        the commit itself names is read.
        """
        pulls = self._of_commit(commit, f"the pull requests of {commit[:12]}")
        if not pulls and named is not None:
            pulls = self._named(named)
        return [_merged(each) for each in pulls if each["merged_at"] and is_from_here(each)]

    def _of_commit(self, commit: str, what: str) -> list[MergedPull]:
        first = self._api.get(f"/commits/{commit}/pulls", what, {"per_page": 100}, permission=_READ)
        return self._api.items(self._api.pages(first, what, _MOST_TAG_PAGES, _READ), MergedPull, what)

    def _named(self, number: int) -> list[MergedPull]:
        pull = self._api.one(f"/pulls/{number}", f"pull request #{number}", MergedPull, permission=_READ)
        return [pull] if pull else []


def _merged(pull: MergedPull) -> MergedRequest:
    return MergedRequest(
        number=pull["number"],
        url=pull["html_url"],
        branch=pull["head"]["ref"],
        base=pull["base"]["ref"],
        body=pull["body"] or "",
        merge_commit=pull["merge_commit_sha"] or "",
    )


class ReleaseAsset(TypedDict):
    """A file of a release."""

    id: int
    name: str
    state: str
    digest: str | None


class ReleaseFacts(TypedDict):
    """`repos/get-release`. Body and `immutable` may be missing: an older GitHub does not have the latter."""

    id: int
    tag_name: str
    name: str | None
    html_url: str
    draft: bool
    upload_url: str
    assets: list[ReleaseAsset]
    body: str | None
    immutable: bool | None


class GithubReleases:
    """The releases of one repository; never cached."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    @answered
    def public(self, tag: str) -> Release | None:
        """The public release of a tag (`repos/get-release-by-tag`, which finds no drafts)."""
        what = f"the release {tag}"
        facts = self._api.one(f"/releases/tags/{tag}", what, ReleaseFacts)
        if facts is None:
            return None
        self._api.expect(facts["tag_name"] == tag and not facts["draft"], what)
        return _release(facts)

    @answered
    def drafts(self, tag: str) -> Drafts:
        """The drafts of a tag among the newest 1,000 releases: drafts can only be found by listing."""
        what = f"the drafts of the release {tag}"
        first = self._api.get("/releases", what, {"per_page": _PAGE}, max_bytes=_MAX_BYTES)
        pages = self._api.first_pages(first, what, _MOST_PAGES, max_bytes=_MAX_BYTES)
        items = self._api.items(pages.found, ReleaseFacts, what)
        found = {each["id"]: _release(each) for each in items if each["draft"] and each["tag_name"] == tag}
        looked_through = 0 if pages.is_all else len(pages.found) * _PAGE
        return Drafts([found[number] for number in sorted(found)], looked_through)

    def create_with_notes(self, tag: str) -> Release:
        """Make a public release with generated notes, or return the existing one."""
        payload = {"tag_name": tag, "name": tag, "generate_release_notes": True}
        try:
            return self._send("POST", "/releases", f"the release {tag}", payload, tag)
        except WriteFailedError:
            # Another run may have made it, or a reply was lost.
            found = self.public(tag)
            if found is None or isinstance(found, Unknown):
                raise
            return found

    def create_draft(self, tag: str, title: str, body: str) -> Release:
        """Make a draft. No commit is named: the tag exists, and GitHub would not compare the two."""
        payload = {"tag_name": tag, "name": title, "body": body, "draft": True}
        return self._send("POST", "/releases", f"a draft of the release {tag}", payload, tag)

    def update(self, release: Release, title: str, body: str) -> Release:
        """Replace title and body, which even an immutable release allows."""
        payload = {"name": title, "body": body}
        return self._send("PATCH", f"/releases/{release.id}", f"the release {release.tag}", payload, release.tag)

    def publish(self, release: Release, latest: bool) -> Release:
        """Make a draft public, explicitly as the latest release or not: by default GitHub decides by the date."""
        payload = {"draft": False, "make_latest": str(latest).lower()}
        what = f"the publication of the release {release.tag}"
        return self._send("PATCH", f"/releases/{release.id}", what, payload, release.tag)

    def upload(self, release: Release, name: str, content: bytes) -> release_record.Asset:
        """Add a JSON file to a draft."""
        what = f"{name} of the release {release.tag}"
        url = f"{_TEMPLATE.sub('', release.upload_url)}?name={quote(name, safe='')}"
        write = Write(Step.RELEASE, "POST", "", what, advice=_ADVICE)
        response = confirmed(
            self._api, write, self._api.upload(url, what, content, "application/json"), self._own_token
        )
        try:
            return _asset(self._api.read(response, ReleaseAsset, what))
        except Unseen as error:
            raise WriteFailedError(error.unknown.reason, DONE_UNREAD) from error

    def delete(self, release: Release, asset: release_record.Asset) -> None:
        """Remove a file from a draft, such as one whose upload was interrupted."""
        what = f"the removal of {asset.name} from the draft {release.tag}"
        write = Write(Step.RELEASE, "DELETE", f"/releases/assets/{asset.id}", what, advice=_ADVICE)
        send_unanswered(self._api, write, self._own_token)

    def _send(self, method: Literal["POST", "PATCH"], path: str, what: str, body: dict[str, Any], tag: str) -> Release:
        facts = send(self._api, Write(Step.RELEASE, method, path, what, body, _ADVICE), ReleaseFacts, self._own_token)
        if facts["tag_name"] != tag:
            raise WriteFailedError(self._api.mismatch(what).unknown.reason, DONE_UNREAD)
        return _release(facts)


def _release(facts: ReleaseFacts) -> Release:
    return Release(
        id=facts["id"],
        tag=facts["tag_name"],
        title=facts["name"] or "",
        body=facts.get("body") or "",
        url=facts["html_url"],
        draft=facts["draft"],
        immutable=bool(facts.get("immutable")),
        upload_url=facts["upload_url"],
        assets=tuple(map(_asset, facts["assets"])),
    )


def _asset(asset: ReleaseAsset) -> release_record.Asset:
    return release_record.Asset(asset["id"], asset["name"], asset.get("digest") or "", asset["state"] == "uploaded")
