"""The `release.json` of releases on GitHub: the asset that `publish` leaves behind."""

from __future__ import annotations

from typing import TypedDict

from ..domain.evidence import Answer, Unknown
from ..domain.release_record import ASSET, ReleaseRecord, parse_release_record
from .github_api import RepositoryApi

_MAX_BYTES = 1024 * 1024
_BINARY = "application/octet-stream"


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
    asset = next((one for one in release["assets"] if one["name"] == ASSET and one["state"] == "uploaded"), None)
    return None if asset is None else _record(api, tag, asset["id"])


def _record(api: RepositoryApi, tag: str, asset: int) -> Answer[ReleaseRecord]:
    what = f"{ASSET} of the release {tag}"
    response = api.get(f"/releases/assets/{asset}", what, accept=_BINARY, max_bytes=_MAX_BYTES)
    if isinstance(response, Unknown):
        return response
    if response.status != 200:
        return api.not_visible()
    try:
        record = parse_release_record(response.body)
    except ValueError as error:
        return Unknown(f"{what} cannot be used: {error}", "Look at it: somebody may have replaced it.")
    if record.tag != tag or record.repository.lower() != api.name.lower():
        about = f"{record.repository} {record.tag}"
        return Unknown(f"{what} is about {about[:200]!r}", "Look at it: somebody may have replaced it.")
    return record
