"""Releases on GitHub: a draft, its files, and the moment it becomes public."""

from __future__ import annotations

import re
from typing import Any, Literal, TypedDict
from urllib.parse import quote

from ...domain import releases
from ...domain.evidence import Answer, Unknown
from ...domain.releases import Drafts, Release
from ..ports.writer import WriteFailedError
from .api import RepositoryApi
from .orders import DONE_UNREAD, Advice, Order, Refusal, Step, carry_out, carry_out_silently, confirmed
from .tags import ANOTHER_TAG, BURNED, RIGHTS, RULESET

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
            "Somebody has published the release in between, and what is published is frozen. Look at it: if its "
            f"release.json is there, all is done. If not: {ANOTHER_TAG}",
            right=False,
        ),
        Refusal(
            re.compile(r"name: already_exists"),
            "Something of that name was made in between, by another run or by hand. Run this again: it goes on from "
            "what is there.",
            right=False,
        ),
    ),
    RIGHTS,
)


class ReleaseAsset(TypedDict):
    """A file of a release."""

    id: int
    name: str
    state: str
    digest: str | None


class ReleaseFacts(TypedDict):
    """`repos/get-release`. Body and `immutable` need not be there: an older GitHub does not know the latter."""

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
    """The releases of one repository; never from a memory."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    def public(self, tag: str) -> Answer[Release | None]:
        """The public release of a tag (`repos/get-release-by-tag`, which finds no drafts)."""
        what = f"the release {tag}"
        response = self._api.get(f"/releases/tags/{tag}", what)
        if isinstance(response, Unknown):
            return response
        if response.status == 404:
            return self._api.absence()
        facts = self._api.read(response, ReleaseFacts, what)
        if isinstance(facts, Unknown):
            return facts
        is_it = facts["tag_name"] == tag and not facts["draft"]
        return _release(facts) if is_it else self._api.mismatch(what)

    def drafts(self, tag: str) -> Answer[Drafts]:
        """The drafts of a tag among the newest 1,000 releases: drafts are found by listing alone."""
        what = f"the drafts of the release {tag}"
        first = self._api.get("/releases", what, {"per_page": _PAGE}, max_bytes=_MAX_BYTES)
        pages = (
            first
            if isinstance(first, Unknown)
            else self._api.first_pages(first, what, _MOST_PAGES, max_bytes=_MAX_BYTES)
        )
        if isinstance(pages, Unknown):
            return pages
        items = self._api.items(pages.found, ReleaseFacts, what)
        if isinstance(items, Unknown):
            return items
        found = {each["id"]: _release(each) for each in items if each["draft"] and each["tag_name"] == tag}
        looked_through = 0 if pages.is_all else len(pages.found) * _PAGE
        return Drafts([found[number] for number in sorted(found)], looked_through)

    def create_with_notes(self, tag: str) -> Release:
        """Make a public release with generated notes, or find the one that is there."""
        order = {"tag_name": tag, "name": tag, "generate_release_notes": True}
        try:
            return self._send("POST", "/releases", f"the release {tag}", order, tag)
        except WriteFailedError:
            # Another run may have made it, or an answer was lost.
            found = self.public(tag)
            if found is None or isinstance(found, Unknown):
                raise
            return found

    def create_draft(self, tag: str, title: str, body: str) -> Release:
        """Make a draft. No commit is named: the tag is there, and GitHub would not compare the two."""
        order = {"tag_name": tag, "name": title, "body": body, "draft": True}
        return self._send("POST", "/releases", f"a draft of the release {tag}", order, tag)

    def update(self, release: Release, title: str, body: str) -> Release:
        """Replace title and body, which also an immutable release allows."""
        order = {"name": title, "body": body}
        return self._send("PATCH", f"/releases/{release.id}", f"the release {release.tag}", order, release.tag)

    def publish(self, release: Release) -> Release:
        """Make a draft public, as the latest release: GitHub's own choice goes by the commit's date."""
        order = {"draft": False, "make_latest": "true"}
        what = f"the publication of the release {release.tag}"
        return self._send("PATCH", f"/releases/{release.id}", what, order, release.tag)

    def upload(self, release: Release, name: str, content: bytes) -> releases.Asset:
        """Add a JSON file to a draft."""
        what = f"{name} of the release {release.tag}"
        url = f"{_TEMPLATE.sub('', release.upload_url)}?name={quote(name, safe='')}"
        order = Order(Step.RELEASE, "POST", "", what, advice=_ADVICE)
        response = confirmed(
            self._api, order, self._api.upload(url, what, content, "application/json"), self._own_token
        )
        asset = self._api.read(response, ReleaseAsset, what)
        if isinstance(asset, Unknown):
            raise WriteFailedError(asset.reason, DONE_UNREAD)
        return _asset(asset)

    def delete(self, release: Release, asset: releases.Asset) -> None:
        """Remove a file from a draft, such as one that broke off on its way."""
        what = f"the removal of {asset.name} from the draft {release.tag}"
        order = Order(Step.RELEASE, "DELETE", f"/releases/assets/{asset.id}", what, advice=_ADVICE)
        carry_out_silently(self._api, order, self._own_token)

    def _send(self, method: Literal["POST", "PATCH"], path: str, what: str, body: dict[str, Any], tag: str) -> Release:
        facts = carry_out(
            self._api, Order(Step.RELEASE, method, path, what, body, _ADVICE), ReleaseFacts, self._own_token
        )
        if facts["tag_name"] != tag:
            unknown = self._api.mismatch(what)
            raise WriteFailedError(unknown.reason, DONE_UNREAD)
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


def _asset(asset: ReleaseAsset) -> releases.Asset:
    return releases.Asset(asset["id"], asset["name"], asset.get("digest") or "", asset["state"] == "uploaded")
