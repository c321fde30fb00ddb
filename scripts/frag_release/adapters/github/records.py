"""The `release.json` of releases on GitHub: the asset that `publish` attaches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TypedDict

from ...dataclass import replace
from ...domain.evidence import Answer, Unknown, Unseen, answered
from ...domain.facts import PublicRelease, Released
from ...domain.release_record import ASSET, ReleaseRecord, baseline_in, parse_release_record
from ...domain.rollback import ROLLBACK, Mark, name_in_mark
from .api import RepositoryApi

PAGE = 50
"""Texts of releases are long: a hundred of the longest would exceed what is read of a reply."""
_MAX_BYTES = 1024 * 1024
_BINARY = "application/octet-stream"
_MOST_PAGES = 200


class Asset(TypedDict):
    """A file of a release."""

    id: int
    name: str
    state: str


class Release(TypedDict):
    """`repos/get-release-by-tag`, which finds only published releases. An older GitHub has no `immutable`."""

    tag_name: str
    html_url: str
    draft: bool
    immutable: bool | None
    assets: list[Asset]
    body: str | None


class DeploymentTask(TypedDict):
    """One item of `repos/list-deployments`."""

    task: str


def read_record(api: RepositoryApi, tag: str) -> ReleaseRecord | None:
    """Return the record of the published release of `tag`; None if there is no such release, or no record."""
    release = _release(api, tag)
    return _record_of(api, release) if release else None


def read_public(api: RepositoryApi, tag: str) -> PublicRelease | None:
    """Return the published release of `tag`, with the image that its record names; None if there is none.

    Raises Unseen also if it has a record that cannot be read.
    """
    release = _release(api, tag)
    if release is None:
        return None
    record = _record_of(api, release)
    if record is None and any(one["name"] == ASSET for one in release["assets"]):
        raise Unseen(Unknown(f"{ASSET} of the release {tag} is incomplete", "Look at it: its upload was interrupted."))
    return PublicRelease(release["html_url"], record is not None, record.digest if record else "")


def read_records(api: RepositoryApi, tags: Collection[str]) -> Mapping[str, Answer[ReleaseRecord]]:
    """Return the record of every published release that has one, by its tag, from the list of releases.

    GitHub lists only the newest thousands: those of `tags` that are not among them are requested one by one.
    """
    what = "the list of releases"
    first = api.get("/releases", what, {"per_page": PAGE})
    pages = api.first_pages(first, what, _MOST_PAGES)
    releases = api.items(pages.found, Release, what)
    listed = {each["tag_name"]: each for each in releases if not each["draft"]}
    asked = {tag: partial(answered(_record_of), api, each) for tag, each in listed.items() if _has_record(api, each)}
    if not pages.is_all:
        asked |= {tag: partial(answered(read_record), api, tag) for tag in tags if tag not in listed}
    answers = api.http.parallel(list(asked.values()))
    return {tag: answer for tag, answer in zip(asked, answers, strict=True) if answer is not None}


def read_released(api: RepositoryApi) -> Released:
    """Return which of the newest releases are public and have a record: one request for one page."""
    what = "the newest releases"
    response = api.get("/releases", what, {"per_page": PAGE})
    releases = api.read(response, list[Release], what)
    found = [each for each in releases if not each["draft"] and _has_record(api, each)]
    marks = {each["tag_name"]: _gone_back_to(api, each) for each in found}
    return Released(
        list(marks),
        is_all=api.next_page(response, what) == "",
        taken_back={tag: to for tag, to in marks.items() if to is not None},
    )


def read_rolled_back(api: RepositoryApi) -> bool:
    """Return whether any rollback has left a deployment record: one request. Usually none has."""
    what = "the deployment records of rollbacks"
    query: dict[str, str | int] = {"task": ROLLBACK, "per_page": 1}
    response = api.get("/deployments", what, query, permission="deployments: read")
    return bool(api.read(response, list[DeploymentTask], what))


def _gone_back_to(api: RepositoryApi, release: Release) -> str | None:
    tag, body = release["tag_name"], release.get("body") or ""
    return Mark(name_in_mark(body, api.name, tag), tag).gone_back_to(body)


def _release(api: RepositoryApi, tag: str) -> Release | None:
    what = f"the release {tag}"
    release = api.one(f"/releases/tags/{tag}", what, Release)
    api.expect(release is None or release["tag_name"] == tag, what)
    return release


def _asset(release: Release) -> Asset | None:
    return next((one for one in release["assets"] if one["name"] == ASSET and one["state"] == "uploaded"), None)


def _record_of(api: RepositoryApi, release: Release) -> ReleaseRecord | None:
    tag, asset, text = release["tag_name"], _asset(release), _baseline(api, release)
    if asset is None and text is None:
        return None
    record = _parsed(api, tag, text or b"", in_text=True) if asset is None else _record(api, tag, asset["id"])
    frozen = bool(release.get("immutable")) and not record.in_text
    return replace(record, frozen=frozen, taken_back=_gone_back_to(api, release))


def _has_record(api: RepositoryApi, release: Release) -> bool:
    return _asset(release) is not None or _baseline(api, release) is not None


def _baseline(api: RepositoryApi, release: Release) -> bytes | None:
    return baseline_in(release.get("body") or "", api.name, release["tag_name"])


def _record(api: RepositoryApi, tag: str, asset: int) -> ReleaseRecord:
    what = f"{ASSET} of the release {tag}"
    response = api.get(f"/releases/assets/{asset}", what, accept=_BINARY, max_bytes=_MAX_BYTES)
    if response.status != 200:
        api.confirm_absence()
        raise api.gone(what)
    return _parsed(api, tag, response.body)


def _parsed(api: RepositoryApi, tag: str, content: bytes, *, in_text: bool = False) -> ReleaseRecord:
    what = f"{ASSET} in the text of the release {tag}" if in_text else f"{ASSET} of the release {tag}"
    try:
        record = replace(parse_release_record(content), in_text=in_text)
    except ValueError as error:
        raise _unusable(f"{what} cannot be used: {error}", "replaced") from error
    if in_text and not record.is_baseline:
        raise _unusable(f"{what} cannot be used: it is not a baseline", "added by hand")
    same = record.repository.lower() == api.name.lower()
    if record.tag != tag or not (same or api.was_named(record.repository)):
        about = f"{record.repository} {record.tag}"
        raise _unusable(f"{what} describes {about[:200]!r}", "replaced")
    return record


def _unusable(reason: str, done: str) -> Unseen:
    return Unseen(Unknown(reason, f"Look at it: it may have been {done}."))
