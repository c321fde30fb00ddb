"""The `release.json` of releases on GitHub: the asset that `publish` leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TypedDict

from ..domain.evidence import Answer, Unknown
from ..domain.facts import Released
from ..domain.release_record import ASSET, ReleaseRecord, parse_release_record
from .github_api import RepositoryApi
from .github_releases import PAGE

_MAX_BYTES = 1024 * 1024
_BINARY = "application/octet-stream"
_MOST_PAGES = 200


class Asset(TypedDict):
    """A file of a release."""

    id: int
    name: str
    state: str


class Release(TypedDict):
    """`repos/get-release-by-tag`, which finds published releases alone."""

    tag_name: str
    draft: bool
    assets: list[Asset]


def read_record(api: RepositoryApi, tag: str) -> Answer[ReleaseRecord | None]:
    """Return what the published release of `tag` says; None where there is no such release, or no such asset."""
    what = f"the release {tag}"
    response = api.get(f"/releases/tags/{tag}", what)
    if isinstance(response, Unknown):
        return response
    if response.status == 404:
        return api.absence()
    release = api.read(response, Release, what)
    if isinstance(release, Unknown):
        return release
    if release["tag_name"] != tag:
        return api.mismatch(what)
    asset = _asset(release)
    return None if asset is None else _record(api, tag, asset["id"])


def read_records(api: RepositoryApi) -> Answer[Mapping[str, Answer[ReleaseRecord]]]:
    """Return what every published release with such an asset says, by its tag: releases are listed by the page."""
    what = "the list of releases"
    first = api.get("/releases", what, {"per_page": PAGE})
    pages = first if isinstance(first, Unknown) else api.pages(first, what, _MOST_PAGES)
    if isinstance(pages, Unknown):
        return pages
    found: dict[str, Asset] = {}
    for page in pages:
        releases = api.read(page, list[Release], what)
        if isinstance(releases, Unknown):
            return releases
        found.update((each["tag_name"], asset) for each in releases if not each["draft"] and (asset := _asset(each)))
    calls = [partial(_record, api, tag, asset["id"]) for tag, asset in found.items()]
    return dict(zip(found, api.http.parallel(calls), strict=True))


def read_released(api: RepositoryApi) -> Answer[Released]:
    """Return which of the newest releases are public and have such an asset: one request, of one page."""
    what = "the newest releases"
    response = api.get("/releases", what, {"per_page": PAGE})
    if isinstance(response, Unknown):
        return response
    releases = api.read(response, list[Release], what)
    if isinstance(releases, Unknown):
        return releases
    tags = [each["tag_name"] for each in releases if not each["draft"] and _asset(each)]
    return Released(tags, is_all=api.next_page(response, what) == "")


def _asset(release: Release) -> Asset | None:
    return next((one for one in release["assets"] if one["name"] == ASSET and one["state"] == "uploaded"), None)


def _record(api: RepositoryApi, tag: str, asset: int) -> Answer[ReleaseRecord]:
    what = f"{ASSET} of the release {tag}"
    response = api.get(f"/releases/assets/{asset}", what, accept=_BINARY, max_bytes=_MAX_BYTES)
    if isinstance(response, Unknown):
        return response
    if response.status != 200:
        return api.absence() or api.gone(what)
    try:
        record = parse_release_record(response.body)
    except ValueError as error:
        return Unknown(f"{what} cannot be used: {error}", "Look at it: somebody may have replaced it.")
    if record.tag != tag or record.repository.lower() != api.name.lower():
        about = f"{record.repository} {record.tag}"
        return Unknown(f"{what} is about {about[:200]!r}", "Look at it: somebody may have replaced it.")
    return record
